// SPDX-License-Identifier: MIT
/*
 * A directory of the test's own to work in, gone afterwards; and the calls on files that the small
 * libc has no names for.
 */
#ifndef TESTS_RING3_SCRATCH_H
#define TESTS_RING3_SCRATCH_H

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/ring3/ring3.h"

/* Standing in a new directory from here on. Ends the program if there is none. */
static inline void enter_scratch(char *path, size_t size)
{
    snprintf(path, size, "/tmp/latchkey-test-%d", (int)getpid());
    if (mkdir(path, 0755) || syscall(__NR_chdir, path)) {
        printf("Bail out! %s: %s\n", path, strerror(errno));
        exit(1);
    }
}

/* Removes what the paths name, last first, and the directory. */
static inline void leave_scratch(const char *path, const char *const *names, size_t count)
{
    while (count--)
        if (unlink(names[count]))
            syscall(__NR_rmdir, names[count]);
    syscall(__NR_chdir, "/");
    syscall(__NR_rmdir, path);
}

/* Runs tests in such a directory, in which they leave what the names say. Returns the status. */
static inline int run_in_scratch(const struct ktap_test *tests, size_t count,
                                 const char *const *names, size_t name_count)
{
    char directory[64];
    int status;

    enter_scratch(directory, sizeof(directory));
    status = ktap_run(tests, count, NULL);
    leave_scratch(directory, names, name_count);
    return status;
}

static inline long make_directory(const char *path)
{
    return mkdir(path, 0755);
}

static inline long remove_directory(const char *path)
{
    return syscall(__NR_rmdir, path);
}

static inline long move(const char *from, const char *to)
{
    return syscall(__NR_rename, from, to);
}

static inline long make_link(const char *from, const char *to)
{
    return syscall(__NR_link, from, to);
}

static inline long make_symlink(const char *target, const char *path)
{
    return syscall(__NR_symlink, target, path);
}

/* A file with this content; its descriptor, opened for both. */
static inline int make_file(const char *path, const char *content)
{
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

    EXPECT(file >= 0);
    EXPECT_EQUAL(write(file, content, strlen(content)), strlen(content));
    return file;
}

/* Whether the file's bytes from offset on are these. */
static inline bool holds(int file, off_t offset, const char *content)
{
    char bytes[64] = "";
    size_t size = strlen(content);

    return pread(file, bytes, size, offset) == (ssize_t)size && !memcmp(bytes, content, size);
}

#endif
