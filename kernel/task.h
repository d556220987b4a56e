// SPDX-License-Identifier: MIT
/*
 * Tasks: what runs. A task is a thread of a process, as the scheduler sees it; what threads of a
 * process share (address space, descriptors, handlers) it refers to with a reference.
 */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include <bsd/sys/queue.h>
#include <linux/resource.h>
#include <linux/types.h>

#include "arch/percpu.h"
#include "arch/trap.h"
#include "kernel/ptrace.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/stop.h"
#include "kernel/time.h"
#include "kernel/usage.h"
#include "kernel/wait_queue.h"

struct address_space;
struct file;
struct file_table;
struct fs_context;

/* What has to be done before a task goes back to ring 3: the bits of task.work. */
#define TIMERS 3 /* ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF */

#define WORK_SIGNAL  1u /* a signal may be deliverable */
#define WORK_RESCHED 2u /* its time is up */

TAILQ_HEAD(task_list, task);

/* What a process sets for itself, most of it by prctl(2). */
struct process_control {
    int nice;         /* -20 to 19 */
    int death_signal; /* that it gets when its parent ends, or 0 */
    bool is_subreaper;
    bool is_not_dumpable;
    bool keeps_capabilities;
    bool no_new_privileges;
    uint64_t timer_slack; /* ns; 0: the default */
};

struct task {
    TAILQ_ENTRY(task) run_link;   /* in a run queue */
    TAILQ_ENTRY(task) wait_link;  /* in a wait queue */
    TAILQ_ENTRY(task) all_link;   /* in the list of all tasks */
    TAILQ_ENTRY(task) sibling;    /* in parent->children */
    TAILQ_ENTRY(task) timer_link; /* in the list of sleepers, while wake_at is not 0 */

    /* kernel/sched.c and kernel/wait_queue.c */
    enum task_state state;
    unsigned int cpu; /* where it runs, is queued, or ran last */
    bool on_cpu;      /* it runs: its stack and registers are in use */
    bool is_queued;
    bool is_urgent; /* it goes to the head of the queue */
    bool must_move; /* its CPU is one where it may not run any more */
    struct cpu_set affinity;
    struct wait_queue *waiting; /* the queue that wait_link is in */
    uint64_t wake_at;           /* clock_monotonic_ns() at which a sleep ends; 0: none */
    unsigned int sleep_cpu;     /* whose timer ends it */
    uint64_t cpu_ns;            /* how long it has run, up to its last turn: sched_cpu_ns() */
    uint64_t turn_ns;           /* when its last turn began */

    uint32_t work; /* WORK_*: task_set_work() */
    unsigned int kernel_lock_depth;

    uintptr_t stack; /* lowest address of the kernel stack */
    uintptr_t rsp;   /* where the kernel stack was left, while not running */
    void *fpu;       /* XSAVE image, current only while not running; NULL: a kernel task */
    uint64_t fs_base, gs_base;

    struct address_space *space;
    struct file_table *files;
    struct fs_context *fs;
    struct file *executable;
    struct signal_state signals;
    struct stop_state stop;
    struct trace_state trace;
    bool registers_changed; /* by a tracer, while it was stopped */
    uint64_t sleep_until;   /* the end of an interrupted sleep, for restart_syscall(); 0: none */
    uintptr_t sleep_remaining;
    uint64_t fault_vector, fault_error_code, fault_address; /* of the last exception in ring 3 */

    int pid, pgid, sid;
    struct task *parent;
    int exit_signal; /* what the parent gets at its end: SIGCHLD, another, or 0 */
    bool is_adopted; /* the parent took it when its own had ended */
    bool has_execed; /* since it was made: its parent may not move it to a group any more */
    struct task_list children;
    struct wait_queue child_exit; /* where it waits for its children */
    int wait_status;              /* as wait(2) has it, once a zombie */
    uintptr_t set_child_tid;      /* user address that gets the pid at the first turn, or 0 */
    uintptr_t clear_child_tid;    /* user address that gets 0 at the end, or 0 */
    struct rlimit64 limits[RLIM_NLIMITS];
    struct process_control control;
    struct interval_timer timers[TIMERS];
    uint64_t started_ns;
    uint64_t faults;             /* page faults that were resolved */
    uint64_t peak_pages;         /* of the address spaces that it had before */
    struct usage children_usage; /* of those that it has waited for, and theirs */
    char name[16];               /* of the program, as prctl(PR_GET_NAME) has it */
    uintptr_t arguments[2];      /* [start, end) of argv's strings on the stack */
    uintptr_t environment[2];
    struct task *vfork_parent; /* waits until this one execs or exits */
    bool is_vforking;          /* it is such a parent */
};

static inline struct task *current(void)
{
    struct task *task;
    __asm__ volatile("movq %%gs:24, %0" : "=r"(task));
    return task;
}

/* Changes what has to be done on the way to ring 3; for sched_notify() it is not enough alone. */
static inline void task_set_work(struct task *task, uint32_t work)
{
    __atomic_fetch_or(&task->work, work, __ATOMIC_SEQ_CST);
}

static inline void task_clear_work(struct task *task, uint32_t work)
{
    __atomic_fetch_and(&task->work, ~work, __ATOMIC_SEQ_CST);
}

/* The registers that a task entered the kernel with: at the top of its stack. */
struct trap_frame *task_frame(struct task *task);

void task_init(void);

/*
 * A new task with a kernel stack, an XSAVE image in its initial state, a pid, and nothing else.
 * It starts at the frame at the top of its stack, which the caller fills in. NULL: out of memory.
 */
struct task *task_create(void);

/* Tells the task's address space which limits of memory it has. */
void task_apply_limits(struct task *task);

/* Gives back what a task that has ended no longer needs; its number and status stay. */
void task_release_resources(struct task *task);

/* Frees a task that has ended and is in no list of another task. */
void task_free(struct task *task);

/* By pid, or NULL. */
struct task *task_find(int pid);

#define PID_MAX 32768

/* The list of all tasks, oldest first. */
extern struct task_list all_tasks;

/* Tasks and zombies that exist; a test compares it before and after. */
unsigned int task_count(void);

/* Tasks made since boot; and the number that the latest one got. */
uint64_t task_total(void);
int task_last_pid(void);

#endif
