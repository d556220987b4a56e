// SPDX-License-Identifier: MIT
/*
 * Timers by timer_create(): their signals, how often they expire unseen, and whose they are.
 */
#include <linux/time_types.h>

#include "tests/ring3/ring3.h"

#define MILLISECOND      1000000LL
#define CLOCK_REALTIME_  0
#define CLOCK_MONOTONIC_ 1
#define ABSOLUTE         1 /* TIMER_ABSTIME */
#define SIGNAL           40
#define LIMIT_SECONDS    10
#define UNKNOWN_TIMER    4711

/* The kernel's struct sigevent, whose names differ between C libraries. */
struct event {
    union {
        int number;
        void *pointer;
    } value;
    int signal;
    int notify;
    int thread;
    int unused[11];
};

_Static_assert(sizeof(struct event) == 64, "SIGEV_MAX_SIZE");

#define NOTIFY_SIGNAL 0
#define NOTIFY_NONE   1
#define NOTIFY_THREAD 4 /* SIGEV_THREAD_ID */

/* The kernel's siginfo of a timer. */
struct timer_info {
    int signal, error, code, unused;
    int timer, overrun, value;
    char rest[128 - 7 * sizeof(int)];
};

static long create(int clock, const struct event *event, int *timer)
{
    return syscall(__NR_timer_create, clock, event, timer);
}

/* A timer that sends SIGNAL with a number. */
static int timer_with(int clock, int number)
{
    struct event event = {.value.number = number, .signal = SIGNAL, .notify = NOTIFY_SIGNAL};
    int timer = -1;

    EXPECT_SUCCESS(create(clock, &event, &timer));
    return timer;
}

static struct __kernel_timespec to_time(long long ns)
{
    return (struct __kernel_timespec){ns / 1000000000, ns % 1000000000};
}

static long set(int timer, int flags, long long value, long long interval)
{
    struct __kernel_itimerspec times = {to_time(interval), to_time(value)};

    return syscall(__NR_timer_settime, timer, flags, &times, NULL);
}

/* Nanoseconds to its next expiry, or -1. */
static long long time_left(int timer)
{
    struct __kernel_itimerspec times;

    if (syscall(__NR_timer_gettime, timer, &times) != 0)
        return -1;
    return times.it_value.tv_sec * 1000000000 + times.it_value.tv_nsec;
}

static void remove_timer(int timer)
{
    EXPECT_SUCCESS(syscall(__NR_timer_delete, timer));
}

static void sleep_ms(int milliseconds)
{
    struct __kernel_timespec time = to_time(milliseconds * MILLISECOND);

    EXPECT_SUCCESS(syscall(__NR_nanosleep, &time, NULL));
}

static void block(int signal)
{
    uint64_t set = UINT64_C(1) << (signal - 1);

    EXPECT_SUCCESS(syscall(__NR_rt_sigprocmask, SIG_BLOCK, &set, NULL, sizeof(set)));
}

/* Waits for a blocked signal; its number, or -1 if none came in so many seconds. */
static long take(int signal, struct timer_info *info, int seconds)
{
    uint64_t set = UINT64_C(1) << (signal - 1);
    struct __kernel_timespec limit = {seconds, 0};

    memset(info, 0, sizeof(*info));
    return syscall(__NR_rt_sigtimedwait, &set, info, &limit, sizeof(set));
}

static void signal_with_value(void)
{
    static const int clocks[] = {CLOCK_REALTIME_, CLOCK_MONOTONIC_};
    struct timer_info info;

    block(SIGNAL);
    for (unsigned int i = 0; i < COUNT(clocks); i++) {
        int timer = timer_with(clocks[i], 77);
        EXPECT_EQUAL(time_left(timer), 0);
        EXPECT_SUCCESS(set(timer, 0, 3 * MILLISECOND, 0));
        EXPECT_EQUAL(take(SIGNAL, &info, LIMIT_SECONDS), SIGNAL);
        EXPECT_EQUAL(info.code, SI_TIMER);
        EXPECT_EQUAL(info.timer, timer);
        EXPECT_EQUAL(info.value, 77);
        EXPECT_EQUAL(info.overrun, 0);
        EXPECT_EQUAL(time_left(timer), 0);
        remove_timer(timer);
    }
}

