// SPDX-License-Identifier: MIT
/*
 * ptrace(2): a process watches a thread, stops it, reads and changes its registers and memory.
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

struct process;
struct task;

struct trace_state {
    struct process *tracer; /* NULL: not traced */
    uint32_t options;       /* PTRACE_O_* */
    bool seized;            /* by PTRACE_SEIZE rather than PTRACE_ATTACH or PTRACE_TRACEME */
    bool stop_wanted;       /* PTRACE_INTERRUPT: stop before the next return to ring 3 */
    bool single_step;       /* RFLAGS.TF was set by the tracer, not by the program */
    int group_stop;         /* another thread stops the process by this signal: stop, too; or 0 */
    bool in_group_stop;     /* stopped by SIGSTOP and the like, not by a signal on its way */
    bool is_listening;      /* PTRACE_LISTEN: in a group stop that SIGCONT ends */
    bool is_continued;      /* SIGCONT came while the tracer saw a signal, which stops no more */
    int resume_signal;      /* what the tracer wants delivered instead of what it was stopped for */
    int end_status;   /* of a thread that has ended and waits for its tracer, as wait(2) has it */
    uint64_t message; /* of the last event: PTRACE_GETEVENTMSG */
    siginfo_t info;   /* of the signal or event it is stopped for; si_signo 0: there is none */
};

/*
 * A signal is about to be delivered to a traced task: stops for the tracer. Returns false when
 * the tracer took the signal away; info may be another signal's afterwards.
 */
bool ptrace_signal_stop(siginfo_t *info);

/* PTRACE_INTERRUPT's stop, on the way back to ring 3. */
void ptrace_interrupt_stop(void);

/* A signal whose default is to stop has been delivered to a traced task: the others stop, too. */
void ptrace_group_stop(int signal);

/* One was delivered to another thread of the running one's process. */
void ptrace_join_group_stop(void);

/* The stop behind a single step that led into a signal handler, at its first instruction. */
void ptrace_step_stop(void);

/* The stops where a system call begins and ends. The tracer may change the frame. */
void ptrace_call_begins(void);
void ptrace_call_ends(void);

/*
 * After exec: a traced task is stopped by SIGTRAP, as a tracer by PTRACE_TRACEME expects. former:
 * its tid before, the event's message.
 */
void ptrace_exec(int former);

/* The task is about to end with a status as wait(2) has it. */
void ptrace_exit(int wait_status);

/*
 * The running task has made a child, with clone()'s flags and exit signal, that is not in a run
 * queue yet: the event (PTRACE_EVENT_FORK ...) that its tracer wants to hear of, or 0. The child is
 * traced then.
 */
int ptrace_clone(struct task *child, uint64_t flags);

/* Stops for the tracer because of an event, with its message. */
void ptrace_event_stop(int event, uint64_t message);

/* The child of a vfork() has ended or made an exec. */
void ptrace_vfork_done(int child);

/* A process ends: those it traces are let go. */
void ptrace_let_go(struct process *tracer);

/* Makes it stop before it goes to ring 3 again: PTRACE_INTERRUPT, and SIGCONT to one seized. */
void ptrace_want_stop(struct task *task);

/* kernel/ptrace_query.c: the requests on signals, and on the system call it is stopped at. */
long ptrace_query(struct task *task, long request, uintptr_t address, uintptr_t data);

/* kernel/ptrace_registers.c: the requests on registers. */
long ptrace_get_set(struct task *task, long request, uintptr_t address, uintptr_t data);

/*
 * The tracer has changed registers of a stopped task. Its frame says still that it is in a system
 * call, so that one which was interrupted is settled on the way to ring 3, and then takes the
 * change.
 */
void ptrace_note_change(struct task *task);

/* Clears a TF that the tracer has set, before a frame is shown or the task goes on. */
void ptrace_clear_step(struct task *task);

#endif
