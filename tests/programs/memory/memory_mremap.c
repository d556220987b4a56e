// SPDX-License-Identifier: MIT
/*
 * mremap: growing, shrinking, moving, and what it refuses; anonymous and shared memory and files.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define BOTH (PROT_READ | PROT_WRITE)

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static unsigned char *map(size_t pages)
{
    return mmap(NULL, pages * PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* So many pages with nothing mapped behind them. */
static unsigned char *map_with_room(size_t pages, size_t room)
{
    unsigned char *place = map(pages + room);

    munmap(place + pages * PAGE, room * PAGE);
    return place;
}

static void sizes(void)
{
    unsigned char *place = map_with_room(4, 4);

    section("growing and shrinking in place");
    memset(place, 'a', 4 * PAGE);
    SHOW(mremap(place, 4 * PAGE, 2 * PAGE, 0) == place);
    SHOW_ACCESS(reading, place + 2 * PAGE);
    SHOW(mremap(place, 2 * PAGE, 8 * PAGE, 0) == place);
    SHOW(place[2 * PAGE - 1]);
    SHOW(place[2 * PAGE]);
    SHOW(mremap(place, 8 * PAGE, 8 * PAGE, 0) == place);
    SHOW(mremap(place, 8 * PAGE, 7 * PAGE + 1, 0) == place);
    SHOW_ACCESS(reading, place + 7 * PAGE);
    SHOW(mremap(place + 2 * PAGE, 2 * PAGE, PAGE, 0) == place + 2 * PAGE);
    SHOW_ACCESS(reading, place + 3 * PAGE);
    SHOW_ACCESS(reading, place + 4 * PAGE);
    munmap(place, 8 * PAGE);
}

static void moves(void)
{
    unsigned char *place = map(4), *blocked, *wanted, *moved;

    section("moving");
    memset(place, 'm', 4 * PAGE);
    blocked = place + PAGE;
    mprotect(place + 2 * PAGE, PAGE, PROT_READ);
    SHOW_PLACE(mremap(blocked, PAGE, 2 * PAGE, 0));
    moved = mremap(blocked, PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    SHOW(moved != MAP_FAILED && moved != blocked);
    SHOW(moved[PAGE - 1]);
    SHOW(moved[PAGE]);
    SHOW_ACCESS(reading, blocked);
    wanted = map(8);
    memset(wanted, 'w', 8 * PAGE);
    SHOW(mremap(moved, 4 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, wanted + PAGE) ==
         wanted + PAGE);
    SHOW(wanted[0]);
    SHOW(wanted[PAGE]);
    SHOW(wanted[2 * PAGE]);
    SHOW(wanted[4 * PAGE]);
    SHOW_ACCESS(reading, moved);
    SHOW_ACCESS(reading, moved + 3 * PAGE);
    munmap(wanted, 8 * PAGE);
    munmap(place, 4 * PAGE);
}

static void refusals(void)
{
    unsigned char *place = map(4), *other = map(4);

    section("refusals");
    SHOW_PLACE(mremap(place + 1, PAGE, PAGE, 0));
    SHOW_PLACE(mremap(place, PAGE, 0, 0));
    SHOW_PLACE(mremap(place, PAGE, PAGE, 0x100));
    SHOW_PLACE(mremap(place, PAGE, PAGE, MREMAP_FIXED, other));
    SHOW_PLACE(mremap(place, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, other + 1));
    SHOW_PLACE(mremap(place, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place + PAGE));
    SHOW_PLACE(mremap(place, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x7ffffffff000));
    SHOW_PLACE(mremap((void *)0x1000, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
    SHOW_PLACE(mremap(place, 0, PAGE, MREMAP_MAYMOVE));
    SHOW_PLACE(mremap(place, PAGE, 2 * PAGE, MREMAP_DONTUNMAP, NULL));
    SHOW_PLACE(mremap(place, PAGE, 2 * PAGE, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, NULL));
    SHOW(mprotect(place + PAGE, PAGE, PROT_READ));
    SHOW_PLACE(mremap(place, 2 * PAGE, 16 * PAGE, MREMAP_MAYMOVE));
    SHOW(munmap(place + 2 * PAGE, PAGE));
    SHOW_PLACE(mremap(place + PAGE, 2 * PAGE, 16 * PAGE, MREMAP_MAYMOVE));
    munmap(place, 4 * PAGE);
    munmap(other, 4 * PAGE);
}

static void left_mapped(void)
{
    unsigned char *place = map(2), *moved;

    section("MREMAP_DONTUNMAP");
    memset(place, 'd', 2 * PAGE);
    moved = mremap(place, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    SHOW(moved != MAP_FAILED && moved != place);
    SHOW(moved[PAGE]);
    SHOW(place[PAGE]);
    munmap(place, 2 * PAGE);
    munmap(moved, 2 * PAGE);
}

static void shared(void)
{
    unsigned char *place = mmap(NULL, 2 * PAGE, BOTH, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned char *twin, *grown;

    section("shared memory");
    place[0] = 's';
    twin = mremap(place, 0, 2 * PAGE, MREMAP_MAYMOVE);
    SHOW(twin != MAP_FAILED && twin != place);
    SHOW(twin[0]);
    twin[PAGE] = 't';
    SHOW(place[PAGE]);
    SHOW_CHILD(twin[1] = 'u');
    SHOW(place[1]);
    grown = mremap(place, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    SHOW(grown[0]);
    SHOW_ACCESS(reading, grown + 2 * PAGE);
}

static void file(void)
{
    int fd = memfd_create("file", 0);
    unsigned char *place, *grown;

    section("files");
    SHOW(ftruncate(fd, 4 * PAGE));
    SHOW(pwrite(fd, "third", 5, 2 * PAGE));
    place = mmap(NULL, PAGE, BOTH, MAP_SHARED, fd, PAGE);
    grown = mremap(place, PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    SHOW(memcmp(grown + PAGE, "third", 6));
    SHOW_ACCESS(writing, grown + 2 * PAGE);
    SHOW_ACCESS(reading, grown + 3 * PAGE);
    munmap(grown, 4 * PAGE);
    close(fd);
}

static void large(void)
{
    size_t size = 16UL << 20;
    unsigned char *place = mmap(NULL, size, BOTH, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int wrong = 0;

    section("16 MiB");
    for (size_t at = 0; at < size; at += PAGE)
        place[at] = (unsigned char)(at / PAGE);
    place = mremap(place, size, 2 * size, MREMAP_MAYMOVE);
    for (size_t at = 0; at < size; at += PAGE)
        wrong += place[at] != (unsigned char)(at / PAGE);
    SHOW(wrong);
    SHOW(place[size]);
    SHOW(munmap(place, 2 * size));
}

int main(void)
{
    sizes();
    moves();
    refusals();
    left_mapped();
    shared();
    file();
    large();
    return 0;
}
