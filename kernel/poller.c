// SPDX-License-Identifier: MIT
#include "kernel/poller.h"

#include <asm/errno.h>

#include "arch/bug.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "kernel/alarm.h"
#include "kernel/kernel_lock.h"
#include "kernel/load.h"
#include "kernel/log_limit.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "kernel/wait_queue.h"
#include "mm/kernel_map.h"

#define POLLS_MAX     4
#define AWAKE_NS      20000000ul /* how long to ask often after a device had something */
#define AWAKE_POLL_NS 10000ul    /* and how often */
#define LEAST_TURN_NS 50000ul    /* timers of no time at all leave the kernel lock to others */

static bool (*polls[POLLS_MAX])(void);
static unsigned int poll_count;
static uint64_t awake_until; /* asks often */
static struct task poller = {.name = "poller", .is_urgent = true};
static bool is_rearmed;
static struct wait_queue rearmed = WAIT_QUEUE_INIT(rearmed);

void poll_register(bool (*poll)(void))
{
    assert(poll_count < POLLS_MAX);
    polls[poll_count++] = poll;
}

void poller_rearm(void)
{
    is_rearmed = true;
    wake_all(&rearmed);
}

static bool was_rearmed(void *context)
{
    (void)context;
    return is_rearmed;
}

/*
 * If a device has something, more may follow soon: an emulator hands over a FIFO's worth at a
 * time. But the CPU must halt in between: an emulator's devices run beside its CPUs, and a CPU
 * that spins takes the host's time from them.
 */
static void poll_devices(void)
{
    bool found = false;

    for (unsigned int i = 0; i < poll_count; i++)
        found |= polls[i]();
    if (found)
        awake_until = clock_monotonic_ns() + AWAKE_NS;
}

static uint64_t next_turn(uint64_t now)
{
    bool often = now < awake_until && !sched_is_awaited();
    uint64_t next = now + (often ? AWAKE_POLL_NS : TICK_NS);
    uint64_t timer_due = time_next_timer();
    uint64_t alarm_due = alarm_next();

    if (alarm_due < timer_due)
        timer_due = alarm_due;
    if (timer_due < now + LEAST_TURN_NS)
        timer_due = now + LEAST_TURN_NS;
    return timer_due < next ? timer_due : next;
}

static void __attribute__((noreturn)) poll_for_good(void *unused)
{
    (void)unused;
    irq_enable();
    kernel_lock();
    load_start();
    for (;;) {
        poll_devices();
        time_check_timers();
        alarm_ring_due(clock_monotonic_ns());
        log_limit_tell_due();
        is_rearmed = false; /* what rang may have armed itself again, which next_turn() sees */
        wait_event_until(&rearmed, was_rearmed, NULL, next_turn(clock_monotonic_ns()));
    }
}

int poller_start(void)
{
    poller.stack = kernel_stack_alloc();
    if (!poller.stack)
        return -ENOMEM;
    task_prepare_stack(&poller);
    task_set_kernel_function(&poller, poll_for_good, NULL);
    cpu_set_add(&poller.affinity, 0);
    sched_add(&poller);
    return 0;
}