static void without_event(void)
{
    struct timer_info info;
    int timer = -1;

    block(SIGALRM);
    EXPECT_SUCCESS(create(CLOCK_MONOTONIC_, NULL, &timer));
    EXPECT_SUCCESS(set(timer, 0, MILLISECOND, 0));
    EXPECT_EQUAL(take(SIGALRM, &info, LIMIT_SECONDS), SIGALRM);
    EXPECT_EQUAL(info.value, timer);
    remove_timer(timer);
}

/* However long it takes until the signal is looked at: one comes, with the number of the others. */
static void overrun(void)
{
    int timer = timer_with(CLOCK_MONOTONIC_, 1);
    struct timer_info info;

    block(SIGNAL);
    EXPECT_EQUAL(syscall(__NR_timer_getoverrun, timer), 0);
    EXPECT_SUCCESS(set(timer, 0, MILLISECOND, MILLISECOND));
    sleep_ms(30);
    EXPECT_EQUAL(take(SIGNAL, &info, LIMIT_SECONDS), SIGNAL);
    EXPECT(info.overrun >= 28);
    EXPECT_EQUAL(syscall(__NR_timer_getoverrun, timer), info.overrun);
    EXPECT_EQUAL(take(SIGNAL, &info, LIMIT_SECONDS), SIGNAL);
    EXPECT_SUCCESS(set(timer, 0, 0, MILLISECOND));
    EXPECT_EQUAL(time_left(timer), 0);
    take(SIGNAL, &info, 0);
    remove_timer(timer);
}

/* Costs nobody the machine, whether the signal is blocked or ignored. */
static void shortest_interval(void)
{
    struct event ignored = {.signal = SIGWINCH, .notify = NOTIFY_SIGNAL};
    int timer = timer_with(CLOCK_MONOTONIC_, 1);
    struct timer_info info;
    int other = -1;

    block(SIGNAL);
    EXPECT_SUCCESS(create(CLOCK_MONOTONIC_, &ignored, &other));
    EXPECT_SUCCESS(set(other, 0, 1, 1));
    EXPECT_SUCCESS(set(timer, 0, 1, 1));
    sleep_ms(5);
    EXPECT_EQUAL(take(SIGNAL, &info, LIMIT_SECONDS), SIGNAL);
    EXPECT(info.overrun > 4000000);
    remove_timer(timer);
    remove_timer(other);
    take(SIGNAL, &info, 0);
}

static void no_signal(void)
{
    struct event event = {.notify = NOTIFY_NONE};
    int timer = -1;

    EXPECT_SUCCESS(create(CLOCK_MONOTONIC_, &event, &timer));
    EXPECT_SUCCESS(set(timer, 0, 1000000 * MILLISECOND, 0));
    EXPECT(time_left(timer) > 900000 * MILLISECOND);
    EXPECT(time_left(timer) <= 1000000 * MILLISECOND);
    EXPECT_SUCCESS(set(timer, 0, MILLISECOND, 0));
    sleep_ms(2);
    EXPECT_EQUAL(time_left(timer), 0);
    EXPECT_SUCCESS(set(timer, 0, MILLISECOND, 1000000 * MILLISECOND));
    sleep_ms(2);
    EXPECT(time_left(timer) > 900000 * MILLISECOND);
    remove_timer(timer);
}

static void moments(void)
{
    static const int clocks[] = {CLOCK_REALTIME_, CLOCK_MONOTONIC_};
    struct __kernel_timespec now;
    struct timer_info info;

    block(SIGNAL);
    for (unsigned int i = 0; i < COUNT(clocks); i++) {
        int timer = timer_with(clocks[i], 1);
        EXPECT_SUCCESS(set(timer, ABSOLUTE, 1, 0)); /* long ago */
        EXPECT_EQUAL(take(SIGNAL, &info, LIMIT_SECONDS), SIGNAL);
        EXPECT_SUCCESS(syscall(__NR_clock_gettime, clocks[i], &now));
        EXPECT_SUCCESS(set(timer, ABSOLUTE, (now.tv_sec + 1000) * 1000000000, 0));
        EXPECT(time_left(timer) > 900000 * MILLISECOND);
        EXPECT(time_left(timer) <= 1000000 * MILLISECOND);
        remove_timer(timer);
    }
}

