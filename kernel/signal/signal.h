// SPDX-License-Identifier: MIT
/*
 * Signals: sending, blocking, taking, and the frame of a handler.
 *
 * The room owns what is pending, handlers and their frames, and the calls on them. It leaves when a
 * signal is delivered to kernel/entry/, stops to kernel/job/, tracers to kernel/trace/, limits to
 * kernel/user/, and the fields by which a task knows that it must look to kernel/task/.
 *
 * kernel/signal/queue.c keeps what is pending, signal.c sends and takes, signal_frame.c writes the
 * frame for a handler and signal_return.c reads it back. What is delivered, and what that does to
 * the task, is decided on the way back to ring 3 (kernel/entry/deliver.c). All 64 signals; those
 * from SIGRTMIN on are queued, the others pend once.
 */
#ifndef KERNEL_SIGNAL_SIGNAL_H
#define KERNEL_SIGNAL_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/signal.h>

#include "arch/cpu/attach.h"
#include "arch/cpu/trap.h"
#include "kernel/task/process.h"
#include "kernel/task/task.h"
#include "kernel/task/wait_queue.h"

/* With one reference: a copy, or SIG_DFL for all signals (from NULL). NULL without memory. */
struct signal_actions *signal_actions_create(const struct signal_actions *from);
void signal_actions_put(struct signal_actions *actions);
/* For exec: handlers become SIG_DFL, what is ignored stays ignored. */
void signal_actions_reset(struct signal_actions *actions);

/*
 * Queues a signal with its siginfo (si_signo set) for a thread, or for its process: then for
 * whichever thread does not block it, this one before others. Ignored ones are dropped. 0 or
 * -EAGAIN.
 */
int signal_send_info(struct task *task, const siginfo_t *info);
int signal_send_process_info(struct task *task, const siginfo_t *info);

/* The same from the kernel: si_code SI_KERNEL. */
int signal_send(struct task *task, int signal);
int signal_send_process(struct process *process, int signal);

/* Woken, as a file's queue is, when any task has got a signal, blocked or not: for signalfd. */
extern struct wait_queue signal_arrivals;

/* To every process of the group; -ESRCH when there is none. */
int signal_send_group(int pgid, int signal);

/*
 * For a fault of the running task: sends it even if it is blocked or ignored, which then ends
 * the task, as on Linux.
 */
void signal_force(const siginfo_t *info);

/*
 * The running thread no longer takes some of the signals that wait for any thread of its process:
 * another one that does is told. It blocks them now, or ends.
 */
void signal_retarget(void);

/*
 * What the running task blocks from now on, but for those that nobody can: what waits may be for it
 * now, or for another thread.
 */
void signal_set_blocked(signal_set_t blocked);

/*
 * Takes one of a set, of which one is pending for the running task: the thread's own before its
 * process's, those that an instruction causes before others, and of these the lowest.
 */
void signal_take_lowest(signal_set_t set, siginfo_t *info);

/* ---- kernel/signal/signal_frame.c ---- */

/* Makes the frame enter the handler. -EFAULT when the frame could not be written. */
int signal_frame_setup(struct trap_frame *frame, const siginfo_t *info,
                       const struct sigaction *action, signal_set_t blocked_before);

/* Bytes that a frame needs at most on this CPU: AT_MINSIGSTKSZ. */
size_t signal_frame_size(void);

/* ---- what programs send ---- */

/* From the running process, with that code. */
siginfo_t signal_info_from_user(int signal, int code);

/*
 * Sends a signal to a task's process, or to a thread (of the process tgid, or of any: 0), if the
 * running task may; or asks whether that could be (signal 0). -ESRCH, also for NULL; -EINVAL for a
 * number that is none; -EPERM; -EAGAIN.
 */
int signal_send_to_process(struct task *task, const siginfo_t *info, int signal);
int signal_send_to_thread(int tgid, int tid, const siginfo_t *info, int signal);

