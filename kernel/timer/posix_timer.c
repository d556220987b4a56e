// SPDX-License-Identifier: MIT
/*
 * A process's timers by timer_create(2): any number, each with a clock and a signal of its own.
 *
 * While the signal of one waits to be taken the timer is at rest, as on Linux: how often it has
 * expired meanwhile is found when the signal is taken. So a short interval costs nothing while
 * nobody looks. The kernel lock guards them.
 */
#include <bsd/sys/queue.h>
#include <linux/time.h>

#include "arch/cpu/types.h"
#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/task/process.h"
#include "kernel/task/sched.h"
#include "kernel/task/state.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "kernel/timer/alarm.h"
#include "kernel/timer/cpu_clock.h"
#include "kernel/timer/due.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

#define TIMERS_MAX 1024 /* of a process; Linux counts them by RLIMIT_SIGPENDING */

struct posix_timer {
    LIST_ENTRY(posix_timer) link; /* in its process's list */
    struct alarm alarm;           /* on while it is armed, and no signal of its own waits */
    struct process *process;
    int id, clock;
    struct sigevent event;
    struct time_due due; /* by a clock of CPU time: on that */
    uint64_t interval;   /* ns; 0: once */
    bool waits;          /* for its signal to be taken */
    int overrun;         /* how often it had expired beyond the first time, at the last signal */
};

struct posix_timers {
    LIST_HEAD(, posix_timer) list;
    unsigned int count;
    int next_id;
};

PROCESS_STATE(struct posix_timers, process_posix_timers);

static struct posix_timers *timers_of(const struct process *process)
{
    return process_state(process, process_posix_timers);
}

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

static bool holds_signal_of(const struct signal_queue *queue, int timer)
{
    const struct pending_signal *pending;

    TAILQ_FOREACH (pending, &queue->list, link)
        if (pending->info.si_code == SI_TIMER && pending->info.si_tid == timer)
            return true;
    return false;
}

/* Whether a signal of a timer waits for a process or one of its threads. */
static bool signal_of_timer_waits(const struct process *process, int timer)
{
    const struct task *thread;

    TAILQ_FOREACH (thread, &process->threads, thread)
        if (holds_signal_of(&thread->signals.pending, timer))
            return true;
    return holds_signal_of(&process->pending, timer);
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
        signal_send_process_info(timer->process->leader, &info);
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

    LIST_FOREACH (timer, &timers_of(current_process())->list, link)
        if (timer->id == id)
            return timer;
    return NULL;
}

/* si_overrun is filled in, and the timer that sent the signal goes on. */
static void go_on(siginfo_t *info)
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

ATTACH(timer_signal_is_taken, go_on);

static void remove_timer(struct posix_timer *timer)
{
    struct posix_timers *timers = timers_of(timer->process);

    alarm_set(&timer->alarm, 0);
    LIST_REMOVE(timer, link);
    timers->count--;
    kfree(timer);
}

static void delete_all(struct process *process)
{
    struct posix_timer *timer;

    while ((timer = LIST_FIRST(&timers_of(process)->list)))
        remove_timer(timer);
    timers_of(process)->next_id = 0;
}

ATTACH(process_ends, delete_all);

static void delete_at_exec(struct task *task, const struct exec_facts *facts)
{
    (void)facts;
    delete_all(task->process);
}

ATTACH(exec_commits, delete_at_exec);

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
    struct posix_timers *timers = timers_of(current_process());
    struct posix_timer *timer = timers->count < TIMERS_MAX ? kzalloc(sizeof(*timer)) : NULL;

    if (!timer)
        return -EAGAIN;
    timer->alarm.ring = ring;
    timer->process = current_process();
    timer->clock = cpu_clock_is(clock) ? cpu_clock_for_all(clock) : clock;
    timer->event = *event;
    timer->id = id;
    timers->count++;
    LIST_INSERT_HEAD(&timers->list, timer, link);
    return 0;
}

/* A number is used up by a timer that could not be made, too, but for want of its clock. */
SYSCALL3(timer_create, int, clock, uintptr_t, user_event, uintptr_t, user_id)
{
    int *next_id = &timers_of(current_process())->next_id;
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
