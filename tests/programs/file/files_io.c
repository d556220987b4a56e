// SPDX-License-Identifier: MIT
/*
 * Reading, writing and seeking: offsets, holes, vectors, sizes and their limits, and what each call
 * refuses.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define COLLAPSE_RANGE 0x08 /* fallocate(2); not in every C library */

static char bytes[64];

static int fresh(const char *content)
{
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644);

    if (write(fd, content, strlen(content)) < 0)
        say("%s", strerror(errno));
    lseek(fd, 0, SEEK_SET);
    return fd;
}

/* The whole file as text, with '.' for each NUL. */
static void show_content(int fd)
{
    ssize_t size = pread(fd, bytes, sizeof(bytes) - 1, 0);

    for (ssize_t i = 0; i < size; i++)
        if (!bytes[i])
            bytes[i] = '.';
    bytes[size > 0 ? size : 0] = 0;
    say("the file: \"%s\"", bytes);
}

static void offsets(void)
{
    int fd = fresh("0123456789");

    section("offsets");
    SHOW(read(fd, bytes, 4));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(pread(fd, bytes, 4, 8));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(read(fd, bytes, 40));
    SHOW(read(fd, bytes, 40));
    SHOW(lseek(fd, -3, SEEK_END));
    SHOW(write(fd, "abcdef", 6));
    show_content(fd);
    SHOW(lseek(fd, 5, SEEK_END));
    SHOW(read(fd, bytes, 1));
    SHOW(write(fd, "z", 1));
    show_content(fd);
    SHOW(pwrite(fd, "PP", 2, 1));
    show_content(fd);
    SHOW(lseek(fd, -1, SEEK_SET));
    SHOW(lseek(fd, -100, SEEK_CUR));
    SHOW(lseek(fd, 0, 77));
    SHOW(lseek(99, 0, SEEK_SET));
    SHOW(lseek(fd, LONG_MAX, SEEK_SET) == LONG_MAX);
    SHOW(read(fd, bytes, 1));
    SHOW(write(fd, "x", 1));
    SHOW(lseek(fd, 1, SEEK_CUR));
    SHOW(pread(fd, bytes, 1, -1));
    SHOW(pwrite(fd, bytes, 1, -1));
    SHOW(pwrite(fd, bytes, 1, LONG_MAX));
    SHOW(read(fd, NULL, 0));
    SHOW(write(fd, NULL, 0));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(read(fd, nowhere, 1));
    SHOW(write(fd, nowhere, 1));
    int appender = open("file", O_WRONLY | O_APPEND);
    SHOW(write(appender, nowhere, 1));
    SHOW(lseek(appender, 0, SEEK_CUR));
    SHOW(close(appender));
    SHOW(read(fd, bytes, minus_one));
    SHOW(write(fd, (void *)-4096L, 4096));
    SHOW(close(fd));
}

static void holes(void)
{
    int fd = fresh("");
    struct stat status;

    section("holes");
    SHOW(pwrite(fd, "a", 1, 0));
    SHOW(pwrite(fd, "b", 1, 3 * 4096));
    SHOW(ftruncate(fd, 6 * 4096));
    SHOW(fstat(fd, &status));
    SHOW(status.st_size);
    SHOW(status.st_blocks);
    SHOW(lseek(fd, 0, SEEK_DATA));
    SHOW(lseek(fd, 0, SEEK_HOLE));
    SHOW(lseek(fd, 4096, SEEK_DATA));
    SHOW(lseek(fd, 5000, SEEK_HOLE));
    SHOW(lseek(fd, 3 * 4096 + 7, SEEK_HOLE));
    SHOW(lseek(fd, 4 * 4096, SEEK_DATA));
    SHOW(lseek(fd, 6 * 4096, SEEK_HOLE));
    SHOW(lseek(fd, -1, SEEK_DATA));
    SHOW(pread(fd, bytes, 8, 8192));
    SHOW(bytes[0]);
    SHOW(ftruncate(fd, 2));
    show_content(fd);
    SHOW(lseek(fd, 0, SEEK_HOLE));
    SHOW(ftruncate(fd, 5));
    show_content(fd);
    SHOW(ftruncate(fd, -1));
    SHOW(truncate("file", 3));
    SHOW(truncate("none", 3));
    SHOW(truncate(".", 3));
    SHOW(truncate("file", -1));
    SHOW(ftruncate(99, 3));
    show_content(fd);
    SHOW(close(fd));
}

