// SPDX-License-Identifier: MIT
/* The alternate stack of signal handlers (sigaltstack(2)), among the files of kernel/signal/. */
#ifndef KERNEL_SIGNAL_SIGNAL_STACK_H
#define KERNEL_SIGNAL_SIGNAL_STACK_H

#include "arch/cpu/types.h"
#include "kernel/task/signal_state.h"

/* Without one its size is 0. */
static inline bool signal_stack_holds(const struct signal_state *state, uintptr_t rsp)
{
    return rsp > state->stack_base && rsp - state->stack_base <= state->stack_size;
}

/* One that is left by its first handler's start is never in use, wherever the stack pointer is. */
static inline bool signal_stack_is_in_use(const struct signal_state *state, uintptr_t rsp)
{
    return !(state->stack_flags & (int)SS_AUTODISARM) && signal_stack_holds(state, rsp);
}

/* What SS_AUTODISARM asks for: while the handler runs there is none. */
void signal_stack_disarm(struct signal_state *state);

/*
 * The one that a frame has. PKRU is still the handler's: without the rights to kept keys it gets
 * back what was disarmed for it, and names no other.
 */
void signal_stack_return(const stack_t *stack, uintptr_t rsp);

#endif
