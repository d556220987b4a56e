// SPDX-License-Identifier: MIT
/*
 * mprotect: refusals, parts of mappings, and how /proc/self/maps shows them split and merged.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define BOTH (PROT_READ | PROT_WRITE)

static unsigned char *map(size_t pages)
{
    return mmap(NULL, pages * PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* The lines of /proc/self/maps between two addresses: size, permissions, offset, name. */
static void show_maps(const void *place, size_t pages)
{
    unsigned long from = (unsigned long)place, end = from + pages * PAGE;
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];

    while (fgets(line, sizeof(line), maps)) {
        unsigned long start, stop, offset, inode;
        char rights[8], device[16], name[256] = "";

        if (sscanf(line, "%lx-%lx %7s %lx %15s %lu %255s", &start, &stop, rights, &offset, device,
                   &inode, name) < 6 ||
            stop <= from || start >= end)
            continue;
        say("  %lu pages at %ld %s offset %lx %s", (stop - start) / PAGE,
            ((long)start - (long)from) / (long)PAGE, rights, offset, name);
    }
    fclose(maps);
}

static void refusals(void)
{
    unsigned char *place = map(4);

    section("refusals");
    SHOW(mprotect(place + 1, PAGE, PROT_READ));
    SHOW(mprotect(place, 0, PROT_READ));
    SHOW(mprotect(place + 1, 0, PROT_READ));
    SHOW(mprotect(place, PAGE, 0x100));
    SHOW(mprotect(place, PAGE, PROT_READ | PROT_GROWSDOWN));
    SHOW(mprotect(place, PAGE, PROT_READ | PROT_GROWSUP | PROT_GROWSDOWN));
    SHOW(mprotect(place, -PAGE, PROT_READ));
    SHOW(mprotect((void *)0x1000, PAGE, PROT_READ));
    SHOW(mprotect((void *)-PAGE, PAGE, PROT_READ));
    SHOW(munmap(place + 2 * PAGE, PAGE));
    SHOW(mprotect(place, 4 * PAGE, PROT_READ));
    SHOW_ACCESS(writing, place);
    SHOW_ACCESS(writing, place + PAGE);
    SHOW_ACCESS(writing, place + 3 * PAGE);
    munmap(place, 4 * PAGE);
}

static void changes(void)
{
    unsigned char *place = map(2);

    section("changes");
    place[0] = 0xc3;
    SHOW(mprotect(place, PAGE, PROT_READ));
    SHOW_ACCESS(reading, place);
    SHOW_ACCESS(writing, place);
    SHOW_ACCESS(writing, place + PAGE);
    SHOW(mprotect(place, PAGE, PROT_NONE));
    SHOW_ACCESS(reading, place);
    SHOW(mprotect(place, PAGE, PROT_READ | PROT_EXEC));
    SHOW_ACCESS(running, place);
    SHOW(mprotect(place, 1, BOTH));
    SHOW_ACCESS(running, place);
    SHOW_ACCESS(writing, place);
    SHOW(mprotect(place, PAGE, PROT_WRITE));
    SHOW_ACCESS(reading, place);
    SHOW(mprotect(place, 2 * PAGE, PROT_NONE));
    SHOW_CHILD(mprotect(place, PAGE, BOTH); *place = 'c');
    SHOW_ACCESS(reading, place);
    munmap(place, 2 * PAGE);
}

static void parts(void)
{
    unsigned char *room = map(18), *place = room + PAGE;

    munmap(room, PAGE);
    munmap(room + 17 * PAGE, PAGE);
    section("parts");
    show_maps(place, 16);
    SHOW(mprotect(place + 4 * PAGE, 2 * PAGE, PROT_READ));
    SHOW(mprotect(place + 8 * PAGE, PAGE, PROT_NONE));
    show_maps(place, 16);
    SHOW(mprotect(place + 5 * PAGE, 4 * PAGE, PROT_READ | PROT_EXEC));
    show_maps(place, 16);
    SHOW(munmap(place + 6 * PAGE, PAGE));
    show_maps(place, 16);
    SHOW(mprotect(place, 6 * PAGE, BOTH));
    SHOW(mprotect(place + 7 * PAGE, 2 * PAGE, BOTH));
    show_maps(place, 16);
    SHOW(mmap(place + 6 * PAGE, PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
         place + 6 * PAGE);
    show_maps(place, 16);
    munmap(place, 16 * PAGE);
}

static void parts_of_a_file(void)
{
    unsigned char *room = map(10), *place = room + PAGE;
    int fd = memfd_create("file", 0);

    section("parts of a file");
    SHOW(ftruncate(fd, 8 * PAGE));
    munmap(room, 10 * PAGE);
    mmap(place, 8 * PAGE, BOTH, MAP_SHARED | MAP_FIXED, fd, 0);
    show_maps(place, 8);
    SHOW(mprotect(place + 2 * PAGE, 2 * PAGE, PROT_READ));
    show_maps(place, 8);
    SHOW(munmap(place + 5 * PAGE, PAGE));
    SHOW(mprotect(place + 2 * PAGE, PAGE, BOTH));
    show_maps(place, 8);
    mmap(place + 5 * PAGE, PAGE, BOTH, MAP_SHARED | MAP_FIXED, fd, 5 * PAGE);
    SHOW(mprotect(place + 3 * PAGE, PAGE, BOTH));
    show_maps(place, 8);
    munmap(place, 8 * PAGE);
    close(fd);
}

static void grows_down(void)
{
    unsigned char *room = map(300);
    unsigned char *place;

    section("PROT_GROWSDOWN");
    munmap(room, 300 * PAGE);
    place = mmap(room + 290 * PAGE, 4 * PAGE, BOTH,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    SHOW(mprotect(place + 2 * PAGE, PAGE, PROT_READ | PROT_GROWSDOWN));
    SHOW_ACCESS(writing, place);
    SHOW_ACCESS(writing, place + 2 * PAGE);
    SHOW_ACCESS(writing, place + 3 * PAGE);
    munmap(place, 4 * PAGE);
}

static void thousand(void)
{
    unsigned char *place = map(2000);
    int failures = 0;

    section("a thousand parts");
    for (int i = 0; i < 2000; i += 2)
        failures += mprotect(place + i * PAGE, PAGE, PROT_READ) != 0;
    SHOW(failures);
    SHOW_ACCESS(writing, place + 1000 * PAGE);
    SHOW_ACCESS(writing, place + 1001 * PAGE);
    SHOW(mprotect(place, 2000 * PAGE, BOTH));
    SHOW_ACCESS(writing, place + 1000 * PAGE);
    SHOW(munmap(place, 2000 * PAGE));
}

int main(void)
{
    refusals();
    changes();
    parts();
    parts_of_a_file();
    grows_down();
    thousand();
    return 0;
}
