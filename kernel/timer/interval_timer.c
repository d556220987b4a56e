// SPDX-License-Identifier: MIT
/* Interval timers (setitimer, alarm), and the limit on CPU time. */
#include "kernel/timer/interval_timer.h"

#include <asm/errno.h>
#include <linux/resource.h>
#include <linux/time.h>

#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/signal/signal.h"
#include "kernel/task/poller.h"
#include "kernel/task/state.h"
#include "kernel/time/time.h"
#include "kernel/usage/usage.h"

#define TIMERS 3 /* ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF */

struct interval_timer {
    uint64_t due;      /* on its clock, which is the task's own for two of three; 0: not armed */
    uint64_t interval; /* ns; 0: once */
};

PROCESS_STATE(struct interval_timer[TIMERS], process_timers);

static struct interval_timer *timers_of(const struct process *process)
{
    return *process_state(process, process_timers);
}

/* Signals of ITIMER_REAL, ITIMER_VIRTUAL and ITIMER_PROF. */
static const int timer_signals[TIMERS] = {SIGALRM, SIGVTALRM, SIGPROF};

/* What a timer goes by: the last two by the time that the process runs, in ring 3 or not. */
static uint64_t timer_clock(const struct process *process, int which)
{
    return which == ITIMER_REAL ? clock_monotonic_ns() : process_cpu_ns(process);
}

static void check_timer(struct process *process, int which)
{
    struct interval_timer *timer = &timers_of(process)[which];
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
        uint64_t due = timers_of(process)[ITIMER_REAL].due;
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
    const struct interval_timer *timer = &timers_of(current_process())[which];
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
    const struct interval_timer *timer = &timers_of(current_process())[which];

    return (struct timer_value){to_timeval(timer->interval), to_timeval(remaining_ns(which))};
}

static void set_timer(int which, uint64_t value, uint64_t interval)
{
    if (!value && which == ITIMER_REAL) /* the others keep theirs, as on Linux */
        interval = 0;
    timers_of(current_process())[which] = (struct interval_timer){
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
