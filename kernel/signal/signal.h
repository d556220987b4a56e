// SPDX-License-Identifier: MIT
/*
 * Signals: sending, blocking, taking, and the frame of a handler.
 *
 * The room owns pending signals, handlers and their frames, and the calls on them. It leaves to
 * kernel/entry/ when a signal is delivered, stops to kernel/job/, tracers to kernel/trace/, limits
 * to kernel/user/, and the fields that tell a task to look for signals to kernel/task/.
 *
 * kernel/signal/queue.c keeps what is pending, signal.c sends and takes, signal_frame.c writes the
 * frame for a handler and signal_return.c reads it back. What is delivered, and what that does to
 * the task, is decided on the way back to ring 3 (kernel/entry/deliver.c). All 64 signals exist;
 * those from SIGRTMIN on are queued, each of the others is pending at most once.
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

/* A copy, or SIG_DFL for all signals (from NULL), with one reference. NULL: no memory. */
struct signal_actions *signal_actions_create(const struct signal_actions *from);
void signal_actions_put(struct signal_actions *actions);
/* For exec: handlers become SIG_DFL, what is ignored stays ignored. */
void signal_actions_reset(struct signal_actions *actions);

/*
 * Queues a signal with its siginfo (si_signo set) for a thread, or for its process: then for any
 * thread that does not block it, preferably this one. Ignored ones are dropped. 0 or -EAGAIN.
 */
int signal_send_info(struct task *task, const siginfo_t *info);
int signal_send_process_info(struct task *task, const siginfo_t *info);

/* The same from the kernel: si_code SI_KERNEL. */
int signal_send(struct task *task, int signal);
int signal_send_process(struct process *process, int signal);

/* Woken like a file's queue, when a signal was sent to any task, blocked or not: for signalfd. */
extern struct wait_queue signal_arrivals;

/* To every process of the group; -ESRCH when there is none. */
int signal_send_group(int pgid, int signal);

/*
 * For a fault of the running task. A signal that is blocked or ignored is sent all the same, and
 * ends the task, as on Linux.
 */
void signal_force(const siginfo_t *info);

/*
 * The running thread has blocked signals that are pending for its process, or it ends: notifies
 * another thread that takes them.
 */
void signal_retarget(void);

/*
 * Sets what the running task blocks, except signals that cannot be blocked. What is pending may now
 * be for this thread, or for another one.
 */
void signal_set_blocked(signal_set_t blocked);

/*
 * Takes a signal of a set, of which at least one is pending for the running task: the thread's own
 * before its process's, those caused by an instruction before others, then the lowest.
 */
void signal_take_lowest(signal_set_t set, siginfo_t *info);

/* ---- kernel/signal/signal_frame.c ---- */

/* Writes the signal frame and sets the trap frame to enter the handler. -EFAULT: not writable. */
int signal_frame_setup(struct trap_frame *frame, const siginfo_t *info,
                       const struct sigaction *action, signal_set_t blocked_before);

/* The largest size of a frame on this CPU: AT_MINSIGSTKSZ. */
size_t signal_frame_size(void);

/* ---- what programs send ---- */

/* A siginfo from the running process, with that si_code. */
siginfo_t signal_info_from_user(int signal, int code);

/*
 * Sends a signal to a task's process, or to a thread (of the process tgid, or of any: 0), if the
 * running task may; or only checks that it may (signal 0). -ESRCH, also for NULL; -EINVAL for an
 * invalid number; -EPERM; -EAGAIN.
 */
int signal_send_to_process(struct task *task, const siginfo_t *info, int signal);
int signal_send_to_thread(int tgid, int tid, const siginfo_t *info, int signal);

/* kill() with a pid below 1, for a group or for all. 1: it is sent; -ESRCH; -EPERM. */
EVENT(many_are_signalled, int, int pid, const siginfo_t *info, int signal);

/* ---- what signals do by default, and their queues: for the code that delivers them ---- */

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

/* Whether a task blocks a signal; SIGKILL and SIGSTOP cannot be blocked. */
static inline bool signal_is_blocked(const struct task *task, int signal)
{
    return task->signals.blocked & ~SIGNALS_NEVER_BLOCKED & signal_bit(signal);
}

/* Queues a signal: 0, or -EAGAIN when there is no memory, or the sender's limit is reached. */
int signal_enqueue(const struct process *process, struct signal_queue *queue,
                   const siginfo_t *info);

/* Drops the signals of a set that are pending in a queue, or anywhere in a process. */
void signal_drop(struct signal_queue *queue, signal_set_t set);
void signal_drop_everywhere(struct process *process, signal_set_t set);

/* Takes a signal that is pending out of a queue. */
void signal_take_from(struct signal_queue *queue, int signal, siginfo_t *info);

/* Takes the next signal to deliver to the running task; false: there is none. */
bool signal_take_next(struct task *task, siginfo_t *info);

/*
 * ---- what rooms above are told of, or asked about ----
 *
 * The kernel lock is held in all of them, and they are about the running task if none is named.
 */

/*
 * A signal is on its way to a process. Anything but 0: its siginfo is not kept, and its sender told
 * by -EAGAIN where it is all about its value.
 */
EVENT(signal_is_queued, int, const struct process *process, const siginfo_t *info);

/* A signal of a timer (SI_TIMER) is taken out of its queue; its siginfo may be completed now. */
EVENT(timer_signal_is_taken, void, siginfo_t *info);

/* A process is sent SIGCONT, or a signal that stops it by default. It may ignore the signal. */
EVENT(stop_or_continue_is_sent, void, struct process *process, int signal);

/*
 * On the way to ring 3, with WORK_STOP or WORK_MOVE: the task stops or moves if it is to, and the
 * answer is 1 when that is over. By then it may be to stop again, so all are asked anew.
 */
EVENT(stop_is_due, int, void);

/* A signal takes its default action, to stop the process: returns when the stop is over. */
EVENT(stop_signal_acts, void, int signal);

/*
 * A signal is about to be delivered to a traced task. 1: it is not, because the tracer took it or
 * it has to wait. 0: it is; info may be of another signal by now.
 */
EVENT(traced_signal, int, siginfo_t *info);

/*
 * Told of a traced task when a handler's frame is about to be written, and again (is_entered) when
 * the task is at the handler's first instruction.
 */
EVENT(traced_handler, void, bool is_entered);

#endif
