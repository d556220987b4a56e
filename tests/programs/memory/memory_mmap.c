// SPDX-License-Identifier: MIT
/*
 * mmap and munmap of anonymous memory: what is refused, where memory comes to lie, what an access
 * to it does, and what is left after holes were made.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/mman.h>

#define PAGE      4096UL
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#define BOTH      (PROT_READ | PROT_WRITE)

static unsigned char *map(size_t size, int protection)
{
    return mmap(NULL, size, protection, ANONYMOUS, -1, 0);
}

static void refusals(void)
{
    section("what mmap refuses");
    SHOW_PLACE(mmap(NULL, 0, BOTH, ANONYMOUS, -1, 0));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, MAP_ANONYMOUS, -1, 0));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, MAP_PRIVATE, -1, 0));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, MAP_PRIVATE, 99, 0));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, MAP_PRIVATE | MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, ANONYMOUS, 99, 0));
    SHOW_PLACE(mmap(NULL, -PAGE, BOTH, ANONYMOUS, -1, 0));
    SHOW_PLACE(mmap(NULL, 1UL << 47, BOTH, ANONYMOUS, -1, 0));
    SHOW_PLACE(mmap((void *)0x10001, PAGE, BOTH, ANONYMOUS | MAP_FIXED, -1, 0));
    SHOW_PLACE(mmap((void *)0x7ffffffff000, PAGE, BOTH, ANONYMOUS | MAP_FIXED, -1, 0));
    SHOW_PLACE(mmap((void *)0x800000000000, PAGE, BOTH, ANONYMOUS | MAP_FIXED, -1, 0));
    SHOW_PLACE(mmap((void *)-PAGE, PAGE, BOTH, ANONYMOUS | MAP_FIXED, -1, 0));
    SHOW_PLACE(mmap(NULL, PAGE, 0x100, ANONYMOUS, -1, 0));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, ANONYMOUS | MAP_SYNC, -1, 0));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0));
    section("what munmap refuses");
    SHOW(munmap((void *)0x1001, PAGE));
    SHOW(munmap((void *)0x1000, 0));
    SHOW(munmap((void *)0x1000, -PAGE));
    SHOW(munmap((void *)0x7ffffffff000, 2 * PAGE));
    SHOW(munmap((void *)0x100000, PAGE));
}

static void hints(void)
{
    unsigned char *place = map(4 * PAGE, BOTH);

    section("hints");
    munmap(place, 4 * PAGE);
    SHOW(mmap(place, PAGE, BOTH, ANONYMOUS, -1, 0) == place);
    SHOW(mmap(place, PAGE, BOTH, ANONYMOUS, -1, 0) == place);
    SHOW(mmap(place + PAGE + 5, PAGE, BOTH, ANONYMOUS, -1, 0) == place + PAGE);
    SHOW((long)mmap((void *)1, PAGE, BOTH, ANONYMOUS, -1, 0) % PAGE);
    munmap(place, 4 * PAGE);
}

static void fixed(void)
{
    unsigned char *place = map(4 * PAGE, BOTH);

    section("MAP_FIXED replaces, MAP_FIXED_NOREPLACE does not");
    memset(place, 'a', 4 * PAGE);
    SHOW(mmap(place + PAGE, PAGE, BOTH, ANONYMOUS | MAP_FIXED, -1, 0) == place + PAGE);
    SHOW(place[0]);
    SHOW(place[PAGE]);
    SHOW(place[2 * PAGE]);
    SHOW_PLACE(mmap(place + 3 * PAGE, PAGE, BOTH, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    SHOW_PLACE(mmap(place - PAGE, 2 * PAGE, BOTH, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    SHOW(place[3 * PAGE]);
    SHOW(munmap(place + 3 * PAGE, PAGE));
    SHOW(mmap(place + 3 * PAGE, PAGE, BOTH, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
         place + 3 * PAGE);
    SHOW(place[3 * PAGE]);
    munmap(place, 4 * PAGE);
}

static void accesses(void)
{
    unsigned char *none = map(PAGE, PROT_NONE);
    unsigned char *read_only = map(PAGE, PROT_READ);
    unsigned char *write_only = map(PAGE, PROT_WRITE);
    unsigned char *both = map(PAGE, BOTH);
    unsigned char *code = map(PAGE, BOTH | PROT_EXEC);

    section("accesses");
    SHOW_ACCESS(reading, none);
    SHOW_ACCESS(writing, none);
    SHOW_ACCESS(reading, read_only);
    SHOW_ACCESS(writing, read_only);
    SHOW_ACCESS(reading, write_only);
    SHOW_ACCESS(writing, write_only);
    SHOW_ACCESS(writing, both);
    SHOW_ACCESS(reading, both + PAGE - 1);
    *both = 0xc3;
    SHOW_ACCESS(running, both);
    *code = 0xc3;
    SHOW_ACCESS(running, code);
    munmap(both, PAGE);
    SHOW_ACCESS(reading, both);
    SHOW_ACCESS(writing, both);
    SHOW_ACCESS(running, both);
    SHOW_ACCESS(reading, (void *)0);
    SHOW_ACCESS(reading, (void *)0x7ffffffff000);
}

static void holes(void)
{
    unsigned char *place = map(8 * PAGE, BOTH);

    section("holes");
    for (int i = 0; i < 8; i++)
        place[i * PAGE] = i + 1;
    SHOW(munmap(place + 2 * PAGE, PAGE));
    SHOW(munmap(place + 5 * PAGE, 1));
    SHOW_ACCESS(reading, place + PAGE);
    SHOW_ACCESS(reading, place + 2 * PAGE);
    SHOW_ACCESS(reading, place + 3 * PAGE);
    SHOW_ACCESS(reading, place + 5 * PAGE + 100);
    SHOW_ACCESS(reading, place + 6 * PAGE);
    SHOW(place[4 * PAGE]);
    SHOW(munmap(place, 8 * PAGE));
    SHOW_ACCESS(reading, place + 7 * PAGE);
    SHOW(munmap(place, 8 * PAGE));
}

static void kinds(void)
{
    unsigned char *shared = mmap(NULL, 2 * PAGE, BOTH, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned char *populated = mmap(NULL, 4 * PAGE, BOTH, ANONYMOUS | MAP_POPULATE, -1, 0);
    unsigned char *large = mmap(NULL, 1UL << 40, BOTH, ANONYMOUS | MAP_NORESERVE, -1, 0);
    unsigned char resident[4];

    section("shared, populated, large");
    SHOW_CHILD(shared[0] = 'c'; shared[PAGE] = 'd');
    SHOW(shared[0]);
    SHOW(shared[PAGE]);
    SHOW(mincore(populated, 4 * PAGE, resident));
    SHOW(resident[0] & resident[1] & resident[2] & resident[3] & 1);
    SHOW(large != MAP_FAILED);
    SHOW_ACCESS(writing, large + (1UL << 39));
    SHOW(large[(1UL << 39) + 1]);
    SHOW(munmap(large, 1UL << 40));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, ANONYMOUS | MAP_LOCKED, -1, 0));
    SHOW((long)mmap(NULL, PAGE, BOTH, ANONYMOUS | MAP_32BIT, -1, 0) < 0x80000000L);
}

static void growing_down(void)
{
    unsigned char *room = map(64 * PAGE, PROT_NONE);
    unsigned char *place;

    section("MAP_GROWSDOWN");
    munmap(room, 64 * PAGE);
    place = mmap(room + 60 * PAGE, 2 * PAGE, BOTH, ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
    SHOW(place == room + 60 * PAGE);
    SHOW_ACCESS(writing, place);
    SHOW_ACCESS(writing, place - 1);
    SHOW_ACCESS(writing, place - 3 * PAGE);
    SHOW(place[-100]);
    SHOW(munmap(place - 3 * PAGE, 5 * PAGE));
}

static void bad_buffers(void)
{
    unsigned char *place = map(2 * PAGE, BOTH);
    int ends[2];

    section("buffers that reach into nothing");
    munmap(place + PAGE, PAGE);
    SHOW(pipe2(ends, O_NONBLOCK));
    memset(place, 'x', PAGE);
    SHOW(write(ends[1], place + PAGE - 10, 20));
    SHOW(write(ends[1], place + PAGE, 20));
    SHOW(read(ends[0], place + PAGE, 20));
    SHOW(read(ends[0], place, 20));
    SHOW(write(ends[1], place, 20));
    SHOW(read(ends[0], place + PAGE - 5, 20));
    SHOW(mprotect(place, PAGE, PROT_READ));
    SHOW(read(ends[0], place, 20));
}

int main(void)
{
    refusals();
    hints();
    fixed();
    accesses();
    holes();
    kinds();
    growing_down();
    bad_buffers();
    return 0;
}
