// SPDX-License-Identifier: MIT
/*
 * timerfd: a timer as a file. A read takes how often it has expired since the last one.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <linux/capability.h>
#include <linux/time.h>
#include <linux/timerfd.h>

#include "arch/cpu/types.h"
#include "arch/mmu/usercopy.h"
#include "fs/open/anonymous.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/time/time.h"
#include "kernel/timer/alarm.h"
#include "kernel/timer/due.h"
#include "kernel/user/credentials.h"
#include "mm/page/slab.h"

struct timer {
    struct alarm alarm;
    int clock;
    struct time_due due;
    uint64_t interval;    /* ns; 0: once */
    uint64_t expirations; /* not read yet */
    struct wait_queue readers;
};

/* Counts what has expired up to now. */
static void catch_up(struct timer *timer)
{
    uint64_t now = time_now_for(&timer->due);

    timer->expirations += time_forward(&timer->due, timer->interval, now);
}

static void set_alarm(struct timer *timer)
{
    alarm_set(&timer->alarm, timer->due.at ? time_alarm_for(&timer->due) : 0);
}

static void ring(struct alarm *alarm, uint64_t now)
{
    struct timer *timer = container_of(alarm, struct timer, alarm);

    (void)now;
    catch_up(timer);
    set_alarm(timer);
    file_wake(&timer->readers);
}

static bool has_expired(void *context)
{
    struct timer *timer = context;

    catch_up(timer);
    return timer->expirations;
}

static long read(struct file *file, struct io_iter *to, uint64_t *offset)
{
    struct timer *timer = file->state;
    uint64_t value;

    (void)offset;
    if (to->remaining < sizeof(value))
        return -EINVAL;
    while (!has_expired(timer)) {
        long error =
            file->flags & O_NONBLOCK ? -EAGAIN : wait_event(&timer->readers, has_expired, timer);
        if (error)
            return error;
    }
    value = timer->expirations;
    timer->expirations = 0;
    return io_iter_put(to, &value, sizeof(value)) < sizeof(value) ? -EFAULT : (long)sizeof(value);
}

static unsigned int poll(struct file *file)
{
    return has_expired(file->state) ? POLLIN : 0;
}

static void release(struct file *file)
{
    struct timer *timer = file->state;

    alarm_set(&timer->alarm, 0);
    kfree(timer);
}

static const struct file_operations timer_operations = {
    .read = read,
    .status = anonymous_status,
    .poll = poll,
    .release = release,
};

static bool is_clock(int clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME ||
           time_wakes_the_board(clock);
}

SYSCALL2(timerfd_create, int, clock, unsigned int, flags)
{
    struct timer *timer;

    if ((flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)) || !is_clock(clock))
        return -EINVAL;
    if (time_wakes_the_board(clock) && !task_may(CAP_WAKE_ALARM))
        return -EPERM;
    timer = kzalloc(sizeof(*timer));
    if (timer) {
        timer->alarm.ring = ring;
        timer->clock = clock;
        wait_queue_init(&timer->readers);
    }
    return anonymous_open(&timer_operations, timer, flags);
}

static long show(struct timer *timer, uintptr_t user)
{
    catch_up(timer);
    uint64_t now = time_now_for(&timer->due);
    uint64_t at = timer->due.at;
    return time_interval_to_user(user, timer->interval, at > now ? at - now : 0);
}

SYSCALL4(timerfd_settime, int, fd, unsigned int, flags, uintptr_t, new_value, uintptr_t, old_value)
{
    uint64_t interval, value;
    struct timer *timer;
    struct file *file;
    long error = time_interval_from_user(new_value, &interval, &value);

    if (error)
        return error;
    if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
        return -EINVAL;
    error = anonymous_get(fd, &timer_operations, -EINVAL, &file);
    if (error)
        return error;
    timer = file->state;
    if (old_value)
        error = show(timer, old_value);
    timer->due = time_due_of(timer->clock, value, flags & TFD_TIMER_ABSTIME);
    timer->interval = interval;
    timer->expirations = 0;
    set_alarm(timer);
    file_put(file);
    return error;
}

SYSCALL2(timerfd_gettime, int, fd, uintptr_t, value)
{
    struct file *file;
    long error = anonymous_get(fd, &timer_operations, -EINVAL, &file);

    if (error)
        return error;
    error = show(file->state, value);
    file_put(file);
    return error;
}
