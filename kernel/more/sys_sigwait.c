// SPDX-License-Identifier: MIT
/* Waiting for a signal, without a handler or with one. */
#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"

static bool is_one_pending(void *context)
{
    return signal_pending_set() & *(const signal_set_t *)context;
}

SYSCALL4(rt_sigtimedwait, uintptr_t, set, uintptr_t, info, uintptr_t, timeout, size_t, set_size)
{
    struct signal_state *state = &current()->signals;
    struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
    signal_set_t wanted, blocked = state->blocked;
    uint64_t ns = 0;
    siginfo_t found;
    int error;

    if (set_size != sizeof(signal_set_t))
        return -EINVAL;
    if (copy_from_user(&wanted, set, sizeof(wanted)))
        return -EFAULT;
    error = timeout ? time_from_user(timeout, &ns) : 0;
    if (error)
        return error;
    wanted &= ~SIGNALS_NEVER_BLOCKED;
    /* While it waits they are not blocked, so that their coming wakes it. */
    state->awaited = wanted & blocked;
    state->blocked &= ~wanted;
    if (timeout)
        error = wait_event_until(&nobody, is_one_pending, &wanted, clock_monotonic_ns() + ns);
    else
        error = wait_event(&nobody, is_one_pending, &wanted);
    state->awaited = 0;
    signal_set_blocked(blocked);
    if (error || !is_one_pending(&wanted))
        return error == -ETIMEDOUT ? -EAGAIN : -EINTR;
    signal_take_lowest(wanted, &found);
    if (info && copy_to_user(info, &found, sizeof(found)))
        return -EFAULT;
    return found.si_signo;
}

static bool never(void *context)
{
    (void)context;
    return false;
}

SYSCALL2(rt_sigsuspend, uintptr_t, set, size_t, set_size)
{
    struct signal_state *state = &current()->signals;
    struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
    signal_set_t blocked;

    if (set_size != sizeof(signal_set_t))
        return -EINVAL;
    if (copy_from_user(&blocked, set, sizeof(blocked)))
        return -EFAULT;
    state->saved_blocked = state->blocked;
    state->restore_blocked = true;
    signal_set_blocked(blocked);
    wait_event(&nobody, never, NULL);
    return -ERESTARTNOHAND;
}

SYSCALL0(pause)
{
    struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);

    wait_event(&nobody, never, NULL);
    return -ERESTARTNOHAND;
}