/* The thread's own queue is looked at first: so the one that was sent later comes first. */
static void to_a_thread(void)
{
    struct event event = {.signal = SIGNAL, .notify = NOTIFY_THREAD};
    struct timer_info info;
    int timer = -1;

    block(SIGNAL);
    event.thread = (int)syscall(__NR_gettid);
    EXPECT_SUCCESS(create(CLOCK_MONOTONIC_, &event, &timer));
    EXPECT_SUCCESS(syscall(__NR_kill, getpid(), SIGNAL));
    EXPECT_SUCCESS(set(timer, 0, MILLISECOND, 0));
    while (time_left(timer) > 0) /* it has not expired, or its CPU has not looked */
        sleep_ms(1);
    EXPECT_EQUAL(take(SIGNAL, &info, LIMIT_SECONDS), SIGNAL);
    EXPECT_EQUAL(info.code, SI_TIMER);
    EXPECT_EQUAL(take(SIGNAL, &info, LIMIT_SECONDS), SIGNAL);
    EXPECT_EQUAL(info.code, SI_USER);
    remove_timer(timer);
    event.thread = getppid();
    EXPECT_ERROR(create(CLOCK_MONOTONIC_, &event, &timer), EINVAL);
}

static void not_of_a_child(void)
{
    int timer = timer_with(CLOCK_MONOTONIC_, 1);
    int status = -1;
    pid_t child = fork();

    if (child == 0)
        _exit(time_left(timer) == -1 && errno == EINVAL ? 0 : 1);
    EXPECT_EQUAL(waitpid(child, &status, 0), child);
    EXPECT_EQUAL(status, 0);
    EXPECT_EQUAL(time_left(timer), 0);
    remove_timer(timer);
}

static void refused(void)
{
    struct event event = {.signal = SIGNAL, .notify = NOTIFY_SIGNAL};
    int timer = timer_with(CLOCK_MONOTONIC_, 1);
    int other;

    EXPECT_ERROR(create(99, &event, &other), EINVAL);
    EXPECT_ERROR(create(CLOCK_MONOTONIC_, &event, NULL), EFAULT);
    EXPECT_ERROR(create(CLOCK_MONOTONIC_, (const struct event *)8, &other), EFAULT);
    event.signal = 65;
    EXPECT_ERROR(create(CLOCK_MONOTONIC_, &event, &other), EINVAL);
    event.signal = 0;
    EXPECT_ERROR(create(CLOCK_MONOTONIC_, &event, &other), EINVAL);
    event.notify = 99;
    EXPECT_ERROR(create(CLOCK_MONOTONIC_, &event, &other), EINVAL);
    EXPECT_ERROR(set(UNKNOWN_TIMER, 0, 1, 0), EINVAL);
    EXPECT_ERROR(set(timer, 0, -1, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_timer_settime, timer, 0, NULL, NULL), EINVAL);
    EXPECT_ERROR(syscall(__NR_timer_settime, timer, 0, 8, NULL), EFAULT);
    EXPECT_ERROR(syscall(__NR_timer_gettime, timer, 8), EFAULT);
    remove_timer(timer);
    EXPECT_ERROR(syscall(__NR_timer_gettime, timer, &event), EINVAL);
    EXPECT_ERROR(syscall(__NR_timer_getoverrun, timer), EINVAL);
    EXPECT_ERROR(syscall(__NR_timer_delete, timer), EINVAL);
}

static const struct ktap_test tests[] = {
    {"a signal with its value, once", signal_with_value},
    {"no event: SIGALRM, and the timer as its value", without_event},
    {"what expires before the signal is taken is counted", overrun},
    {"an interval of a nanosecond", shortest_interval},
    {"SIGEV_NONE: to be looked at", no_signal},
    {"TIMER_ABSTIME", moments},
    {"SIGEV_THREAD_ID: the signal is the thread's", to_a_thread},
    {"a child does not inherit them", not_of_a_child},
    {"what is refused", refused},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
