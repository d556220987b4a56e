// SPDX-License-Identifier: MIT
/*
 * Locked memory, advice that takes pages away, and the order in which mmap and mremap find faults
 * with their arguments.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE 4096UL
#define BOTH (PROT_READ | PROT_WRITE)

#ifndef MADV_COLD
#define MADV_COLD    20
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static unsigned char *map(size_t pages)
{
    return mmap(NULL, pages * PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void show_locked_size(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];

    while (fgets(line, sizeof(line), file))
        if (!strncmp(line, "VmLck:", 6))
            say("%.*s", (int)strcspn(line, "\n"), line);
    fclose(file);
}

static void locked(void)
{
    unsigned char *place = map(8);

    section("what is locked keeps its pages");
    SHOW(mlock(place + PAGE, 2 * PAGE));
    show_locked_size();
    place[PAGE] = 'a';
    SHOW(madvise(place, 8 * PAGE, MADV_DONTNEED));
    SHOW(madvise(place + PAGE, PAGE, MADV_FREE));
    SHOW(madvise(place + PAGE, PAGE, MADV_COLD));
    SHOW(madvise(place + PAGE, PAGE, MADV_PAGEOUT));
    SHOW(msync(place, 8 * PAGE, MS_SYNC | MS_INVALIDATE));
    SHOW(place[PAGE]);
    SHOW(madvise(place, 8 * PAGE, MADV_DONTNEED_LOCKED));
    SHOW(place[PAGE]);
    SHOW_CHILD(show_locked_size());
    SHOW(munlock(place + 2 * PAGE, PAGE));
    show_locked_size();
    SHOW(madvise(place + 2 * PAGE, PAGE, MADV_DONTNEED));
    SHOW(munmap(place + PAGE, PAGE));
    show_locked_size();
    munmap(place, 8 * PAGE);
}

static void cannot_be_locked(void)
{
    unsigned char *place = map(4);
    int fd = memfd_create("short", 0);
    unsigned char *file = mmap(NULL, 2 * PAGE, BOTH, MAP_SHARED, fd, 0);

    section("pages that cannot be there");
    SHOW(mprotect(place + PAGE, PAGE, PROT_NONE));
    SHOW(mlock(place, 4 * PAGE));
    show_locked_size();
    SHOW(munlock(place, 4 * PAGE));
    SHOW(mlock(file, 2 * PAGE));
    SHOW(ftruncate(fd, (off_t)(2 * PAGE)));
    SHOW(mlock(file, 2 * PAGE));
    munmap(place, 4 * PAGE);
    munmap(file, 2 * PAGE);
    close(fd);
    show_locked_size();
}

static void all(void)
{
    unsigned char *place, resident[4];

    section("locked by mapping");
    place = mmap(NULL, 4 * PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
    SHOW(mincore(place, 4 * PAGE, resident));
    say("%d%d%d%d", resident[0] & 1, resident[1] & 1, resident[2] & 1, resident[3] & 1);
    show_locked_size();
    SHOW(munlockall());
    show_locked_size();
    munmap(place, 4 * PAGE);
    SHOW(mlockall(MCL_FUTURE));
    place = map(4);
    show_locked_size();
    SHOW(mincore(place, 4 * PAGE, resident));
    say("%d%d%d%d", resident[0] & 1, resident[1] & 1, resident[2] & 1, resident[3] & 1);
    SHOW(munlockall());
    munmap(place, 4 * PAGE);
    place = map(4);
    show_locked_size();
    munmap(place, 4 * PAGE);
}

static void removal(void)
{
    int fd = memfd_create("file", 0);
    unsigned char *shared, *again, *private = map(1);

    section("MADV_REMOVE");
    ftruncate(fd, (off_t)(4 * PAGE));
    shared = mmap(NULL, 4 * PAGE, BOTH, MAP_SHARED, fd, 0);
    again = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    memset(shared, 'r', 4 * PAGE);
    SHOW(madvise(shared + PAGE, 2 * PAGE, MADV_REMOVE));
    SHOW(shared[0]);
    SHOW(shared[PAGE]);
    SHOW(again[2 * PAGE]);
    SHOW(again[3 * PAGE]);
    SHOW(madvise(again, PAGE, MADV_REMOVE));
    SHOW(madvise(private, PAGE, MADV_REMOVE));
    SHOW(mlock(shared, PAGE));
    SHOW(madvise(shared, PAGE, MADV_REMOVE));
    SHOW(madvise(shared, PAGE, MADV_FREE));
    munmap(shared, 4 * PAGE);
    munmap(again, 4 * PAGE);
    munmap(private, PAGE);
    close(fd);
}

static void order(void)
{
    unsigned char *place = map(2);
    int fd = open("read-only", O_RDONLY | O_CREAT, 0600);

    section("the place is judged before the file");
    SHOW_PLACE(mmap(place, PAGE, BOTH, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0));
    SHOW_PLACE(mmap(place + 1, PAGE, BOTH, MAP_SHARED | MAP_FIXED, fd, 0));
    SHOW_PLACE(mmap(place, PAGE, BOTH, MAP_SHARED | MAP_FIXED, fd, 0));
    SHOW_PLACE(mmap(place, PAGE, BOTH, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, -4096));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, MAP_PRIVATE, fd, -4096));
    SHOW_PLACE(mmap(place, PAGE, BOTH,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE, -1, 0));
    SHOW_PLACE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE, fd, 0));
    munmap(place, 2 * PAGE);
    SHOW_PLACE(mmap(place, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_FIXED_NOREPLACE, fd, 0));
    close(fd);
    unlink("read-only");
}

static void refused_move(void)
{
    unsigned char *place = map(8);

    section("a move that is refused leaves its target");
    place[5 * PAGE] = 't';
    SHOW(munmap(place + 2 * PAGE, PAGE));
    SHOW_PLACE(
        mremap(place + PAGE, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place + 5 * PAGE));
    SHOW(munmap(place, 2 * PAGE));
    SHOW_PLACE(
        mremap(place + PAGE, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place + 5 * PAGE));
    SHOW_ACCESS(reading, place + 5 * PAGE);
    munmap(place, 8 * PAGE);
}

static void growth(void)
{
    unsigned char *place = map(64), *stack = place + 32 * PAGE;

    section("a stack grows towards what cannot be touched");
    munmap(place, 64 * PAGE);
    SHOW_PLACE(
        mmap(stack, PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0));
    SHOW_PLACE(mmap(place, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    SHOW_ACCESS(writing, stack - PAGE);
    SHOW_ACCESS(writing, stack - 20 * PAGE);
    SHOW(mprotect(place, PAGE, PROT_READ));
    SHOW_ACCESS(writing, stack - 24 * PAGE);
    munmap(place, 64 * PAGE);
}

int main(void)
{
    locked();
    cannot_be_locked();
    all();
    removal();
    order();
    refused_move();
    growth();
    return 0;
}
