// SPDX-License-Identifier: MIT
#include "kernel/posix_timer.h"

#include <linux/time.h>

#include "arch/clock.h"
#include "arch/types.h"
#include "arch/usercopy.h"
#include "kernel/alarm.h"
#include "kernel/cpu_clock.h"
#include "kernel/process.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "libc/include/string.h"
#include "mm/slab.h"

#define TIMERS_MAX 1024 /* of a process; Linux counts them by RLIMIT_SIGPENDING */

struct posix_timer {
    TAILQ_ENTRY(posix_timer) link; /* in its process's list */
    struct alarm alarm;            /* on while it is armed, and no signal of its own waits */
    struct process *process;
    int id, clock;
    struct sigevent event;
    struct time_due due; /* by a clock of CPU time: on that */
    uint64_t interval;   /* ns; 0: once */
    bool waits;          /* for its signal to be taken */
    int overrun;         /* how often it had expired beyond the first time, at the last signal */
};

/* ---- the clock ---- */

/* The clock of a thread or process that is gone has gone back to 0, and stands. */
static uint64_t now_of(const struct posix_timer *timer)
{
    uint64_t ns;

    if (!cpu_clock_is(timer->clock))
        return time_now_for(&timer->due);
    return cpu_clock_read(timer->process, timer->clock, &ns) ? 0 : ns;
}

/* CPU time passes no faster than on all CPUs; one look a tick is as good as Linux's. */
static void set_alarm(struct posix_timer *timer)
{
    uint64_t due = timer->due.at ? time_alarm_for(&timer->due) : 0;

    if (due && cpu_clock_is(timer->clock)) {
        uint64_t now = now_of(timer);
        uint64_t left = due > now ? (due - now) / cpu_count : 0;
        due = clock_monotonic_ns() + (left > TICK_NS ? left : TICK_NS);
    }
    alarm_set(&timer->alarm, due);
}

/* ---- expiring ---- */

/* Whether its signal waits now. Not if it is ignored, its thread is gone, or there is no memory. */
static bool send(const struct posix_timer *timer)
{
    const struct sigevent *event = &timer->event;
    siginfo_t info = {.si_signo = event->sigev_signo, .si_code = SI_TIMER};

    if (signal_of_timer_waits(timer->process, timer->id)) /* since before it was set anew */
        return true;
    info.si_tid = timer->id;
    info.si_value = event->sigev_value;
    if (event->sigev_notify & SIGEV_THREAD_ID) {
        struct task *thread = task_find(event->_sigev_un._tid);
        if (thread && thread->process == timer->process)
            signal_send_info(thread, &info);
    } else {
        signal_send_process_info(timer->process, &info);
    }
    return signal_of_timer_waits(timer->process, timer->id);
}

/* If nobody waits for the signal the next comes with a tick at the earliest: it costs time here. */
static void ring(struct alarm *alarm, uint64_t now)
{
    struct posix_timer *timer = container_of(alarm, struct posix_timer, alarm);

    timer->waits = timer->due.at <= now_of(timer) && send(timer);
    if (timer->waits)
        return;
    time_forward(&timer->due, timer->interval, now_of(timer));
    set_alarm(timer);
    if (alarm->due && alarm->due < now + TICK_NS)
        alarm_set(alarm, now + TICK_NS);
}

static struct posix_timer *find(int id)
{
    struct posix_timer *timer;

    TAILQ_FOREACH (timer, &current_process()->posix_timers.list, link)
        if (timer->id == id)
            return timer;
    return NULL;
}

void posix_timer_taken(siginfo_t *info)
{
    struct posix_timer *timer = find(info->si_tid);

    if (!timer || !timer->waits)
        return;
    uint64_t times = time_forward(&timer->due, timer->interval, now_of(timer));
    timer->waits = false;
    timer->overrun = times > INT32_MAX ? INT32_MAX : times ? (int)times - 1 : 0;
    info->si_overrun = timer->overrun;
    set_alarm(timer);
}

static void remove_timer(struct posix_timer *timer)
{
    struct posix_timers *timers = &timer->process->posix_timers;

    alarm_set(&timer->alarm, 0);
    TAILQ_REMOVE(&timers->list, timer, link);
    timers->count--;
    kfree(timer);
}

void posix_timers_delete(struct process *process)
{
    struct posix_timer *timer;

    while ((timer = TAILQ_FIRST(&process->posix_timers.list)))
        remove_timer(timer);
    process->posix_timers.next_id = 0;
}

/* ---- the calls ---- */

