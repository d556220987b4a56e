// SPDX-License-Identifier: MIT
/*
 * ptrace(2): a process watches a thread, stops it, reads and changes its registers and memory.
 *
 * The room owns tracers, their tracees and what these stop at, and the trace of all tasks. It
 * leaves how a thread stops to kernel/job/stop.h, the way to another's memory to
 * mm/access/access.h, and who may trace whom to kernel/call/permission.h.
 *
 * Memory is reached by the direct map, so the tracer's PKRU is not asked; the tracee's PKRU is
 * one of the registers (NT_X86_XSTATE).
 */
#ifndef KERNEL_TRACE_PTRACE_H
#define KERNEL_TRACE_PTRACE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/signal.h>

#include "arch/cpu/trap.h"
#include "kernel/task/state.h"

/* Of a task; its tracer is in struct task. */
struct trace_state {
    uint32_t options;        /* PTRACE_O_* */
    bool seized;             /* by PTRACE_SEIZE rather than PTRACE_ATTACH or PTRACE_TRACEME */
    bool stop_wanted;        /* PTRACE_INTERRUPT: stop before the next return to ring 3 */
    bool single_step;        /* RFLAGS.TF was set by the tracer, not by the program */
    bool steps_into_handler; /* and the step leads into a signal handler */
    int group_stop;          /* another thread stops the process by this signal: stop, too; or 0 */
    bool in_group_stop;      /* stopped by SIGSTOP and the like, not by a signal on its way */
    bool is_listening;       /* PTRACE_LISTEN: in a group stop that SIGCONT ends */
    bool is_continued;       /* SIGCONT came while the tracer saw a signal, which stops no more */
    int resume_signal; /* what the tracer wants delivered instead of what it was stopped for */
    int made_event;    /* PTRACE_EVENT_FORK and the like, to be told of when the child runs */
    int end_status;    /* of a thread that has ended, as wait(2) has it */
    uint64_t message;  /* of the last event: PTRACE_GETEVENTMSG */
    siginfo_t info;    /* of the signal or event it is stopped for; si_signo 0: there is none */
};

extern TASK_STATE(struct trace_state, task_trace);

static inline struct trace_state *trace_of(const struct task *task)
{
    return task_state(task, task_trace);
}

/* kernel/trace/tracee.c: */

/*
 * Tells the tracer of a stop. A stop of the group, or one without a signal of its own, is told like
 * those without a tracer; by which signal, only if nobody has waited for that stop yet.
 */
void trace_tell(const struct task *task, int code);

/*
 * Stops the running thread for its tracer and returns when it is continued: a stop whose siginfo
 * says no more than its code, a signal and an event << 8. With an event goes a message.
 */
void trace_stop(int code);
void trace_stop_for_event(int event, uint64_t message);

/* Makes it stop before it goes to ring 3 again: PTRACE_INTERRUPT, and SIGCONT to one seized. */
void trace_want_stop(struct task *task);

/*
 * The tracer has changed registers of a stopped task. Its frame says still that it is in a system
 * call, so that one which was interrupted is settled on the way to ring 3, and then takes the
 * change.
 */
void trace_note_change(struct task *task);

/*
 * The tracer of an ended task has waited for it, or ends: a thread is freed, and a process is its
 * parent's to wait for.
 */
void trace_let_go_of_ended(struct task *ended);

/* Clears a TF that the tracer has set, before a frame is shown or the task goes on. */
void trace_clear_step(struct task *task);

/* kernel/trace/ptrace_query.c: the requests on signals, and on the system call it is stopped at. */
long ptrace_query(struct task *task, long request, uintptr_t address, uintptr_t data);

/* kernel/trace/ptrace_registers.c: the requests on registers. */
long ptrace_get_set(struct task *task, long request, uintptr_t address, uintptr_t data);

#endif
