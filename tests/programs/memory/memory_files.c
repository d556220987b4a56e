// SPDX-License-Identifier: MIT
/*
 * mmap of files: what a mapping shows of the file and the file of a mapping, private and shared;
 * the last page and what is beyond it; what the way of opening allows; msync.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define BOTH (PROT_READ | PROT_WRITE)

static char bytes[16];

/* A file of so many bytes: 'a' in its first page, 'b' in the next, and so on. */
static int make_file(const char *name, size_t size)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

    for (size_t at = 0; at < size; at += PAGE) {
        char page[PAGE];

        memset(page, 'a' + (int)(at / PAGE), PAGE);
        if (pwrite(fd, page, size - at < PAGE ? size - at : PAGE, (off_t)at) < 0)
            perror("pwrite");
    }
    return fd;
}

static void private_mapping(int fd)
{
    unsigned char *place = mmap(NULL, 3 * PAGE, BOTH, MAP_PRIVATE, fd, 0);

    section("private");
    SHOW(place[0]);
    SHOW(place[2 * PAGE]);
    place[0] = 'X';
    SHOW(pread(fd, bytes, 1, 0));
    SHOW(bytes[0]);
    SHOW(pwrite(fd, "Y", 1, PAGE));
    SHOW(place[PAGE]);
    SHOW(pwrite(fd, "Z", 1, 0));
    SHOW(place[0]);
    SHOW_CHILD(place[PAGE] = 'C');
    SHOW(place[PAGE]);
    SHOW(munmap(place, 3 * PAGE));
}

static void shared_mapping(int fd)
{
    unsigned char *place = mmap(NULL, 3 * PAGE, BOTH, MAP_SHARED, fd, 0);
    unsigned char *again = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);

    section("shared");
    place[PAGE] = 'S';
    SHOW(again[0]);
    SHOW(pread(fd, bytes, 1, PAGE));
    SHOW(bytes[0]);
    SHOW(pwrite(fd, "T", 1, PAGE + 1));
    SHOW(place[PAGE + 1]);
    SHOW(again[1]);
    SHOW_CHILD(place[2] = 'C');
    SHOW(place[2]);
    SHOW(mprotect(again, PAGE, BOTH));
    SHOW(munmap(place, 3 * PAGE));
    SHOW(again[0]);
    SHOW(munmap(again, PAGE));
}

static void ends(void)
{
    int fd = make_file("short", PAGE + 100);
    unsigned char *place = mmap(NULL, 4 * PAGE, BOTH, MAP_SHARED, fd, 0);
    unsigned char *copy = mmap(NULL, 4 * PAGE, BOTH, MAP_PRIVATE, fd, 0);
    int into[2];

    section("the end of the file");
    SHOW(place[PAGE + 99]);
    SHOW(place[PAGE + 100]);
    SHOW_ACCESS(writing, place + PAGE + 200);
    SHOW(lseek(fd, 0, SEEK_END));
    SHOW_ACCESS(reading, place + 2 * PAGE);
    SHOW_ACCESS(writing, place + 3 * PAGE + 7);
    SHOW_ACCESS(reading, copy + 2 * PAGE);
    SHOW_ACCESS(writing, copy + 2 * PAGE);
    SHOW(pipe(into));
    SHOW(write(into[1], place + 2 * PAGE, 1));
    section("the file grows");
    SHOW(ftruncate(fd, 3 * PAGE));
    SHOW(place[PAGE + 200]);
    SHOW_ACCESS(writing, place + 2 * PAGE + 7);
    SHOW(pread(fd, bytes, 1, 2 * PAGE + 7));
    SHOW(bytes[0]);
    section("the file shrinks");
    copy[0] = 'p';
    copy[2 * PAGE] = 'q';
    SHOW(ftruncate(fd, 10));
    SHOW(place[9]);
    SHOW(place[10]);
    SHOW(copy[0]);
    SHOW_ACCESS(reading, place + PAGE);
    SHOW_ACCESS(reading, copy + 2 * PAGE);
    SHOW(ftruncate(fd, 0));
    SHOW_ACCESS(reading, place);
    SHOW(ftruncate(fd, PAGE));
    SHOW(place[9]);
    munmap(place, 4 * PAGE);
    munmap(copy, 4 * PAGE);
    close(fd);
    close(into[0]);
    close(into[1]);
}

static void after_close(void)
{
    int fd = make_file("gone", PAGE);
    unsigned char *place = mmap(NULL, PAGE, BOTH, MAP_SHARED, fd, 0);
    unsigned char *tail = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 16 * PAGE);

    section("the file is closed, and gone");
    SHOW(close(fd));
    SHOW(unlink("gone"));
    SHOW(place[7]);
    SHOW_ACCESS(writing, place);
    SHOW_ACCESS(reading, tail);
    munmap(place, PAGE);
    munmap(tail, PAGE);
}