static void vectors(void)
{
    int fd = fresh("0123456789abcdef");
    char a[4] = "", b[4] = "", c[8] = "";
    struct iovec parts[] = {{a, 3}, {b, 0}, {b, 3}, {c, 7}};
    struct iovec wild[] = {{a, 3}, {NULL, 3}, {c, 3}};
    struct iovec negative[] = {{a, 3}, {b, -1UL}};

    section("vectors");
    SHOW(readv(fd, parts, 4));
    say("%s %s %s", a, b, c);
    SHOW(readv(fd, parts, 4));
    say("%s %s %s", a, b, c);
    SHOW(readv(fd, parts, 4));
    SHOW(preadv(fd, parts, 3, 10));
    say("%s %s", a, b);
    SHOW(writev(fd, parts, 3));
    show_content(fd);
    SHOW(pwritev(fd, parts, 1, 2));
    show_content(fd);
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(readv(fd, wild, 3));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(readv(fd, negative, 2));
    SHOW(readv(fd, parts, 0));
    SHOW(readv(fd, parts, minus_one));
    SHOW(readv(fd, parts, too_many));
    SHOW(readv(fd, nowhere, 1));
    SHOW(readv(99, parts, 1));
    SHOW(preadv(fd, parts, 1, -5));
    SHOW(syscall(SYS_preadv2, fd, parts, 1, 4, 0, 0));
    say("%s", a);
    SHOW(syscall(SYS_preadv2, fd, parts, 1, -1, -1, 0));
    say("%s", a);
    SHOW(syscall(SYS_preadv2, fd, parts, 1, 0, 0, 0x4000));
    SHOW(syscall(SYS_preadv2, fd, parts, 0, 0, 0, 0x4000));
    SHOW(syscall(SYS_preadv2, fd, negative, 2, 0, 0, 0x4000));
    int directory = open(".", O_RDONLY);
    SHOW(readv(directory, parts, 0));
    SHOW(readv(directory, parts, 1));
    SHOW(read(directory, bytes, 0));
    SHOW(close(directory));
    SHOW(close(fd));
}

static void partly_bad_buffers(void)
{
    int fd = fresh("0123456789");
    char *place = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    section("buffers that end in nothing");
    munmap(place + 4096, 4096);
    SHOW(read(fd, place + 4092, 10));
    SHOW(memcmp(place + 4092, "0123", 4));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(read(fd, place + 4096, 10));
    SHOW(close(fd));
}

static void limits(void)
{
    struct rlimit limit = {8, 8};
    int fd = fresh("01234");

    section("RLIMIT_FSIZE");
    signal(SIGXFSZ, SIG_IGN);
    SHOW(setrlimit(RLIMIT_FSIZE, &limit));
    SHOW(pwrite(fd, "abcdef", 6, 5));
    SHOW(pwrite(fd, "abcdef", 6, 8));
    SHOW(ftruncate(fd, 9));
    SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 9));
    SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 8));
    SHOW(ftruncate(fd, 8));
    show_content(fd);
    signal(SIGXFSZ, SIG_DFL);
    SHOW(ftruncate(fd, 9));
}

static void limited_copies(void)
{
    struct rlimit limit = {8, 8};
    int fd = fresh("01234567");
    off_t at = 0, to = 4;

    section("copies and RLIMIT_FSIZE");
    signal(SIGXFSZ, SIG_IGN);
    SHOW(setrlimit(RLIMIT_FSIZE, &limit));
    SHOW(copy_file_range(fd, &at, fd, &to, 8, 0));
    show_content(fd);
    at = 100;
    SHOW(copy_file_range(fd, &at, fd, &to, 8, 0));
    SHOW(lseek(fd, 2, SEEK_SET));
    SHOW(sendfile(fd, fd, NULL, 3));
    SHOW(lseek(fd, 0, SEEK_CUR));
}

static void copies(void)
{
    int from = fresh("copy this text");
    int to = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0644);
    off_t at = 5, to_at = 1;
    int ends[2];

    section("sendfile and copy_file_range");
    SHOW(pipe(ends));
    SHOW(sendfile(to, from, NULL, 4));
    SHOW(lseek(from, 0, SEEK_CUR));
    SHOW(sendfile(to, from, &at, 100));
    SHOW(at);
    SHOW(lseek(from, 0, SEEK_CUR));
    show_content(to);
    SHOW(sendfile(ends[1], from, NULL, 5));
    SHOW(read(ends[0], bytes, 10));
    SHOW(sendfile(to, ends[0], NULL, 5));
    SHOW(sendfile(99, from, NULL, 5));
    SHOW(sendfile(to, 99, NULL, 5));
    at = -1;
    SHOW(sendfile(to, from, &at, 5));
    at = 0;
    SHOW(copy_file_range(from, &at, to, &to_at, 4, 0));
    SHOW(at);
    SHOW(to_at);
    show_content(to);
    SHOW(lseek(from, 0, SEEK_SET));
    SHOW(lseek(to, 0, SEEK_SET));
    SHOW(copy_file_range(from, NULL, to, NULL, 100, 0));
    SHOW(lseek(from, 0, SEEK_CUR));
    SHOW(copy_file_range(from, NULL, to, NULL, 100, 0));
    SHOW(copy_file_range(from, NULL, to, NULL, 4, 1));
    SHOW(copy_file_range(from, NULL, ends[1], NULL, 4, 0));
    SHOW(copy_file_range(99, NULL, to, NULL, 4, 0));
    SHOW(copy_file_range(from, nowhere, to, NULL, 4, 0));
    SHOW(copy_file_range(from, (off_t *)minus_one, to, NULL, 4, 0));
    int directory = open(".", O_RDONLY), memory = memfd_create("memory", 0);
    SHOW(copy_file_range(directory, (off_t *)minus_one, to, NULL, 4, 0));
    SHOW(copy_file_range(directory, NULL, to, NULL, 4, 0));
    SHOW(copy_file_range(from, NULL, memory, NULL, 4, 0));
    SHOW(copy_file_range(from, NULL, to, NULL, (size_t)-4096, 0));
    SHOW(sendfile(99, from, (off_t *)minus_one, 5));
    SHOW(sendfile(99, directory, &at, 5));
    SHOW(close(directory));
    SHOW(close(memory));
    at = 0;
    to_at = 2;
    SHOW(copy_file_range(from, &at, from, &to_at, 4, 0));
    SHOW(close(from));
    SHOW(close(to));
}

