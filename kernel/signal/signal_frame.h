// SPDX-License-Identifier: MIT
/*
 * The frame of a signal handler.
 *
 *   high  red zone (128 bytes), or the top of the alternate stack
 *         magic2          4 bytes after the image
 *         XSAVE image     64-byte aligned; its software bytes (464) say size and components
 *         siginfo
 *         ucontext        registers, blocked signals, alternate stack
 *   low   return address  the handler's RET goes to SA_RESTORER, which calls rt_sigreturn
 *
 * kernel/signal/signal_frame.c writes it and kernel/signal/signal_return.c reads it again. The
 * alternate stack is kernel/signal/signal_stack.c's.
 */
#ifndef KERNEL_SIGNAL_SIGNAL_FRAME_H
#define KERNEL_SIGNAL_SIGNAL_FRAME_H

#include "kernel/signal/signal.h"

#include <asm/sigcontext.h>
#include <asm/ucontext.h>

struct signal_frame {
    uint64_t return_address;
    struct ucontext context;
    siginfo_t info;
};

_Static_assert(sizeof(struct signal_frame) == 440, "Linux's struct rt_sigframe");

/*
 * The bits of RFLAGS that a program may set by a signal frame or have set by a tracer:
 * CF PF AF ZF SF TF DF OF RF AC.
 */
#define USER_RFLAGS 0x50dd5ul

/* The registers that struct trap_frame and struct sigcontext name alike. */
/* clang-format off */
#define SIGNAL_REGISTERS(X)                                                                        \
    X(r8) X(r9) X(r10) X(r11) X(r12) X(r13) X(r14) X(r15) X(rdi) X(rsi) X(rbp) X(rbx) X(rdx)       \
    X(rax) X(rcx) X(rsp) X(rip)
/* clang-format on */

/* ---- the alternate stack (sigaltstack(2)) ---- */

/* Without one its size is 0. */
static inline bool signal_stack_holds(const struct signal_state *state, uintptr_t rsp)
{
    uintptr_t base = (uintptr_t)state->stack.ss_sp;

    return rsp > base && rsp - base <= state->stack.ss_size;
}

/* With SS_AUTODISARM the thread has none while a handler runs, so it is never in use. */
static inline bool signal_stack_is_in_use(const struct signal_state *state, uintptr_t rsp)
{
    return !(state->stack.ss_flags & (int)SS_AUTODISARM) && signal_stack_holds(state, rsp);
}

/*
 * Sets the alternate stack that a frame has. PKRU is still the handler's: without the rights to
 * kept keys (kernel/keys/rights.h) a handler only gets back what was disarmed for it.
 */
void signal_stack_return(const stack_t *stack, uintptr_t rsp);

#endif
