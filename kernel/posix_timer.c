// SPDX-License-Identifier: MIT
#include "kernel/posix_timer.h"

#include <linux/time.h>

#include "arch/clock.h"
#include "arch/types.h"
#include "arch/usercopy.h"
#include "kernel/alarm.h"
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
    uint64_t due;      /* in clock_monotonic_ns(); 0: not armed */
    uint64_t interval; /* ns; 0: once */
    bool waits;        /* for its signal to be taken */
    int overrun;       /* how often it had expired beyond the first time, at the last signal */
};

/* ---- expiring ---- */

/* Moves on to the next expiry behind now, if there is one. Returns how many have been. */
static uint64_t forward(struct posix_timer *timer, uint64_t now)
{
    uint64_t times = 1;

    if (!timer->due || timer->due > now)
        return 0;
    if (timer->interval) {
        times = (now - timer->due) / timer->interval + 1;
        timer->due += times * timer->interval;
    } else {
        timer->due = 0;
    }
    return times;
}

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

    timer->waits = send(timer);
    if (timer->waits)
        return;
    forward(timer, now);
    if (timer->due)
        alarm_set(alarm, timer->due > now + TICK_NS ? timer->due : now + TICK_NS);
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
    uint64_t missed = forward(timer, clock_monotonic_ns()) - 1;
    timer->waits = false;
    timer->overrun = missed < INT32_MAX ? (int)missed : INT32_MAX;
    info->si_overrun = timer->overrun;
    alarm_set(&timer->alarm, timer->due);
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

static bool is_clock(int clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME;
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

SYSCALL3(timer_create, int, clock, uintptr_t, user_event, uintptr_t, user_id)
{
    struct posix_timers *timers = &current_process()->posix_timers;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct posix_timer *timer;

    if (user_event && copy_from_user(&event, user_event, sizeof(event)))
        return -EFAULT;
    if (!is_clock(clock) || !is_sound(&event))
        return -EINVAL;
    if (!user_event)
        event.sigev_value.sival_int = timers->next_id;
    if (copy_to_user(user_id, &timers->next_id, sizeof(timers->next_id)))
        return -EFAULT;
    timer = timers->count < TIMERS_MAX ? kzalloc(sizeof(*timer)) : NULL;
    if (!timer)
        return -EAGAIN;
    timer->alarm.ring = ring;
    timer->process = current_process();
    timer->clock = clock;
    timer->event = event;
    timer->id = timers->next_id;
    timers->next_id = timers->next_id < INT32_MAX ? timers->next_id + 1 : 0;
    timers->count++;
    TAILQ_INSERT_TAIL(&timers->list, timer, link);
    return 0;
}

/* Nanoseconds to the next expiry: never 0 while one is to come that is told. */
static uint64_t remaining(const struct posix_timer *timer)
{
    struct posix_timer moved = *timer;
    uint64_t now = clock_monotonic_ns();

    if (timer->waits || timer->event.sigev_notify == SIGEV_NONE)
        forward(&moved, now);
    if (!moved.due)
        return 0;
    return moved.due > now ? moved.due - now : 1;
}

SYSCALL2(timer_gettime, int, id, uintptr_t, value)
{
    const struct posix_timer *timer = find(id);

    return timer ? time_interval_to_user(value, timer->interval, remaining(timer)) : -EINVAL;
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
    timer->due = value ? time_due(timer->clock, value, flags & TIMER_ABSTIME) : 0;
    timer->interval = value ? interval : 0;
    timer->waits = false;
    timer->overrun = 0;
    alarm_set(&timer->alarm, timer->event.sigev_notify == SIGEV_NONE ? 0 : timer->due);
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
