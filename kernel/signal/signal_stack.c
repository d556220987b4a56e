// SPDX-License-Identifier: MIT
/* sigaltstack, and what a handler's start and end do to the alternate stack. */
#include "kernel/signal/signal_frame.h"

#include <asm/errno.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/keys/rights.h"
#include "kernel/task/task.h"
#include "mm/space/address_space.h"

static int alternate_stack_flags(const struct signal_state *state, uintptr_t rsp)
{
    int flags = state->stack.ss_flags & (int)SS_AUTODISARM;

    if (!state->stack.ss_size)
        return flags | SS_DISABLE;
    return flags | (signal_stack_is_in_use(state, rsp) ? SS_ONSTACK : 0);
}

static int set_alternate_stack(const stack_t *stack, uintptr_t rsp)
{
    struct signal_state *state = &current()->signals;
    int mode = stack->ss_flags & ~(int)SS_AUTODISARM;

    if (signal_stack_is_in_use(state, rsp))
        return -EPERM;
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
        return -EINVAL;
    if (mode != SS_DISABLE && stack->ss_size < MINSIGSTKSZ)
        return -ENOMEM;
    state->stack = mode == SS_DISABLE ? (stack_t){.ss_flags = stack->ss_flags} : *stack;
    state->disarmed = (stack_t){0}; /* it is back, or another has taken its place */
    return 0;
}

static bool is_disarmed(const stack_t *stack)
{
    const stack_t *disarmed = &current()->signals.disarmed;

    return stack->ss_sp == disarmed->ss_sp && stack->ss_size == disarmed->ss_size &&
           stack->ss_flags == disarmed->ss_flags;
}

void signal_stack_return(const stack_t *stack, uintptr_t rsp)
{
    if (!rights_check_handlers() || is_disarmed(stack))
        set_alternate_stack(stack, rsp);
}

SYSCALL2(sigaltstack, uintptr_t, new_stack, uintptr_t, old_stack)
{
    struct signal_state *state = &current()->signals;
    uintptr_t rsp = task_frame(current())->rsp;
    stack_t stack, old = {.ss_sp = state->stack.ss_sp, .ss_size = state->stack.ss_size};

    old.ss_flags = alternate_stack_flags(state, rsp);
    if (new_stack) {
        if (copy_from_user(&stack, new_stack, sizeof(stack)))
            return -EFAULT;
        int error = rights_check_handlers();
        if (!error)
            error = set_alternate_stack(&stack, rsp);
        if (error)
            return error;
    }
    if (old_stack && copy_to_user(old_stack, &old, sizeof(old)))
        return -EFAULT;
    return 0;
}
