// SPDX-License-Identifier: MIT
/*
 * memfd_create's files and their seals: what each forbids, and when it cannot be had.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static char bytes[64];

static int file_with(int seals)
{
    int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

    if (fd < 0 || ftruncate(fd, 100) || fcntl(fd, F_ADD_SEALS, seals))
        say("no file with seals %x: %s", seals, strerror(errno));
    return fd;
}

static long map(int fd, int prot, int sharing)
{
    char *place = mmap(NULL, 4096, prot, sharing, fd, 0);
    long result = place == MAP_FAILED ? -1 : 0;

    if (!result && !(prot & PROT_WRITE))
        say("mprotect: %s", mprotect(place, 4096, PROT_READ | PROT_WRITE) ? strerror(errno) : "0");
    if (!result)
        munmap(place, 4096);
    return result;
}

static void try_all(const char *what, int seals)
{
    int fd = file_with(seals);

    section(what);
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(pwrite(fd, "abc", 3, 10));
    SHOW(pwrite(fd, "abc", 3, 98));
    SHOW(pwrite(fd, bytes, 0, 98));
    SHOW(ftruncate(fd, 50));
    SHOW(ftruncate(fd, 100));
    SHOW(ftruncate(fd, 101));
    SHOW(fallocate(fd, 0, 0, 200));
    SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 10));
    SHOW(map(fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    SHOW(map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    SHOW(map(fd, PROT_READ, MAP_SHARED));
    SHOW(map(fd, PROT_READ, MAP_PRIVATE));
    SHOW(fchmod(fd, 0666));
    SHOW(fchmod(fd, 0777));
    SHOW(pread(fd, bytes, 3, 10));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    SHOW(close(fd));
}

static void who_takes_seals(void)
{
    int plain = memfd_create("plain", 0), fd = memfd_create("sealed", MFD_ALLOW_SEALING), ends[2];
    int file = open("file", O_RDWR | O_CREAT, 0644);
    char path[32];

    section("who takes seals");
    SHOW(fcntl(plain, F_GET_SEALS));
    SHOW(fcntl(plain, F_ADD_SEALS, F_SEAL_GROW));
    SHOW(fcntl(file, F_GET_SEALS));
    SHOW(fcntl(file, F_ADD_SEALS, F_SEAL_GROW));
    SHOW(pipe(ends));
    SHOW(fcntl(ends[0], F_GET_SEALS));
    SHOW(fcntl(ends[1], F_ADD_SEALS, F_SEAL_GROW));
    SHOW(fcntl(99, F_GET_SEALS));
    SHOW(fcntl(fd, F_ADD_SEALS, 0x4000));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int reader = open(path, O_RDONLY);
    SHOW(fcntl(reader, F_GET_SEALS));
    SHOW(fcntl(reader, F_ADD_SEALS, F_SEAL_GROW));
    SHOW(close(reader));
    SHOW(close(fd));
}

static void while_it_is_mapped(void)
{
    int fd = memfd_create("mapped", MFD_ALLOW_SEALING);
    char *place;

    section("while it is mapped");
    SHOW(ftruncate(fd, 4096));
    place = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    SHOW_ACCESS(writing, place);
    SHOW(munmap(place, 4096));
    place = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW_ACCESS(writing, place);
    SHOW(munmap(place, 4096));
    SHOW(close(fd));
}

int main(void)
{
    show_enter();
    who_takes_seals();
    try_all("none", 0);
    try_all("seal", F_SEAL_SEAL);
    try_all("shrink", F_SEAL_SHRINK);
    try_all("grow", F_SEAL_GROW);
    try_all("write", F_SEAL_WRITE);
    try_all("future write", F_SEAL_FUTURE_WRITE);
    while_it_is_mapped();
    show_leave();
    return 0;
}
