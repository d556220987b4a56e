// SPDX-License-Identifier: MIT
/*
 * Processes: fork, threads, exit and wait; and the state of signals and rights that processes and
 * their threads have.
 *
 * A process is what its threads have in common: its number, its place in the tree of processes, its
 * handlers and the signals sent to it as a whole, its limits, timers and program. The first thread
 * is the leader, whose tid is the pid; when it ends it stays as a zombie until the process has been
 * waited for. The kernel lock guards all of it.
 */
#ifndef KERNEL_TASK_PROCESS_H
#define KERNEL_TASK_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/queue.h>
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/types.h>

#include "arch/mmu/pkru.h"
#include "kernel/task/wait_queue.h"

struct task;

/* ---- signals, as much as waiting needs: what is done with them is in kernel/signal/ ---- */

#define SIGNAL_COUNT 64

typedef uint64_t signal_set_t; /* bit n - 1 for signal n: as sigset_t in the kernel's ABI */

static inline signal_set_t signal_bit(int signal)
{
    return 1ul << (signal - 1);
}

/* What no mask keeps back (signal(7)). */
#define SIGNALS_NEVER_BLOCKED (signal_bit(SIGKILL) | signal_bit(SIGSTOP))

/* Handlers: shared by the threads of a process. The kernel lock guards them. */
struct signal_actions {
    uint32_t references;
    struct sigaction action[SIGNAL_COUNT]; /* [n - 1] for signal n */
};

struct pending_signal {
    TAILQ_ENTRY(pending_signal) link;
    siginfo_t info;
};

/*
 * Signals that were sent to a thread, or to a process as a whole, and not delivered yet. A signal
 * in the set need not be in the list: its siginfo may have found no memory.
 */
struct signal_queue {
    signal_set_t set;
    TAILQ_HEAD(, pending_signal) list;
    unsigned int length;
};

/* A thread's part. */
struct signal_state {
    signal_set_t blocked;
    signal_set_t awaited; /* what sigtimedwait() waits for: kept even if it is ignored */
    struct signal_queue pending;
    siginfo_t forced; /* raised by the thread's own instruction; si_signo is 0 if there is none */
    stack_t stack;    /* sigaltstack(); its size is 0 if there is none */
    stack_t disarmed; /* what SS_AUTODISARM last took away */
    signal_set_t saved_blocked; /* the mask to restore after sigsuspend() or ppoll() */
    bool restore_blocked;
};

static inline void signal_queue_init(struct signal_queue *queue)
{
    queue->set = 0;
    queue->length = 0;
    TAILQ_INIT(&queue->list);
}

/* ---- changes of rights that others make (kernel/keys/rights.h) ---- */

/* A process's part. Changes are numbered from 1, in one sequence for all processes. */
struct rights_state {
    uint64_t changes; /* the last one in this process; 0: there was none */
};

/* A thread's part, which its children and new threads inherit. */
struct thread_rights {
    uint64_t visited;             /* the last change or query that has reached it */
    uint64_t changes[PKEY_COUNT]; /* by key, the last change; 0: there was none */
    uint32_t set;                 /* the rights that they have set, in PKRU's format */
};

/* ---- processes ---- */

#define FIRST_PID 1 /* the first program's */

TAILQ_HEAD(process_list, process);
TAILQ_HEAD(thread_list, task);

struct process {
    TAILQ_ENTRY(process) all_link; /* lock: kernel; in all_processes */
    TAILQ_ENTRY(process) sibling;  /* lock: kernel; in parent->children */

    int pid;                      /* lock: none, constant */
    int pgid, sid;                /* lock: kernel */
    int parent_pid;               /* lock: kernel, none to read; parent->pid; 0: no parent */
    struct process *parent;       /* lock: kernel */
    struct process_list children; /* lock: kernel */
    struct wait_queue child_exit; /* lock: one of each wait queue; where threads wait for
                                   * children */

