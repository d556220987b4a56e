// SPDX-License-Identifier: MIT
/* System calls on time. */
#include "kernel/time.h"

#include <linux/capability.h>
#include <linux/resource.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <linux/times.h>

#include "arch/clock.h"
#include "arch/usercopy.h"
#include "kernel/alarm.h"
#include "kernel/cpu_clock.h"
#include "kernel/credentials.h"
#include "kernel/poller.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/vdso.h"

uint64_t time_realtime_ns(void)
{
    return vdso_realtime_offset() + clock_monotonic_ns();
}

uint64_t time_realtime_to_monotonic(uint64_t realtime)
{
    uint64_t boot = vdso_realtime_offset();

    return realtime > boot ? realtime - boot : 0;
}

int time_read_clock(int clock, uint64_t *ns)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI: /* nobody has told how many leap seconds there were */
        *ns = time_realtime_ns();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *ns = clock_monotonic_ns();
        return 0;
    case CLOCK_THREAD_CPUTIME_ID:
        *ns = sched_cpu_ns(current());
        return 0;
    default:
        return cpu_clock_read(current_process(), clock, ns);
    }
}

int time_to_user(uintptr_t address, uint64_t ns)
{
    struct __kernel_timespec time = {(long long)(ns / NS_PER_SECOND),
                                     (long long)(ns % NS_PER_SECOND)};

    return copy_to_user(address, &time, sizeof(time)) ? -EFAULT : 0;
}

PARALLEL_SYSCALL2(clock_gettime, int, clock, uintptr_t, address)
{
    uint64_t ns;
    int error = time_read_clock(clock, &ns);

    return error ? error : time_to_user(address, ns);
}

PARALLEL_SYSCALL2(clock_getres, int, clock, uintptr_t, address)
{
    uint64_t ns;
    int error = time_read_clock(clock, &ns);

    if (error || !address)
        return error;
    return time_to_user(address, cpu_clock_is_coarse(clock) ? TICK_NS : 1);
}

PARALLEL_SYSCALL2(gettimeofday, uintptr_t, address, uintptr_t, zone)
{
    uint64_t ns = time_realtime_ns();
    struct timeval time = {(long)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND / 1000)};
    struct timezone utc = {0, 0};

    if (address && copy_to_user(address, &time, sizeof(time)))
        return -EFAULT;
    return zone && copy_to_user(zone, &utc, sizeof(utc)) ? -EFAULT : 0;
}

PARALLEL_SYSCALL1(time, uintptr_t, address)
{
    long seconds = (long)(time_realtime_ns() / NS_PER_SECOND);

    if (address && copy_to_user(address, &seconds, sizeof(seconds)))
        return -EFAULT;
    return seconds;
}

static long resume_sleep(const struct restart *restart);

/* Sleeps until a moment of clock_monotonic_ns(). */
static long sleep_until(uint64_t deadline, uintptr_t remaining)
{
    int result = wait_event_until(NULL, NULL, NULL, deadline);

    if (result == -ETIMEDOUT)
        return 0;
    current()->restart = (struct restart){resume_sleep, deadline, .remaining = remaining};
    if (remaining) {
        uint64_t now = clock_monotonic_ns();
        if (time_to_user(remaining, deadline > now ? deadline - now : 0))
            return -EFAULT;
    }
    return -ERESTART_BLOCK;
}

static long resume_sleep(const struct restart *restart)
{
    return sleep_until(restart->deadline, restart->remaining);
}

PARALLEL_SYSCALL0(restart_syscall)
{
    const struct restart restart = current()->restart;

    current()->restart.resume = NULL;
    return restart.resume ? restart.resume(&restart) : -EINTR;
}

