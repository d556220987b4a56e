// SPDX-License-Identifier: MIT
/*
 * madvise, mincore, mlock and their kin: what they do to pages and what they refuse.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE 4096UL
#define BOTH (PROT_READ | PROT_WRITE)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

static unsigned char *map(size_t pages)
{
    return mmap(NULL, pages * PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* One digit a page, from mincore(). */
static void show_residency(const char *text, void *place, size_t pages)
{
    unsigned char resident[64];
    char digits[65] = "";

    if (mincore(place, pages * PAGE, resident)) {
        say("%s: %s", text, strerror(errno));
        return;
    }
    for (size_t i = 0; i < pages; i++)
        digits[i] = (char)('0' + (resident[i] & 1));
    say("%s: %s", text, digits);
}

static void contents(void)
{
    unsigned char *place = map(8);
    unsigned char *shared = mmap(NULL, 2 * PAGE, BOTH, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int fd = memfd_create("file", 0);
    unsigned char *file;

    section("MADV_DONTNEED");
    memset(place, 'a', 8 * PAGE);
    SHOW(madvise(place + PAGE, 2 * PAGE, MADV_DONTNEED));
    SHOW(place[0]);
    SHOW(place[PAGE]);
    SHOW(place[3 * PAGE]);
    shared[0] = 's';
    SHOW(madvise(shared, 2 * PAGE, MADV_DONTNEED));
    SHOW(shared[0]);
    SHOW(write(fd, "file", 4));
    file = mmap(NULL, PAGE, BOTH, MAP_PRIVATE, fd, 0);
    file[0] = 'p';
    SHOW(madvise(file, PAGE, MADV_DONTNEED));
    SHOW(file[0]);
    SHOW(mprotect(place, PAGE, PROT_READ));
    SHOW(madvise(place, PAGE, MADV_DONTNEED));
    SHOW(place[0]);
    section("other advice that keeps contents");
    place[7 * PAGE] = 'k';
    SHOW(madvise(place, 8 * PAGE, MADV_NORMAL));
    SHOW(madvise(place, 8 * PAGE, MADV_RANDOM));
    SHOW(madvise(place, 8 * PAGE, MADV_SEQUENTIAL));
    SHOW(madvise(place, 8 * PAGE, MADV_WILLNEED));
    SHOW(madvise(place, 8 * PAGE, MADV_DONTDUMP));
    SHOW(madvise(place, 8 * PAGE, MADV_DODUMP));
    SHOW(madvise(place, 8 * PAGE, MADV_HUGEPAGE));
    SHOW(madvise(place, 8 * PAGE, MADV_NOHUGEPAGE));
    SHOW(place[7 * PAGE]);
    SHOW(shared[0]);
    close(fd);
}

static void forks(void)
{
    unsigned char *place = map(3);

    section("advice on forks");
    memset(place, 'f', 3 * PAGE);
    SHOW(madvise(place, PAGE, MADV_DONTFORK));
    SHOW(madvise(place + PAGE, PAGE, MADV_WIPEONFORK));
    SHOW_CHILD(_exit(place[PAGE]));
    SHOW_CHILD(_exit(place[2 * PAGE]));
    SHOW_CHILD(_exit(place[0]));
    SHOW(place[PAGE]);
    SHOW(madvise(place, PAGE, MADV_DOFORK));
    SHOW(madvise(place + PAGE, PAGE, MADV_KEEPONFORK));
    SHOW_CHILD(_exit(place[0] + place[PAGE] - 'f'));
    munmap(place, 3 * PAGE);
}

static void refusals(void)
{
    unsigned char *place = map(4);
    unsigned char resident[4];

    section("refusals");
    SHOW(madvise(place + 1, PAGE, MADV_DONTNEED));
    SHOW(madvise(place, PAGE, 77));
    SHOW(madvise(place, 0, MADV_DONTNEED));
    SHOW(madvise(place, 0, 77));
    SHOW(madvise(place, -PAGE, MADV_DONTNEED));
    SHOW(mincore(place + 1, PAGE, resident));
    SHOW(mincore(place, PAGE, NULL));
    SHOW(mincore(place, 0, NULL));
    SHOW(mincore(place, -PAGE, resident));
    SHOW(munmap(place + 2 * PAGE, PAGE));
    place[0] = place[3 * PAGE] = 1;
    SHOW(mincore(place, 4 * PAGE, resident));
    SHOW(madvise(place, 4 * PAGE, MADV_DONTNEED));
    SHOW(place[0] + place[3 * PAGE]);
    SHOW(madvise(place, 4 * PAGE, MADV_POPULATE_WRITE));
    SHOW(mprotect(place, PAGE, PROT_READ));
    SHOW(madvise(place, PAGE, MADV_POPULATE_WRITE));
    SHOW(madvise(place, PAGE, MADV_POPULATE_READ));
    SHOW(mprotect(place, PAGE, PROT_NONE));
    SHOW(madvise(place, PAGE, MADV_POPULATE_READ));
    munmap(place, 4 * PAGE);
}

static void residency(void)
{
    unsigned char *place = map(8);
    int fd = memfd_create("file", 0);
    unsigned char *file;

    section("which pages are there");
    madvise(place, 8 * PAGE, MADV_NOHUGEPAGE);
    show_residency("new", place, 8);
    place[0] = place[3 * PAGE] = 1;
    show_residency("two written", place, 8);
    SHOW(madvise(place + 5 * PAGE, 2 * PAGE, MADV_POPULATE_WRITE));
    show_residency("two populated", place, 8);
    SHOW(madvise(place, 4 * PAGE, MADV_DONTNEED));
    show_residency("four dropped", place, 8);
    SHOW(ftruncate(fd, 8 * PAGE));
    SHOW(pwrite(fd, "there", 5, 2 * PAGE));
    file = mmap(NULL, 8 * PAGE, BOTH, MAP_SHARED, fd, 0);
    show_residency("a file, one page written", file, 8);
    file[5 * PAGE] = 1;
    show_residency("and one by the mapping", file, 8);
    munmap(place, 8 * PAGE);
    munmap(file, 8 * PAGE);
    close(fd);
}

static void locks(void)
{
    unsigned char *place = map(4);

    section("locks");
    SHOW(mlock(place, 2 * PAGE));
    show_residency("two locked", place, 4);
    SHOW(mlock(place + 100, 1));
    SHOW(munlock(place, 2 * PAGE));
    SHOW(mlock2(place, 4 * PAGE, 2));
    SHOW(mlock2(place, 4 * PAGE, MLOCK_ONFAULT));
    SHOW(munlock(place, 4 * PAGE));
    SHOW(mlock(place, 0));
    SHOW(mlock(place, -1UL));
    SHOW(munmap(place + PAGE, PAGE));
    SHOW(mlock(place, 4 * PAGE));
    SHOW(munlock(place, 4 * PAGE));
    SHOW(mlock((void *)0x1000, PAGE));
    SHOW(mlockall(0));
    SHOW(mlockall(8));
    SHOW(mlockall(MCL_ONFAULT));
    SHOW(mlockall(MCL_FUTURE));
    SHOW(munlockall());
    munmap(place, 4 * PAGE);
}

int main(void)
{
    contents();
    forks();
    refusals();
    residency();
    locks();
    return 0;
}