    struct task *leader;        /* lock: kernel */
    struct thread_list threads; /* lock: kernel */
    unsigned int live_threads;  /* lock: kernel */
    bool is_exiting; /* lock: kernel, none to read; exit_group() or a deadly signal: all end */
    bool is_zombie;  /* lock: kernel; its leader alone is left, ended, to be waited for */
    int wait_status; /* lock: kernel; as wait(2) has it */

    struct signal_actions *actions; /* lock: kernel */
    struct signal_queue pending;    /* lock: kernel; for whichever thread does not block it */
    struct rights_state rights;     /* lock: kernel */

    struct rlimit64 limits[RLIM_NLIMITS]; /* lock: kernel, none to read */
    uint64_t started_ns;                  /* lock: none, constant */
    int exit_signal; /* lock: kernel; what its parent gets at its end; 0: none */
};

/* Oldest first. */
extern struct process_list all_processes;

/* By pid, or NULL. */
struct process *process_find(int pid);

/* What clone() is to make: its flags without CSIGNAL; the rest as in clone3(2). */
struct clone_request {
    uint64_t flags;
    uint64_t handled; /* the flags that a room above has handled (thread_is_made) */
    int exit_signal;
    uintptr_t stack; /* its top; 0: the caller's */
    uintptr_t parent_tid, child_tid, pidfd;
    uint64_t tls;
};

/*
 * Makes a new process, or a new thread of the running one, and returns its tid. -EINVAL for flags
 * that contradict each other or are not supported (namespaces, cgroups, pidfds of threads);
 * -EAGAIN; -ENOMEM; with CLONE_PIDFD, for which pidfd is the address of an int, -EMFILE and
 * -EFAULT; -EPERM for a tls that cannot be FS's base.
 */
long process_clone(struct clone_request *request);

/*
 * Makes the first program's process, with one thread: no descriptors yet, at the root directory.
 * NULL, and things half made, without memory: the machine does not start then.
 */
struct task *process_create(void);

/* Makes it a child of another, or of none (NULL). */
void process_set_parent(struct process *process, struct process *parent);

/* ---- among the files of kernel/process/ ---- */

/* Releases what a task that has ended no longer needs; it keeps its number. */
void task_release_resources(struct task *task);

/* Makes a process with this task as leader, or NULL. Handlers and all else are up to the caller. */
struct process *process_create_with_leader(struct task *leader);
void process_add_thread(struct process *process, struct task *task);

/* Frees a process, but for its leader. */
void process_free_without_leader(struct process *process);

/* Frees a process that has ended and is nobody's child any more, with its leader. */
void process_free(struct process *process);

/*
 * Ends the running thread's whole process, with a status encoded as in wait(2). If it is the first
 * program, the machine ends (first_process_ends).
 */
void process_exit(int wait_status) __attribute__((noreturn));

/* Its first half: notes the status and makes the other threads end; the caller goes on. */
void process_doom(int wait_status);

/* Ends the running thread alone; the last one ends the process. */
void thread_exit(int wait_status) __attribute__((noreturn));

/*
 * If no thread of a process lives, and no ended one is kept (kernel/process/events.h), its parent
 * may wait for it from now on; or it is freed, if the parent does not want to.
 */
void process_settle_end(struct process *process);

/* The CLD_* code of an end with that status, encoded as in wait(2). */
int process_end_code(int status);

/* Tells a process that a task has ended, by SIGCHLD, another signal or none (0); wakes its wait. */
void process_tell_end(const struct task *ended, struct process *to, int signal, int status);

/* For an end or an exec, while the old memory is still there: clears clear_child_tid and wakes. */
void thread_leave_space(void);

/* Ends the machine as if the first program had ended with this status: reboot(2). */
void process_end_machine(int wait_status) __attribute__((noreturn));

/* Makes the other threads end, at the latest on their way back to ring 3. */
void process_doom_others(struct process *process);

#endif