int time_from_user(uintptr_t address, uint64_t *ns)
{
    struct __kernel_timespec time;

    if (copy_from_user(&time, address, sizeof(time)))
        return -EFAULT;
    if (time.tv_sec < 0 || time.tv_nsec < 0 || (uint64_t)time.tv_nsec >= NS_PER_SECOND)
        return -EINVAL;
    uint64_t limit = UINT64_MAX / 2 / NS_PER_SECOND; /* some 290 years */
    uint64_t seconds = (uint64_t)time.tv_sec < limit ? (uint64_t)time.tv_sec : limit;
    *ns = seconds * NS_PER_SECOND + (uint64_t)time.tv_nsec;
    return 0;
}

/* Where the value lies in a struct __kernel_itimerspec, behind the interval. */
#define VALUE_OFFSET sizeof(struct __kernel_timespec)

int time_interval_from_user(uintptr_t address, uint64_t *interval, uint64_t *value)
{
    int error = time_from_user(address, interval);

    return error ? error : time_from_user(address + VALUE_OFFSET, value);
}

int time_interval_to_user(uintptr_t address, uint64_t interval, uint64_t value)
{
    int error = time_to_user(address, interval);

    return error ? error : time_to_user(address + VALUE_OFFSET, value);
}

static bool can_be_set(int clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

struct time_due time_due_of(int clock, uint64_t value, bool absolute)
{
    if (!value)
        return (struct time_due){0};
    if (!absolute)
        return (struct time_due){clock_monotonic_ns() + value, false};
    return (struct time_due){value, can_be_set(clock)};
}

uint64_t time_now_for(const struct time_due *due)
{
    return due->is_real ? time_realtime_ns() : clock_monotonic_ns();
}

uint64_t time_alarm_for(const struct time_due *due)
{
    uint64_t moment = due->is_real ? time_realtime_to_monotonic(due->at) : due->at;

    return moment ? moment : 1; /* long ago, and not "never" */
}

uint64_t time_forward(struct time_due *due, uint64_t interval, uint64_t now)
{
    uint64_t times = 1;

    if (!due->at || due->at > now)
        return 0;
    if (interval)
        times = (now - due->at) / interval + 1;
    due->at = interval ? due->at + times * interval : 0;
    return times;
}

bool time_wakes_the_board(int clock)
{
    return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

PARALLEL_SYSCALL2(nanosleep, uintptr_t, duration, uintptr_t, remaining)
{
    uint64_t ns;
    int error = time_from_user(duration, &ns);

    return error ? error : sleep_until(clock_monotonic_ns() + ns, remaining);
}

/* How often the clock was set, and who sleeps by it. */
static unsigned int times_set;
static struct wait_queue sleepers_by_clock = WAIT_QUEUE_INIT(sleepers_by_clock);

static bool was_set(void *seen)
{
    return __atomic_load_n(&times_set, __ATOMIC_ACQUIRE) != *(unsigned int *)seen;
}

static void tell_that_clock_was_set(uint64_t now)
{
    __atomic_add_fetch(&times_set, 1, __ATOMIC_RELEASE);
    wake_all(&sleepers_by_clock);
    alarm_ring_all(now);
}

/* Linux's, so that a clock that was set stays a number of 64 bits with a sign for 30 years more. */
#define SET_SECONDS_MAX (INT64_MAX / NS_PER_SECOND - 30ul * 365 * 24 * 3600)

/* The board's clock is left alone, so the time is lost with the power. */
SYSCALL2(clock_settime, int, clock, uintptr_t, address)
{
    uint64_t wanted;
    int error = time_from_user(address, &wanted);

    if (clock < 0 && error != -EFAULT) /* CPU time is nobody's to set */
        return cpu_clock_read(current_process(), clock, &wanted) ? -EINVAL : -EPERM;
    if (clock != CLOCK_REALTIME)
        return -EINVAL;
    if (error)
        return error;
    if (wanted / NS_PER_SECOND >= SET_SECONDS_MAX)
        return -EINVAL;
    if (!task_may(CAP_SYS_TIME))
        return -EPERM;
    uint64_t now = clock_monotonic_ns();
    if (wanted < now) /* Linux's rule: no boot before 1970 */
        return -EINVAL;
    vdso_set_realtime_offset(wanted - now);
    tell_that_clock_was_set(now);
    return 0;
}

/* Whenever the clock is set the moment is another. */
static long sleep_to_real_moment(const struct time_due *due)
{
    unsigned int seen;
    int result;

    do {
        seen = __atomic_load_n(&times_set, __ATOMIC_ACQUIRE);
        result = wait_event_until(&sleepers_by_clock, was_set, &seen, time_alarm_for(due));
    } while (result == 0);
    return result == -ETIMEDOUT ? 0 : -ERESTARTNOHAND;
}

/* Made again it goes by the clock as that is then. */
static long sleep_to_moment(uint64_t deadline)
{
    long result = sleep_until(deadline, 0);

    current()->restart.resume = NULL;
    return result == -ERESTART_BLOCK ? -ERESTARTNOHAND : result;
}

static bool may_sleep_by(int clock)
{
    return clock != CLOCK_THREAD_CPUTIME_ID && clock != CLOCK_MONOTONIC_RAW &&
           clock != CLOCK_REALTIME_COARSE && clock != CLOCK_MONOTONIC_COARSE;
}

PARALLEL_SYSCALL4(clock_nanosleep, int, clock, int, flags, uintptr_t, duration, uintptr_t,
                  remaining)
{
    uint64_t ns, now;
    int error;

    if (!may_sleep_by(clock))
        return -EOPNOTSUPP;
    error = time_wakes_the_board(clock) ? 0 : time_read_clock(clock, &now);
    if (!error)
        error = time_from_user(duration, &ns);
    if (!error && time_wakes_the_board(clock))
        error = -EOPNOTSUPP;
    if (!error && cpu_clock_is_own_thread(clock))
        error = -EINVAL;
    if (error)
        return error;
    if ((flags & TIMER_ABSTIME) && can_be_set(clock))
        return sleep_to_real_moment(&(struct time_due){ns, true});
    if (flags & TIMER_ABSTIME)
        return sleep_to_moment(clock_monotonic_ns() + (ns > now ? ns - now : 0));
    return sleep_until(clock_monotonic_ns() + ns, remaining);
}

/* ---- interval timers ---- */

/* Signals of ITIMER_REAL, ITIMER_VIRTUAL and ITIMER_PROF. */
static const int timer_signals[TIMERS] = {SIGALRM, SIGVTALRM, SIGPROF};

/* What a timer goes by: the last two by the time that the process runs, in ring 3 or not. */
static uint64_t timer_clock(const struct process *process, int which)
{
    return which == ITIMER_REAL ? clock_monotonic_ns() : process_cpu_ns(process);
}

static void check_timer(struct process *process, int which)
{
    struct interval_timer *timer = &process->timers[which];
    uint64_t now = timer->due ? timer_clock(process, which) : 0;

    if (!timer->due || timer->due > now)
        return;
    timer->due = timer->interval ? timer->due + timer->interval : 0;
    if (timer->due && timer->due <= now) /* missed some: they are not made up for */
        timer->due = now + timer->interval;
    signal_send_process(process, timer_signals[which]);
}

/* RLIMIT_CPU: SIGXCPU each second from the soft limit on, SIGKILL at the hard one. */
static void check_cpu_limit(struct process *process)
{
    struct rlimit64 *limit = &process->limits[RLIMIT_CPU];
    uint64_t seconds = process_cpu_ns(process) / NS_PER_SECOND;

    if (seconds == 0 || seconds < limit->rlim_cur)
        return;
    if (seconds >= limit->rlim_max) {
        signal_send_process(process, SIGKILL);
    } else {
        limit->rlim_cur = seconds + 1;
        signal_send_process(process, SIGXCPU);
    }
}

void time_check_timers(void)
{
    struct process *process;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        for (int i = 0; i < TIMERS; i++)
            check_timer(process, i);
        if (process->limits[RLIMIT_CPU].rlim_cur != RLIM64_INFINITY && !process->is_zombie)
            check_cpu_limit(process);
    }
}

uint64_t time_next_timer(void)
{
    struct process *process;
    uint64_t next = UINT64_MAX;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        uint64_t due = process->timers[ITIMER_REAL].due;
        if (due && due < next)
            next = due;
    }
    return next;
}

