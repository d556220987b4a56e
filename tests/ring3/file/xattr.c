// SPDX-License-Identifier: MIT
/*
 * Extended attributes of files that have none: Linux's are those of /proc, in Latchkey all files.
 */
#include "tests/ring3/ring3.h"

#include <fcntl.h>

static const char path[] = "/proc/self/status";
static const char name[] = "user.colour";
static char value[8];

static long get(const char *file, const char *attribute)
{
    return syscall(__NR_getxattr, file, attribute, value, sizeof(value));
}

static long set(const char *attribute, size_t size, int flags)
{
    return syscall(__NR_setxattr, path, attribute, value, size, flags);
}

static void none_to_get(void)
{
    int fd = open(path, O_RDONLY);

    EXPECT_ERROR(get(path, name), EOPNOTSUPP);
    EXPECT_ERROR(get(path, "system.posix_acl_access"), EOPNOTSUPP);
    EXPECT_ERROR(syscall(__NR_lgetxattr, path, name, NULL, 0), EOPNOTSUPP);
    EXPECT_ERROR(syscall(__NR_fgetxattr, fd, name, NULL, 0), EOPNOTSUPP);
    EXPECT_ERROR(syscall(__NR_fgetxattr, -1, name, NULL, 0), EBADF);
    close(fd);
}

static void none_to_change(void)
{
    EXPECT_ERROR(set(name, 1, 0), EOPNOTSUPP);
    EXPECT_ERROR(set(name, 1, 4), EINVAL);
    EXPECT_ERROR(set(name, 65537, 0), E2BIG);
    EXPECT_ERROR(syscall(__NR_removexattr, path, name), EOPNOTSUPP);
}

static void empty_list(void)
{
    int fd = open(path, O_RDONLY);

    EXPECT_EQUAL(syscall(__NR_listxattr, path, NULL, 0), 0);
    EXPECT_EQUAL(syscall(__NR_llistxattr, path, value, sizeof(value)), 0);
    EXPECT_EQUAL(syscall(__NR_flistxattr, fd, NULL, 0), 0);
    EXPECT_ERROR(syscall(__NR_listxattr, "/no/such/file", NULL, 0), ENOENT);
    close(fd);
}

static void bad_names(void)
{
    char longest[257];

    memset(longest, 'a', sizeof(longest));
    longest[256] = '\0';
    EXPECT_ERROR(get(path, longest), ERANGE);
    longest[255] = '\0';
    EXPECT_ERROR(get(path, longest), EOPNOTSUPP);
    EXPECT_ERROR(get(path, ""), ERANGE);
    EXPECT_ERROR(get(path, NULL), EFAULT);
    EXPECT_ERROR(get("/no/such/file", name), ENOENT);
}

static const struct ktap_test tests[] = {
    {"reading one: EOPNOTSUPP", none_to_get},
    {"setting or removing one: EOPNOTSUPP, after the checks of flags and size", none_to_change},
    {"the list is empty", empty_list},
    {"a name without bytes or with more than 255 is ERANGE", bad_names},
};

int main(void)
{
    return ktap_run(tests, COUNT(tests), NULL);
}
