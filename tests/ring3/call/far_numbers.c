// SPDX-License-Identifier: MIT
/* Numbers at the far ends of their types, for which there is no room in what is made of them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <linux/time_types.h>
#include <stdint.h>
#include <sys/stat.h>

#include "tests/ring3/scratch.h"

#define SETTABLE_SECONDS (INT64_MAX / 1000000000 - 30l * 365 * 24 * 3600) /* Linux's limit */

static const char *const names[] = {"file"};

/* Linux's file systems keep more or fewer seconds, 32 bits of them at least. */
static void expect_times(int64_t seconds, int64_t nanoseconds)
{
    struct __kernel_timespec times[2] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
    struct stat status;

    EXPECT_SUCCESS(syscall(__NR_utimensat, AT_FDCWD, "file", times, 0));
    EXPECT_SUCCESS(stat("file", &status));
    EXPECT_EQUAL(status.st_mtime, status.st_atime);
    EXPECT_EQUAL((int64_t)status.st_mtime < 0, seconds < 0);
    EXPECT(seconds < 0 ? (int64_t)status.st_mtime <= INT32_MIN : status.st_mtime >= INT32_MAX);
}

static void times_of_files(void)
{
    close(open("file", O_WRONLY | O_CREAT, 0600));
    expect_times(INT64_MAX, 999999999);
    expect_times(INT64_MIN, 0);
    expect_times(INT64_MAX / 1000000000, 999999999);
    expect_times(INT64_MIN / 1000000000, 1);
    expect_times(INT64_MIN / 1000000000 - 1, 1);
}

static void time_of_day(void)
{
    struct __kernel_timespec far = {.tv_sec = SETTABLE_SECONDS};

    EXPECT_ERROR(syscall(__NR_clock_settime, 0, &far), EINVAL);
    far.tv_sec = INT64_MAX;
    EXPECT_ERROR(syscall(__NR_clock_settime, 0, &far), EINVAL);
}

/* The highest six bits are the logarithm of a page's size, and the highest of all is in none. */
static void mapping_flags(void)
{
    unsigned int flags = MAP_SHARED_VALIDATE | MAP_HUGE_2MB | MAP_HUGE_1GB;
    int file = open("file", O_RDWR);
    void *place = mmap(NULL, PAGE, PROT_READ, (int)flags, file, 0);

    EXPECT(place != MAP_FAILED);
    EXPECT_SUCCESS(munmap(place, PAGE));
    flags |= (unsigned int)MAP_HUGE_MASK << MAP_HUGE_SHIFT;
    EXPECT(mmap(NULL, PAGE, PROT_READ, (int)flags, file, 0) == MAP_FAILED && errno == EOPNOTSUPP);
    close(file);
}

static const struct ktap_test tests[] = {
    {"a file has the first or the last time that there is for it", times_of_files},
    {"a mapping to be validated may name the sizes of large pages", mapping_flags},
    {"the clock is set to no time that cannot be counted on from", time_of_day},
};

int main(void)
{
    probe_init();
    return run_in_scratch(tests, COUNT(tests), names, COUNT(names));
}
