// SPDX-License-Identifier: MIT
#include "kernel/task/poller.h"

#include <asm/errno.h>

#include "arch/cpu/cpu.h"
#include "arch/device/clock.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/run_queue.h"
#include "kernel/task/state.h"
#include "kernel/task/task.h"
#include "kernel/task/wait_queue.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"
#include "mm/table/kernel_map.h"

#define AWAKE_NS      20000000ul /* how long to poll often after a device had something */
#define AWAKE_POLL_NS 10000ul    /* and how often */
#define LEAST_TURN_NS 50000ul    /* even timers of interval 0 leave the kernel lock to others */

static uint64_t awake_until; /* polls often until then */
static bool is_rearmed;
static struct wait_queue rearmed = WAIT_QUEUE_INIT(rearmed);

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
 * If a device had something, more may follow soon: an emulator hands over a FIFO's worth at a time.
 * But the CPU must halt in between: an emulator's devices run beside its CPUs, and a CPU that spins
 * takes host time from them.
 */
static uint64_t next_turn(const struct poller_turn *turn)
{
    uint64_t now = clock_monotonic_ns();

    if (turn->found)
        awake_until = now + AWAKE_NS;
    bool often = now < awake_until && !this_queue()->length;
    uint64_t next = now + (often ? AWAKE_POLL_NS : TICK_NS);
    uint64_t due = turn->due < now + LEAST_TURN_NS ? now + LEAST_TURN_NS : turn->due;
    return due < next ? due : next;
}

static void __attribute__((noreturn)) poll_for_good(void *unused)
{
    (void)unused;
    irq_enable();
    kernel_lock();
    for (;;) {
        struct poller_turn turn = {.due = UINT64_MAX};

        TELL(poller_turn, &turn);
        is_rearmed = false; /* timers that have re-armed themselves are in turn.due */
        wait_event_until(&rearmed, was_rearmed, NULL, next_turn(&turn));
    }
}

int poller_start(void)
{
    struct task *poller = kzalloc(sizeof(*poller) + (size_t)task_state_size);
    uintptr_t stack = kernel_stack_alloc();

    if (!poller || !stack) /* nothing is freed: the machine does not start */
        return -ENOMEM;
    poller->stack = stack;
    strlcpy(poller->name, "poller", sizeof(poller->name));
    poller->is_urgent = true;
    task_prepare_stack(poller);
    task_set_kernel_function(poller, poll_for_good, NULL);
    cpu_set_add(&poller->affinity, 0);
    sched_add(poller);
    return 0;
}
