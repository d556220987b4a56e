// SPDX-License-Identifier: MIT
/*
 * Signals: sending, blocking, and what happens on the way back to ring 3.
 *
 * kernel/signal.c keeps what is pending and decides; kernel/signal_frame.c writes the frame for a
 * handler and reads it back. All 64 signals; those from SIGRTMIN on are queued, the others pend
 * once.
 */
#ifndef KERNEL_SIGNAL_H
#define KERNEL_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/queue.h>
#include <linux/signal.h>

#include "arch/trap.h"
#include "kernel/wait_queue.h"

#define SIGNAL_COUNT 64

struct process;
struct task;

typedef uint64_t signal_set_t; /* bit n - 1 for signal n: as sigset_t in the kernel's ABI */

static inline signal_set_t signal_bit(int signal)
{
    return 1ul << (signal - 1);
}

/* What no mask keeps back (signal(7)). */
#define SIGNALS_NEVER_BLOCKED (signal_bit(SIGKILL) | signal_bit(SIGSTOP))

/* Handlers: shared by the threads of a process. */
struct signal_actions {
    uint32_t references;
    struct sigaction action[SIGNAL_COUNT]; /* [n - 1] for signal n */
};

struct pending_signal {
    TAILQ_ENTRY(pending_signal) link;
    siginfo_t info;
};

/* Signals that were sent and not delivered yet: to a thread, or to its process as a whole. */
struct signal_queue {
    signal_set_t set;
    TAILQ_HEAD(, pending_signal) list;
    unsigned int length;
};

/* A thread's part. */
struct signal_state {
    signal_set_t blocked;
    signal_set_t awaited; /* blocked but for sigtimedwait: they come even if they are ignored */
    struct signal_queue pending;
    siginfo_t forced;     /* by the thread's own instruction; si_signo is 0 if there is none */
    uintptr_t stack_base; /* sigaltstack() */
    size_t stack_size;
    int stack_flags;
    stack_t disarmed;           /* what SS_AUTODISARM took last */
    signal_set_t saved_blocked; /* what sigsuspend and ppoll want back after the handler */
    bool restore_blocked;
};

struct signal_actions *signal_actions_create(void);
struct signal_actions *signal_actions_copy(struct signal_actions *actions);
void signal_actions_get(struct signal_actions *actions);
void signal_actions_put(struct signal_actions *actions);
/* For exec: handlers become SIG_DFL, what is ignored stays ignored. */
void signal_actions_reset(struct signal_actions *actions);

void signal_state_init(struct signal_state *state);
void signal_queue_init(struct signal_queue *queue);
/* Drops all that is pending. */
void signal_flush(struct signal_queue *queue);

/*
 * Queues a signal with its siginfo (si_signo set) for a thread, or for whichever thread of a
 * process does not block it. Ignored ones are dropped. 0 or -EAGAIN.
 */
int signal_send_info(struct task *task, const siginfo_t *info);
int signal_send_process_info(struct process *process, const siginfo_t *info);

/* To a task's process, whose number was the one called: it takes the signal if it can. */
int signal_send_process_by(struct task *task, const siginfo_t *info);

/* The same from the kernel: si_code SI_KERNEL. */
int signal_send(struct task *task, int signal);
int signal_send_process(struct process *process, int signal);

/* How many signals are queued for a user's processes and their threads: RLIMIT_SIGPENDING's. */
unsigned int signal_count_queued(uint32_t user);

/* Woken, as a file's queue is, when any task has got a signal, blocked or not: for signalfd. */
extern struct wait_queue signal_arrivals;

/* Whether a signal of a timer (SI_TIMER, si_tid) waits for a process or one of its threads. */
bool signal_of_timer_waits(const struct process *process, int timer);

/* To every process of the group; -ESRCH when there is none. */
int signal_send_group(int pgid, int signal);

/*
 * For a fault of the running task: sends it even if it is blocked or ignored, which then ends
 * the task, as on Linux. signal_raise() is for the way back from an exception in ring 3, whose
 * frame that is: it makes the frame go on in the handler.
 */
void signal_force(const siginfo_t *info);
void signal_raise(struct trap_frame *frame, const siginfo_t *info);

/* Drops what is pending of a signal, blocked or not, if the running task now ignores it. */
void signal_drop_ignored(int signal);

/*
 * The running thread no longer takes some of the signals that wait for any thread of its process:
 * another one that does is told. It blocks them now, or ends.
 */
void signal_retarget(void);

/*
 * Whether the running task has to look at a signal that is not blocked, or to stop: for its tracer,
 * or because another thread has stopped the process.
 * A signal for the process is looked at by the thread that was chosen for it.
 */
bool signal_pending(void);

/* Whether one is pending for the running task that ends its process, without a core dump. */
bool signal_ends_process(void);

/*
 * What the running task blocks from now on, but for those that nobody can: what waits may be for it
 * now, or for another thread.
 */
void signal_set_blocked(signal_set_t blocked);

/* Takes the lowest pending signal of a set away from the running task; false: none is there. */
bool signal_take(signal_set_t set, siginfo_t *info);

/* What is pending for the running thread, blocked or not. */
signal_set_t signal_pending_set(void);

/* Whether a task has SIGKILL pending: it must end, whatever it does. */
bool signal_is_killed(const struct task *task);

/*
 * On the way back to ring 3: delivers what is pending, by changing the frame for a handler or
 * ending the task, and restarts or ends the interrupted system call.
 */
void signal_deliver(struct trap_frame *frame);

/* kernel/signal_frame.c: */

/* Makes the frame enter the handler. -EFAULT when the frame could not be written. */
int signal_frame_setup(struct trap_frame *frame, const siginfo_t *info,
                       const struct sigaction *action, signal_set_t blocked_before);

/* rt_sigreturn: -EFAULT when the frame cannot be read or is not sound. */
int signal_frame_restore(struct trap_frame *frame);

/* Bytes that a frame needs at most on this CPU: AT_MINSIGSTKSZ. */
size_t signal_frame_size(void);

#endif