/* kill() names a group or all, by a number below 1. 1: it is sent; -ESRCH; -EPERM. */
EVENT(many_are_signalled, int, int pid, const siginfo_t *info, int signal);

/* ---- what signals do by default, and their queues: for who delivers them ---- */

#define FIRST_REALTIME 32

/* Signals whose default is to be ignored, and those whose default leaves a core dump. */
#define DEFAULT_IGNORED \
    (signal_bit(SIGCHLD) | signal_bit(SIGURG) | signal_bit(SIGWINCH) | signal_bit(SIGCONT))
#define DEFAULT_CORE                                                                        \
    (signal_bit(SIGQUIT) | signal_bit(SIGILL) | signal_bit(SIGTRAP) | signal_bit(SIGABRT) | \
     signal_bit(SIGFPE) | signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGSYS) |   \
     signal_bit(SIGXCPU) | signal_bit(SIGXFSZ))
#define DEFAULT_STOP \
    (signal_bit(SIGSTOP) | signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU))
#define SYNCHRONOUS                                                                        \
    (signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGILL) | signal_bit(SIGTRAP) | \
     signal_bit(SIGFPE) | signal_bit(SIGSYS))

/* What a process does with a signal. */
static inline struct sigaction *signal_action_of(const struct process *process, int signal)
{
    return &process->actions->action[signal - 1];
}

static inline bool signal_is_ignored(const struct process *process, int signal)
{
    __sighandler_t handler = signal_action_of(process, signal)->sa_handler;

    return handler == SIG_IGN || (handler == SIG_DFL && (DEFAULT_IGNORED & signal_bit(signal)));
}

/* Whether a task blocks a signal, which SIGKILL and SIGSTOP cannot be. */
static inline bool signal_is_blocked(const struct task *task, int signal)
{
    return task->signals.blocked & ~SIGNALS_NEVER_BLOCKED & signal_bit(signal);
}

/* Queues a signal: 0, or -EAGAIN when there is no memory, or the sender's limit is reached. */
int signal_enqueue(const struct process *process, struct signal_queue *queue,
                   const siginfo_t *info);

/* Drops those of a set that are pending in a queue, or anywhere in a process. */
void signal_drop(struct signal_queue *queue, signal_set_t set);
void signal_drop_everywhere(struct process *process, signal_set_t set);

/* Takes a signal that is pending out of a queue. */
void signal_take_from(struct signal_queue *queue, int signal, siginfo_t *info);

/* Takes the next signal to deliver to the running task; false: none is there. */
bool signal_take_next(struct task *task, siginfo_t *info);

/*
 * ---- what rooms above are told of, or asked about ----
 *
 * The kernel lock is held in all of them, and the task is the running one where none is named.
 */

/*
 * A signal is on its way to a process. Anything but 0: its siginfo is not kept, and its sender told
 * by -EAGAIN where it is all about its value.
 */
EVENT(signal_is_queued, int, const struct process *process, const siginfo_t *info);

/* A signal of a timer (SI_TIMER) is taken out of its queue; the siginfo may be completed. */
EVENT(timer_signal_is_taken, void, siginfo_t *info);

/* A process is sent SIGCONT, or a signal whose default is to stop; it may ignore that. */
EVENT(stop_or_continue_is_sent, void, struct process *process, int signal);

/*
 * On the way to ring 3, with WORK_STOP or WORK_MOVE: the task stops or moves if it is to, and the
 * answer is 1 when that is over. By then it may be to stop again, so all are asked anew.
 */
EVENT(stop_is_due, int, void);

/* A signal acts whose default is to stop the process: returns when that is over. */
EVENT(stop_signal_acts, void, int signal);

/*
 * A signal is about to be delivered to a traced task. 1: it is not, it was taken away or has to
 * wait; otherwise info may be another signal's afterwards.
 */
EVENT(traced_signal, int, siginfo_t *info);

/*
 * A handler's frame is about to be written in a traced task, and once more when the task stands at
 * the handler's first instruction.
 */
EVENT(traced_handler, void, bool is_entered);

#endif
