// SPDX-License-Identifier: MIT
/*
 * clock_settime: what waits for a moment of CLOCK_REALTIME goes by the clock as it is set, and what
 * waits for a time to pass does not.
 */
#include <asm/poll.h>
#include <fcntl.h>
#include <linux/time_types.h>
#include <sys/stat.h>

#include "tests/ring3/ring3.h"

#define CLOCK_REALTIME_ 0
#define ABSOLUTE        1 /* TIMER_ABSTIME, TFD_TIMER_ABSTIME */
#define SIGNAL          40
#define LIMIT_SECONDS   10
#define LONG_SECONDS    5000

static long long real_seconds(void)
{
    struct __kernel_timespec now;

    syscall(__NR_clock_gettime, CLOCK_REALTIME_, &now);
    return now.tv_sec;
}

static void move_clock(long long seconds)
{
    struct __kernel_timespec now;

    syscall(__NR_clock_gettime, CLOCK_REALTIME_, &now);
    now.tv_sec += seconds;
    EXPECT_SUCCESS(syscall(__NR_clock_settime, CLOCK_REALTIME_, &now));
}

static struct __kernel_itimerspec in_a_long_time(int flags)
{
    long long start = flags & ABSOLUTE ? real_seconds() : 0;

    return (struct __kernel_itimerspec){.it_value = {.tv_sec = start + LONG_SECONDS}};
}

/* Whether the blocked signal comes in so many seconds. */
static bool comes(int seconds)
{
    uint64_t set = UINT64_C(1) << (SIGNAL - 1);
    struct __kernel_timespec limit = {.tv_sec = seconds};

    return syscall(__NR_rt_sigtimedwait, &set, NULL, &limit, sizeof(set)) == SIGNAL;
}

static void timers(void)
{
    struct sigevent event = {.sigev_signo = SIGNAL, .sigev_notify = SIGEV_SIGNAL};
    struct __kernel_itimerspec times, left;
    uint64_t set = UINT64_C(1) << (SIGNAL - 1);
    int timer;

    EXPECT_SUCCESS(syscall(__NR_rt_sigprocmask, SIG_BLOCK, &set, NULL, sizeof(set)));
    EXPECT_SUCCESS(syscall(__NR_timer_create, CLOCK_REALTIME_, &event, &timer));
    times = in_a_long_time(0);
    EXPECT_SUCCESS(syscall(__NR_timer_settime, timer, 0, &times, NULL));
    move_clock(2 * LONG_SECONDS);
    EXPECT(!comes(0));
    times = in_a_long_time(ABSOLUTE);
    EXPECT_SUCCESS(syscall(__NR_timer_settime, timer, ABSOLUTE, &times, NULL));
    move_clock(-LONG_SECONDS);
    EXPECT_SUCCESS(syscall(__NR_timer_gettime, timer, &left));
    EXPECT(left.it_value.tv_sec > LONG_SECONDS + LONG_SECONDS / 2);
    EXPECT(!comes(0));
    move_clock(3 * LONG_SECONDS);
    EXPECT(comes(LIMIT_SECONDS));
    move_clock(-4 * LONG_SECONDS);
    EXPECT_SUCCESS(syscall(__NR_timer_delete, timer));
}

static void timer_files(void)
{
    struct __kernel_itimerspec times = in_a_long_time(ABSOLUTE), left;
    int file = (int)syscall(__NR_timerfd_create, CLOCK_REALTIME_, 0);
    struct pollfd poll_file = {.fd = file, .events = POLLIN};

    EXPECT_SUCCESS(syscall(__NR_timerfd_settime, file, ABSOLUTE, &times, NULL));
    EXPECT_EQUAL(syscall(__NR_poll, &poll_file, 1, 0), 0);
    move_clock(-LONG_SECONDS);
    EXPECT_SUCCESS(syscall(__NR_timerfd_gettime, file, &left));
    EXPECT(left.it_value.tv_sec > LONG_SECONDS + LONG_SECONDS / 2);
    move_clock(3 * LONG_SECONDS);
    EXPECT_EQUAL(syscall(__NR_poll, &poll_file, 1, LIMIT_SECONDS * 1000), 1);
    move_clock(-2 * LONG_SECONDS);
    close(file);
}

static void sleepers(void)
{
    struct __kernel_itimerspec until = in_a_long_time(ABSOLUTE);
    int status = 0;
    pid_t child = fork();

    if (!child)
        _exit(syscall(__NR_clock_nanosleep, CLOCK_REALTIME_, ABSOLUTE, &until.it_value, NULL) != 0);
    usleep(100000); /* it sleeps by then; if not, its sleep is short from the start */
    move_clock(-LONG_SECONDS);
    EXPECT_EQUAL(waitpid(child, &status, WNOHANG), 0);
    move_clock(3 * LONG_SECONDS);
    EXPECT_EQUAL(waitpid(child, &status, 0), child);
    EXPECT_EQUAL(status, 0);
    move_clock(-2 * LONG_SECONDS);
}

static void files(void)
{
    struct stat status;

    move_clock(LONG_SECONDS);
    int file = open("/tmp/clock_set", O_CREAT | O_RDWR, 0600);
    EXPECT_SUCCESS(fstat(file, &status));
    EXPECT(real_seconds() - status.st_mtime < LONG_SECONDS / 2);
    move_clock(-LONG_SECONDS);
    close(file);
    unlink("/tmp/clock_set");
}

static const struct ktap_test tests[] = {
    {"timers by moments of it", timers},
    {"timerfd", timer_files},
    {"clock_nanosleep", sleepers},
    {"the times of files", files},
};

/* Linux's own time is not a test's to change. */
int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), is_latchkey() ? NULL : "not on Linux");
}