static int check_clock(int clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI:
        return 0;
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC_COARSE:
        return -EOPNOTSUPP;
    case CLOCK_REALTIME_ALARM:
    case CLOCK_BOOTTIME_ALARM:
        return 0;
    default:
        return cpu_clock_is(clock) ? 0 : -EINVAL;
    }
}

/* What Linux finds out when it has looked at all else. */
static int check_clock_is_there(int clock)
{
    uint64_t now;

    if (time_wakes_the_board(clock))
        return -EOPNOTSUPP;
    return cpu_clock_is(clock) ? cpu_clock_read(current_process(), clock, &now) : 0;
}

static bool is_sound(const struct sigevent *event)
{
    const struct task *thread;

    switch (event->sigev_notify) {
    case SIGEV_NONE:
        return true;
    case SIGEV_SIGNAL | SIGEV_THREAD_ID:
        thread = task_find(event->_sigev_un._tid);
        if (!thread || thread->process != current_process())
            return false;
        break;
    case SIGEV_SIGNAL:
    case SIGEV_THREAD:
        break;
    default:
        return false;
    }
    return event->sigev_signo > 0 && event->sigev_signo <= SIGNAL_COUNT;
}

static int create(int clock, int id, const struct sigevent *event)
{
    struct posix_timers *timers = &current_process()->posix_timers;
    struct posix_timer *timer = timers->count < TIMERS_MAX ? kzalloc(sizeof(*timer)) : NULL;

    if (!timer)
        return -EAGAIN;
    timer->alarm.ring = ring;
    timer->process = current_process();
    timer->clock = cpu_clock_is(clock) ? cpu_clock_for_all(clock) : clock;
    timer->event = *event;
    timer->id = id;
    timers->count++;
    TAILQ_INSERT_TAIL(&timers->list, timer, link);
    return 0;
}

/* A number is used up by a timer that could not be made, too, but for want of its clock. */
SYSCALL3(timer_create, int, clock, uintptr_t, user_event, uintptr_t, user_id)
{
    int *next_id = &current_process()->posix_timers.next_id;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};

    if (user_event && copy_from_user(&event, user_event, sizeof(event)))
        return -EFAULT;
    int error = check_clock(clock);
    if (error)
        return error;
    int id = *next_id;
    *next_id = id < INT32_MAX ? id + 1 : 0;
    if (!is_sound(&event))
        return -EINVAL;
    if (!user_event)
        event.sigev_value.sival_int = id;
    if (copy_to_user(user_id, &id, sizeof(id)))
        return -EFAULT;
    error = check_clock_is_there(clock);
    return error ? error : create(clock, id, &event);
}

/* Nanoseconds to the next expiry: never 0 while one is to come that is told. */
static uint64_t remaining(const struct posix_timer *timer)
{
    struct time_due due = timer->due;
    uint64_t now = now_of(timer);

    if (timer->waits || timer->event.sigev_notify == SIGEV_NONE)
        time_forward(&due, timer->interval, now);
    if (!due.at)
        return 0;
    return due.at > now ? due.at - now : 1;
}

SYSCALL2(timer_gettime, int, id, uintptr_t, value)
{
    const struct posix_timer *timer = find(id);

    return timer ? time_interval_to_user(value, timer->interval, remaining(timer)) : -EINVAL;
}

static struct time_due due_of(const struct posix_timer *timer, uint64_t value, bool absolute)
{
    if (!value || !cpu_clock_is(timer->clock))
        return time_due_of(timer->clock, value, absolute);
    return (struct time_due){absolute ? value : now_of(timer) + value, false};
}

SYSCALL4(timer_settime, int, id, int, flags, uintptr_t, new_value, uintptr_t, old_value)
{
    uint64_t interval, value, old_interval, old_remaining;
    struct posix_timer *timer = find(id);
    int error = new_value ? time_interval_from_user(new_value, &interval, &value) : -EINVAL;

    if (error || !timer)
        return error ? error : -EINVAL;
    old_interval = timer->interval;
    old_remaining = remaining(timer);
    timer->due = due_of(timer, value, flags & TIMER_ABSTIME);
    timer->interval = value ? interval : 0;
    timer->waits = false;
    timer->overrun = 0;
    if (timer->event.sigev_notify == SIGEV_NONE)
        alarm_set(&timer->alarm, 0);
    else
        set_alarm(timer);
    return old_value ? time_interval_to_user(old_value, old_interval, old_remaining) : 0;
}

SYSCALL1(timer_getoverrun, int, id)
{
    const struct posix_timer *timer = find(id);

    return timer ? timer->overrun : -EINVAL;
}

SYSCALL1(timer_delete, int, id)
{
    struct posix_timer *timer = find(id);

    if (!timer)
        return -EINVAL;
    remove_timer(timer);
    return 0;
}
