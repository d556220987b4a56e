// SPDX-License-Identifier: MIT
/*
 * Processes: fork, threads, exit and wait.
 *
 * A process is what its threads have in common: its number, its place in the tree of processes,
 * its handlers and the signals sent to it as a whole, its limits, timers and program. The first
 * thread is the leader, whose tid is the process's pid; it stays, ended, until the process is
 * waited for. The kernel lock guards all of it.
 */
#ifndef KERNEL_PROCESS_H
#define KERNEL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include <bsd/sys/queue.h>
#include <linux/resource.h>
#include <linux/types.h>

#include "kernel/posix_timer.h"
#include "kernel/rights.h"
#include "kernel/signal.h"
#include "kernel/stop.h"
#include "kernel/time.h"
#include "kernel/usage.h"
#include "kernel/wait_queue.h"

struct file;
struct task;
struct vfork_wait;

#define FIRST_PID 1 /* the first program's */

#define TIMERS 3 /* ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF */

TAILQ_HEAD(process_list, process);
TAILQ_HEAD(thread_list, task);

/* What a process sets for itself, most of it by prctl(2). */
struct process_control {
    int death_signal; /* that it gets when its parent ends, or 0 */
    bool is_subreaper;
    bool is_not_dumpable;
    bool no_new_privileges;
    uint64_t timer_slack; /* ns; 0: the default */
};

struct process {
    TAILQ_ENTRY(process) all_link; /* in all_processes */
    TAILQ_ENTRY(process) sibling;  /* in parent->children */

    int pid, pgid, sid;
    struct tty *tty;     /* its controlling terminal; NULL: none */
    int lost_foreground; /* of a leader whose terminal is gone: the group that had it; 0: none */
    int parent_pid;      /* parent->pid, to be read without the lock; 0: no parent */
    struct process *parent;
    bool is_adopted; /* the first program took it when its own parent had ended */
    bool has_execed; /* since it was made: its parent may not move it to a group any more */
    struct process_list children;
    struct wait_queue child_exit; /* where threads wait for children, and exec for threads */

    struct task *leader;
    struct thread_list threads;
    unsigned int live_threads;
    bool is_exiting;        /* exit_group() or a deadly signal: every thread ends */
    struct task *execer;    /* the thread that lives on while exec ends the others, or NULL */
    uint64_t awaited_since; /* others need the memory that it was told to give; ns, 0: nobody */
    bool is_zombie;         /* its leader alone is left, ended; it waits to be waited for */
    int wait_status;        /* as wait(2) has it */

    struct signal_actions *actions;
    struct signal_queue pending; /* for whichever thread does not block it */
    struct job_stop job;
    struct rights_state rights;

    struct rlimit64 limits[RLIM_NLIMITS];
    struct interval_timer timers[TIMERS];
    struct posix_timers posix_timers;
    uint64_t started_ns;
    struct process_control control;
    struct usage ended_usage;    /* of its threads that have ended */
    struct usage children_usage; /* of those that it has waited for, and theirs */
    struct file *executable;
    uintptr_t arguments[2]; /* [start, end) of argv's strings on the stack */
    uintptr_t environment[2];
    uintptr_t auxv[2];        /* of the auxiliary vector */
    int exit_signal;          /* what its parent gets at its end; 0: none */
    struct vfork_wait *vfork; /* its parent waits until it execs or ends; NULL: nobody does */
};

/* Oldest first. */
extern struct process_list all_processes;

/* By pid, or NULL. */
struct process *process_find(int pid);

/* What clone() is asked for: flags without CSIGNAL; the rest as clone3(2) has it. */
struct clone_request {
    uint64_t flags;
    int exit_signal;
    uintptr_t stack; /* its upper end; 0: the caller's */
    uintptr_t parent_tid, child_tid, pidfd;
    uint64_t tls;
};

/*
 * A new process, or a new thread of the running one: its tid. -EINVAL for flags that do not go
 * together or are not there (namespaces, cgroups, pidfds of threads); -EAGAIN; -ENOMEM; with
 * CLONE_PIDFD, for which pidfd is the address of an int, -EMFILE and -EFAULT; -EPERM for a tls that
 * is no base of FS.
 */
long process_clone(const struct clone_request *request);

/* Makes the first program's process, with one thread: no descriptors yet, at the root directory. */
struct task *process_create(void);

/* Frees one that has ended and is nobody's child any more, and its leader. */
void process_free(struct process *process);

/*
 * Ends the running thread's whole process with a status as wait(2) has it. When it is the first
 * program, the machine ends: see process_set_last_words().
 */
void process_exit(int wait_status) __attribute__((noreturn));

/* Its first half: the process ends with that status, and its other threads do at once. */
void process_doom(int wait_status);

/* Ends the running thread alone; the last one ends the process. */
void thread_exit(int wait_status) __attribute__((noreturn));

/*
 * The tracer of an ended task has waited for it, or ends: a thread is freed, and a process is its
 * parent's to wait for.
 */
void process_end_trace(struct task *ended);

/* Tells those who wait in the running thread's memory for its end: it ends, or execs. */
void thread_leave_space(void);

/* Ends the machine as if the first program had ended with this status: reboot(2). */
void process_end_machine(int wait_status) __attribute__((noreturn));

/*
 * For exec: ends the other threads, and the running one becomes the leader. -EAGAIN when the
 * process is ending itself or another thread is at it.
 */
int process_end_other_threads(void);

/* Lets the parent of a vfork() go on: the process has its own address space now, or has ended. */
void process_end_vfork(struct process *process);

/* How long its threads have run. */
uint64_t process_cpu_ns(const struct process *process);

/* Tells the address spaces of the threads which limits of memory their process has. */
void process_apply_limits(struct process *process);

/* What to do with the first program's status when it has ended. Does not return. */
void process_set_last_words(void (*last_words)(int wait_status));

#endif