static void rights(void)
{
    int read_only = open("file", O_RDONLY);
    int write_only = open("file", O_WRONLY);
    int path_only = open("file", O_PATH);
    int directory = open(".", O_RDONLY);
    int ends_of_pipe[2];
    unsigned char *place;

    section("what the way of opening allows");
    SHOW_PLACE(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, write_only, 0));
    SHOW_PLACE(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, write_only, 0));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, MAP_SHARED, read_only, 0));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, MAP_PRIVATE, read_only, 0));
    SHOW_PLACE(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, path_only, 0));
    SHOW_PLACE(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, directory, 0));
    SHOW(pipe(ends_of_pipe));
    SHOW_PLACE(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ends_of_pipe[0], 0));
    SHOW_PLACE(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, read_only, 1));
    SHOW_PLACE(mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, read_only, -PAGE));
    SHOW_PLACE(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, read_only, 0));
    SHOW_PLACE(mmap(NULL, PAGE, PROT_READ, 0, read_only, 0));
    SHOW_PLACE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE, read_only, 0));
    SHOW_PLACE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, read_only, 0));
    SHOW_PLACE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x40000000, read_only, 0));
    SHOW_PLACE(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN, read_only, 0));
    place = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, read_only, 0);
    SHOW(mprotect(place, PAGE, BOTH));
    SHOW_ACCESS(writing, place);
    place = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, read_only, 0);
    SHOW(mprotect(place, PAGE, BOTH));
    SHOW_ACCESS(writing, place);
    place = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, read_only, 0);
    SHOW(place != MAP_FAILED);
    close(read_only);
    close(write_only);
    close(path_only);
    close(directory);
}

static void devices(void)
{
    int zero = open("/dev/zero", O_RDWR);
    int null = open("/dev/null", O_RDWR);
    unsigned char *place = mmap(NULL, 2 * PAGE, BOTH, MAP_PRIVATE, zero, 0);

    section("devices");
    SHOW(place != MAP_FAILED && place[PAGE] == 0);
    SHOW_ACCESS(writing, place);
    place = mmap(NULL, 2 * PAGE, BOTH, MAP_SHARED, zero, 0);
    SHOW_CHILD(place[0] = 'z');
    SHOW(place[0]);
    SHOW_PLACE(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, null, 0));
    close(zero);
    close(null);
}

static void synchronised(int fd)
{
    unsigned char *place = mmap(NULL, 3 * PAGE, BOTH, MAP_SHARED, fd, 0);

    section("msync");
    SHOW(msync(place, 3 * PAGE, MS_SYNC));
    SHOW(msync(place, 3 * PAGE, MS_ASYNC | MS_INVALIDATE));
    SHOW(msync(place, 3 * PAGE, 0));
    SHOW(msync(place, 1, MS_SYNC));
    SHOW(msync(place + 1, PAGE, MS_SYNC));
    SHOW(msync(place, PAGE, MS_SYNC | MS_ASYNC));
    SHOW(msync(place, PAGE, 8));
    SHOW(msync(place, 0, MS_SYNC));
    SHOW(munmap(place + PAGE, PAGE));
    SHOW(msync(place, 3 * PAGE, MS_SYNC));
    SHOW(msync(place + 2 * PAGE, PAGE, MS_SYNC));
    munmap(place, 3 * PAGE);
}

static void memory_file(void)
{
    int fd = memfd_create("of memory", MFD_CLOEXEC);
    unsigned char *place;

    section("memfd_create");
    SHOW(memfd_create("flags", 0x8000));
    SHOW(memfd_create(NULL, 0));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(write(fd, "in memory", 9));
    SHOW(ftruncate(fd, 2 * PAGE));
    place = mmap(NULL, 2 * PAGE, BOTH, MAP_SHARED, fd, 0);
    SHOW(memcmp(place, "in memory", 10));
    place[PAGE] = 'm';
    SHOW(pread(fd, bytes, 1, PAGE));
    SHOW(bytes[0]);
    munmap(place, 2 * PAGE);
    close(fd);
}

static void executable(void)
{
    static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov eax, 42; ret */
    int fd = open("code", O_RDWR | O_CREAT, 0700);
    int (*run)(void);

    section("code in a file");
    SHOW(write(fd, code, sizeof(code)) == sizeof(code));
    run = (int (*)(void))(uintptr_t)mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    SHOW(run());
    close(fd);
}

int main(void)
{
    int fd;

    show_enter();
    fd = make_file("file", 3 * PAGE);
    private_mapping(fd);
    shared_mapping(fd);
    ends();
    after_close();
    rights();
    devices();
    synchronised(fd);
    memory_file();
    executable();
    show_leave();
    return 0;
}