struct timer_value {
    struct timeval interval, value; /* struct itimerval */
};

static struct timeval to_timeval(uint64_t ns)
{
    return (struct timeval){(long)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND / 1000)};
}

static uint64_t remaining_ns(int which)
{
    const struct interval_timer *timer = &current_process()->timers[which];
    uint64_t now = timer_clock(current_process(), which);

    if (!timer->due)
        return 0;
    return timer->due > now + 1000 ? timer->due - now : 1000; /* armed is never 0 */
}

static bool is_sound(const struct timeval *time)
{
    return time->tv_sec >= 0 && time->tv_usec >= 0 && time->tv_usec < 1000000;
}

static uint64_t from_timeval(const struct timeval *time)
{
    uint64_t limit = UINT64_MAX / 4 / NS_PER_SECOND;
    uint64_t seconds = (uint64_t)time->tv_sec < limit ? (uint64_t)time->tv_sec : limit;

    return seconds * NS_PER_SECOND + (uint64_t)time->tv_usec * 1000;
}

static struct timer_value read_timer(int which)
{
    const struct interval_timer *timer = &current_process()->timers[which];

    return (struct timer_value){to_timeval(timer->interval), to_timeval(remaining_ns(which))};
}

static void set_timer(int which, uint64_t value, uint64_t interval)
{
    if (!value && which == ITIMER_REAL) /* the others keep theirs, as on Linux */
        interval = 0;
    current_process()->timers[which] = (struct interval_timer){
        value ? timer_clock(current_process(), which) + value : 0, interval};
    poller_rearm();
}

