// SPDX-License-Identifier: MIT
/*
 * Files: contents, offsets, descriptors and directories as they are read.
 */
#include <sys/uio.h>

#include "tests/ring3/scratch.h"

#define DIRENT_LENGTH 16 /* where d_reclen starts, and d_name: getdents64(2) */
#define DIRENT_NAME   19

static const char *const names[] = {"file", "other", "d"};

static void new_file(void)
{
    struct stat status;
    int file;

    syscall(__NR_umask, 027);
    EXPECT_SUCCESS(file = open("file", O_WRONLY | O_CREAT, 04777));
    EXPECT_EQUAL(syscall(__NR_umask, 022), 027);
    EXPECT_SUCCESS(fstat(file, &status));
    EXPECT_EQUAL(status.st_mode, S_IFREG | 04750);
    EXPECT_EQUAL(status.st_size, 0);
    EXPECT_EQUAL(status.st_nlink, 1);
    close(file);
}

static void access_mode(void)
{
    int reader = open("file", O_RDONLY), writer = open("file", O_WRONLY);
    int name = open("file", O_PATH);
    char byte = 'x';

    EXPECT_ERROR(write(reader, &byte, 1), EBADF);
    EXPECT_ERROR(read(writer, &byte, 1), EBADF);
    EXPECT_ERROR(read(name, &byte, 1), EBADF);
    EXPECT_ERROR(ftruncate(reader, 0), EINVAL);
    EXPECT_EQUAL(fcntl(writer, F_GETFL) & O_ACCMODE, O_WRONLY);
    EXPECT_SUCCESS(fcntl(writer, F_SETFL, O_RDWR | O_APPEND));
    EXPECT_EQUAL(fcntl(writer, F_GETFL) & (O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
    close(reader);
    close(writer);
    close(name);
}

static void appending(void)
{
    int file = make_file("file", "start"), end = open("file", O_RDWR | O_APPEND);

    EXPECT_EQUAL(write(end, "+one", 4), 4);
    EXPECT_EQUAL(lseek(end, 0, SEEK_CUR), 9);
    EXPECT_EQUAL(lseek(end, 0, SEEK_SET), 0);
    EXPECT_EQUAL(write(end, "+two", 4), 4);
    EXPECT_EQUAL(pwrite(end, "+three", 6, 0), 6); /* so Linux, in spite of the offset */
    EXPECT(holds(file, 0, "start+one+two+three"));
    close(file);
    close(end);
}

static void shared_offset(void)
{
    int file = make_file("file", "0123456789"), copy = fcntl(file, F_DUPFD, 100);
    int other = open("file", O_RDONLY);
    char bytes[4];

    EXPECT_EQUAL(copy, 100);
    EXPECT_EQUAL(lseek(file, 2, SEEK_SET), 2);
    EXPECT_EQUAL(read(copy, bytes, 4), 4);
    EXPECT(!memcmp(bytes, "2345", 4));
    EXPECT_EQUAL(lseek(file, 0, SEEK_CUR), 6);
    EXPECT_EQUAL(pread(file, bytes, 4, 0), 4);
    EXPECT_EQUAL(lseek(file, 0, SEEK_CUR), 6);
    EXPECT_EQUAL(lseek(other, 0, SEEK_CUR), 0);
    close(file);
    close(copy);
    close(other);
}

static void seeking(void)
{
    int file = make_file("file", "0123456789");

    EXPECT_EQUAL(lseek(file, -3, SEEK_END), 7);
    EXPECT_EQUAL(lseek(file, 5, SEEK_CUR), 12);
    EXPECT_ERROR(lseek(file, -13, SEEK_CUR), EINVAL);
    EXPECT_ERROR(lseek(file, -1, SEEK_SET), EINVAL);
    EXPECT_ERROR(lseek(file, 0, 9), EINVAL);
    EXPECT_EQUAL(lseek(file, 0, SEEK_CUR), 12);
    EXPECT_ERROR(pread(file, &(char){0}, 1, -1), EINVAL);
    EXPECT_EQUAL(read(file, &(char){0}, 1), 0);
    close(file);
}

static void holes(void)
{
    static const char zeros[8];
    int file = make_file("file", "here");
    struct stat status;
    char bytes[8];

    EXPECT_EQUAL(pwrite(file, "there", 5, 100000), 5);
    EXPECT_SUCCESS(fstat(file, &status));
    EXPECT_EQUAL(status.st_size, 100005);
    EXPECT(status.st_blocks < 100);
    EXPECT_EQUAL(lseek(file, 50000, SEEK_SET), 50000);
    EXPECT_EQUAL(read(file, bytes, 8), 8);
    EXPECT(!memcmp(bytes, zeros, 8));

    /* What was cut off does not come back. */
    EXPECT_SUCCESS(ftruncate(file, 2));
    EXPECT_SUCCESS(ftruncate(file, 8));
    EXPECT_EQUAL(pread(file, bytes, 8, 0), 8);
    EXPECT(!memcmp(bytes, "he\0\0\0\0\0", 8));
    close(file);
}

static void life_after_unlink(void)
{
    int file = make_file("other", "still here");
    struct stat status;

    EXPECT_SUCCESS(unlink("other"));
    EXPECT(holds(file, 0, "still here"));
    EXPECT_SUCCESS(fstat(file, &status));
    EXPECT_EQUAL(status.st_nlink, 0);
    close(file);
}

static void vectors(void)
{
    char a[4] = "", b[8] = "";
    struct iovec from[] = {{"ab", 2}, {NULL, 0}, {"cdef", 4}};
    struct iovec to[] = {{a, 3}, {b, 8}};
    struct iovec negative[] = {{a, 1}, {b, (size_t)-1}};
    int file = make_file("file", "");

    EXPECT_EQUAL(writev(file, from, 3), 6);
    EXPECT_EQUAL(lseek(file, 0, SEEK_SET), 0);
    EXPECT_EQUAL(readv(file, to, 2), 6);
    EXPECT(!strcmp(a, "abc") && !strcmp(b, "def"));
    EXPECT_ERROR(syscall(__NR_writev, file, from, 1025), EINVAL);
    EXPECT_ERROR(writev(file, negative, 2), EINVAL);
    EXPECT_EQUAL(writev(file, from, 0), 0);
    close(file);
}

/* Bytes that are there are moved; the count stops where user memory does. */
static void bad_buffers(void)
{
    char *page = map_pages(2, READ_WRITE);
    int file = make_file("file", "0123456789");

    mprotect(page + PAGE, PAGE, PROT_NONE);
    EXPECT_EQUAL(pread(file, page + PAGE - 4, 10, 0), 4);
    EXPECT(!memcmp(page + PAGE - 4, "0123", 4));
    EXPECT_EQUAL(pwrite(file, page + PAGE - 2, 10, 8), 2);
    EXPECT_ERROR(pread(file, page + PAGE, 1, 0), EFAULT);
    EXPECT_ERROR(write(file, page + PAGE, 1), EFAULT);
    EXPECT_EQUAL(read(file, page + PAGE, 0), 0);
    munmap(page, 2 * PAGE);
    close(file);
}

static void descriptors(void)
{
    int file = make_file("file", ""), lowest = fcntl(file, F_DUPFD, 0);

    EXPECT_EQUAL(lowest, file + 1);
    EXPECT_EQUAL(dup2(file, lowest), lowest);
    EXPECT_EQUAL(dup2(file, file), file);
    EXPECT_EQUAL(fcntl(lowest, F_GETFD), 0);
    EXPECT_EQUAL(syscall(__NR_dup3, file, lowest, O_CLOEXEC), lowest);
    EXPECT_EQUAL(fcntl(lowest, F_GETFD), FD_CLOEXEC);
    EXPECT_ERROR(syscall(__NR_dup3, file, file, 0), EINVAL);
    EXPECT_ERROR(dup2(file, -1), EBADF);
    EXPECT_ERROR(dup2(-1, file), EBADF);
    EXPECT_ERROR(fcntl(file, F_DUPFD, -1), EINVAL);
    EXPECT_SUCCESS(close(lowest));
    EXPECT_ERROR(close(lowest), EBADF);
    close(file);
}

/* The entries of d, one bit for each of a, b and c; -1 for an error or a strange name. */
static int list(size_t size)
{
    int folder = open("d", O_RDONLY | O_DIRECTORY);
    long count;
    int found = 0;
    char records[256];

    while ((count = syscall(__NR_getdents64, folder, records, size)) > 0) {
        for (long at = 0; at < count; at += *(uint16_t *)(records + at + DIRENT_LENGTH)) {
            const char *name = records + at + DIRENT_NAME;

            if (name[0] == '.')
                continue;
            found |= strlen(name) == 1 && *name <= 'c' ? 1 << (*name - 'a') : -1;
        }
    }
    close(folder);
    return count < 0 ? -1 : found;
}

static void reading_directories(void)
{
    int folder;

    EXPECT_SUCCESS(make_directory("d"));
    close(make_file("d/a", ""));
    close(make_file("d/b", ""));
    EXPECT_SUCCESS(make_directory("d/c"));
    EXPECT_EQUAL(list(256), 7);
    EXPECT_EQUAL(list(24), 7);
    EXPECT_EQUAL(list(23), -1);
    EXPECT_SUCCESS(unlink("d/a"));
    EXPECT_EQUAL(list(256), 6);
    EXPECT_SUCCESS(unlink("d/b"));
    EXPECT_SUCCESS(remove_directory("d/c"));
    folder = open("d", O_RDONLY);
    EXPECT_ERROR(read(folder, &(char){0}, 1), EISDIR);
    close(folder);
}

/* The number of an entry of the root; 0 if it is not there. */
static uint64_t listed_number(const char *name)
{
    int folder = open("/", O_RDONLY | O_DIRECTORY);
    uint64_t found = 0;
    char records[256];
    long count;

    while ((count = syscall(__NR_getdents64, folder, records, sizeof(records))) > 0)
        for (long at = 0; at < count; at += *(uint16_t *)(records + at + DIRENT_LENGTH))
            if (!strcmp(records + at + DIRENT_NAME, name))
                memcpy(&found, records + at, sizeof(found));
    close(folder);
    return found;
}

static void mount_point(void)
{
    struct stat root, mounted;

    EXPECT_SUCCESS(stat("/", &root));
    EXPECT_SUCCESS(stat("/proc", &mounted));
    EXPECT(root.st_dev != mounted.st_dev);
    EXPECT(listed_number("proc") != 0);
    EXPECT(listed_number("proc") != mounted.st_ino);
}

static void mapped_and_truncated(void)
{
    int file = make_file("file", "");
    char *shared, *copied;

    EXPECT_SUCCESS(ftruncate(file, 2 * (off_t)PAGE));
    shared = mmap(NULL, 2 * PAGE, READ_WRITE, MAP_SHARED, file, 0);
    copied = mmap(NULL, 2 * PAGE, READ_WRITE, MAP_PRIVATE, file, 0);
    EXPECT_ALLOWED(write_fault(shared + PAGE));
    EXPECT_ALLOWED(write_fault(copied + PAGE));
    EXPECT_SUCCESS(ftruncate(file, 10));
    EXPECT_ALLOWED(read_fault(shared));
    EXPECT_EQUAL(read_fault(shared + PAGE).signal, SIGBUS);
    EXPECT_EQUAL(read_fault(copied + PAGE).signal, SIGBUS);
    EXPECT_SUCCESS(ftruncate(file, 2 * (off_t)PAGE));
    EXPECT_EQUAL(shared[PAGE], 0);
    EXPECT_EQUAL(pwrite(file, "new", 3, (off_t)PAGE), 3);
    EXPECT(!memcmp(shared + PAGE, "new", 3));
    munmap(shared, 2 * PAGE);
    munmap(copied, 2 * PAGE);
    close(file);
}

static void devices(void)
{
    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDONLY);
    int full = open("/dev/full", O_WRONLY);
    char bytes[8] = "filled!";

    EXPECT_EQUAL(write(null, bytes, 8), 8);
    EXPECT_EQUAL(read(null, bytes, 8), 0);
    EXPECT_EQUAL(read(zero, bytes, 8), 8);
    EXPECT_EQUAL(bytes[0] | bytes[7], 0);
    EXPECT_ERROR(write(full, bytes, 8), ENOSPC);
    EXPECT_ERROR(fcntl(null, F_GETFL + 1000), EINVAL);
    EXPECT_EQUAL(isatty(null), 0);
    close(null);
    close(zero);
    close(full);
}

static const struct ktap_test tests[] = {
    {"a new file has its mode without the umask", new_file},
    {"a file is read and written as it was opened", access_mode},
    {"with O_APPEND all writes go to the end", appending},
    {"descriptors of one open file share its offset", shared_offset},
    {"seeking goes anywhere from 0 on", seeking},
    {"a hole reads as zeros and takes no blocks", holes},
    {"a file lives as long as it is open", life_after_unlink},
    {"vectors are moved in order", vectors},
    {"a transfer stops at the first bad byte", bad_buffers},
    {"descriptors are given out from the lowest", descriptors},
    {"a directory lists what is in it", reading_directories},
    {"a mount point is listed with the number of the directory below", mount_point},
    {"what a truncation takes is SIGBUS in a mapping", mapped_and_truncated},
    {"null, zero and full do what they are called", devices},
};

int main(void)
{
    probe_init();
    return run_in_scratch(tests, COUNT(tests), names, COUNT(names));
}