/* Memory that is set aside is no data yet. */
static void allocated_holes(void)
{
    int fd = fresh("");
    unsigned char resident[4];

    section("holes that take memory");
    SHOW(fallocate(fd, 0, 0, 4 * 4096));
    SHOW(lseek(fd, 0, SEEK_DATA));
    SHOW(pwrite(fd, "x", 1, 4096));
    SHOW(pread(fd, bytes, 8, 2 * 4096));
    SHOW(lseek(fd, 0, SEEK_DATA));
    SHOW(lseek(fd, 4096, SEEK_HOLE));
    unsigned char *map = mmap(NULL, sizeof(resident) * 4096, PROT_READ, MAP_SHARED, fd, 0);
    SHOW(mincore(map, sizeof(resident) * 4096, resident));
    say("%d %d %d %d", resident[0], resident[1], resident[2], resident[3]);
    SHOW(map[2 * 4096]);
    SHOW(lseek(fd, 2 * 4096, SEEK_DATA));
    SHOW(lseek(fd, 3 * 4096, SEEK_DATA));
    SHOW(munmap(map, sizeof(resident) * 4096));
}

static void allocation(void)
{
    int fd = fresh("data");
    struct stat status;

    section("fallocate");
    SHOW(posix_fallocate(fd, 0, 10000));
    SHOW(fstat(fd, &status));
    SHOW(status.st_size);
    SHOW(status.st_blocks);
    SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 20000));
    SHOW(fstat(fd, &status));
    SHOW(status.st_size);
    SHOW(ftruncate(fd, 10000)); /* of this size already: what is behind it goes */
    SHOW(fstat(fd, &status));
    SHOW(status.st_blocks);
    SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1, 2));
    show_content(fd);
    SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8192));
    SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 8192));
    SHOW(fallocate(fd, 0, -1, 10));
    SHOW(fallocate(fd, 0, 0, 0));
    SHOW(fallocate(99, 0, 0, 10));
    int reader = open("file", O_RDONLY);
    SHOW(fallocate(reader, COLLAPSE_RANGE, 0, 4096));
    SHOW(fallocate(fd, COLLAPSE_RANGE, 0, 4096));
    SHOW(close(reader));
    SHOW(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
    SHOW(posix_fadvise(fd, 0, 0, 99));
    SHOW(posix_fadvise(99, 0, 0, 0));
    SHOW(readahead(fd, 0, 100));
    SHOW(readahead(fd, 0, (size_t)-1));
    SHOW(readahead(99, 0, 100));
    SHOW(close(fd));
}

static void writing_out(void)
{
    int fd = fresh("data");
    int ends[2];

    section("fsync and its kin");
    SHOW(pipe(ends));
    SHOW(fsync(fd));
    SHOW(fdatasync(fd));
    SHOW(syncfs(fd));
    SHOW(fsync(99));
    SHOW(fsync(ends[0]));
    int null = open("/dev/null", O_RDWR);
    SHOW(fsync(null));
    SHOW(close(null));
    int count = 0;
    SHOW(lseek(fd, 1, SEEK_SET));
    SHOW(ioctl(fd, FIONREAD, &count));
    SHOW(count);
    SHOW(close(fd));
}

int main(void)
{
    show_enter();
    offsets();
    holes();
    vectors();
    partly_bad_buffers();
    copies();
    allocated_holes();
    allocation();
    writing_out();
    SHOW_CHILD(limits());
    SHOW_CHILD(limited_copies());
    show_leave();
    return 0;
}