SYSCALL2(getitimer, int, which, uintptr_t, address)
{
    if (which < 0 || which >= TIMERS)
        return -EINVAL;
    struct timer_value value = read_timer(which);
    return copy_to_user(address, &value, sizeof(value)) ? -EFAULT : 0;
}

SYSCALL3(setitimer, int, which, uintptr_t, new_value, uintptr_t, old_value)
{
    struct timer_value value = {0};

    if (new_value && copy_from_user(&value, new_value, sizeof(value)))
        return -EFAULT;
    if (!is_sound(&value.value) || !is_sound(&value.interval))
        return -EINVAL;
    if (which < 0 || which >= TIMERS)
        return -EINVAL;
    struct timer_value old = read_timer(which);
    set_timer(which, from_timeval(&value.value), from_timeval(&value.interval));
    return old_value && copy_to_user(old_value, &old, sizeof(old)) ? -EFAULT : 0;
}

SYSCALL1(alarm, unsigned int, seconds)
{
    uint64_t left = remaining_ns(ITIMER_REAL);

    set_timer(ITIMER_REAL, seconds * NS_PER_SECOND, 0);
    return (long)((left + NS_PER_SECOND / 2) / NS_PER_SECOND + (left && left < NS_PER_SECOND / 2));
}

#define CLOCK_TICK_NS (NS_PER_SECOND / 100) /* AT_CLKTCK */

SYSCALL1(times, uintptr_t, address)
{
    struct tms times = {0};
    uint64_t now = clock_monotonic_ns();

    times.tms_utime = (long)(process_cpu_ns(current_process()) / CLOCK_TICK_NS);
    times.tms_cutime = (long)(current_process()->children_usage.cpu_ns / CLOCK_TICK_NS);
    if (address && copy_to_user(address, &times, sizeof(times)))
        return -EFAULT;
    return (long)(now / CLOCK_TICK_NS);
}
