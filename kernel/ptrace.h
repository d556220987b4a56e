// SPDX-License-Identifier: MIT
/*
 * ptrace(2): one task watches another, stops it, reads and changes its registers and memory.
 *
 * Memory is reached by the direct map, so the tracer's PKRU is not asked; the tracee's PKRU is
 * one of the registers (NT_X86_XSTATE).
 */
#ifndef KERNEL_PTRACE_H
#define KERNEL_PTRACE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/signal.h>

#include "arch/trap.h"

struct task;

struct trace_state {
    struct task *tracer; /* NULL: not traced */
    uint32_t options;    /* PTRACE_O_* */
    bool seized;         /* by PTRACE_SEIZE rather than PTRACE_ATTACH or PTRACE_TRACEME */
    bool stop_wanted;    /* PTRACE_INTERRUPT: stop before the next return to ring 3 */
    bool single_step;    /* RFLAGS.TF was set by the tracer, not by the program */
    int resume_signal;   /* what the tracer wants delivered instead of what it was stopped for */
    siginfo_t info;      /* of the signal it is stopped for */
};

/*
 * A signal is about to be delivered to a traced task: stops for the tracer. Returns false when
 * the tracer took the signal away; info may be another signal's afterwards.
 */
bool ptrace_signal_stop(siginfo_t *info);

/* PTRACE_INTERRUPT's stop, on the way back to ring 3. */
void ptrace_interrupt_stop(void);

/* After exec: a traced task is stopped by SIGTRAP, as a tracer by PTRACE_TRACEME expects. */
void ptrace_exec(void);

/* The task ends: those it traces are let go. */
void ptrace_let_go(struct task *tracer);

/* kernel/ptrace_registers.c: the requests on registers. */
long ptrace_get_set(struct task *task, long request, uintptr_t address, uintptr_t data);

/* Clears a TF that the tracer has set, before a frame is shown or the task goes on. */
void ptrace_clear_step(struct task *task);

#endif
