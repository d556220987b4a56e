// SPDX-License-Identifier: MIT
/*
 * Tasks: what runs. A task is a thread of a process, as the scheduler sees it. What all threads of
 * a process have in common is in struct process (kernel/process.h); what clone() can share or not
 * (address space, descriptors, directory) a task refers to with a reference.
 */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include <bsd/sys/queue.h>

#include "arch/layout.h"
#include "arch/percpu.h"
#include "arch/trap.h"
#include "kernel/credentials.h"
#include "kernel/fail_nth.h"
#include "kernel/process.h"
#include "kernel/ptrace.h"
#include "kernel/restart.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/stop.h"
#include "kernel/wait_queue.h"

struct address_space;
struct file_table;
struct fs_context;
struct kcov_trace;

/* What has to be done before a task goes back to ring 3: the bits of task.work. */
#define WORK_SIGNAL  1u /* a signal may be deliverable */
#define WORK_RESCHED 2u /* its time is up */

TAILQ_HEAD(task_list, task);

/* A thread's: kept and told as Linux does, and not obeyed. */
struct priorities {
    int policy, priority; /* sched_setscheduler() */
    int nice;             /* -20 to 19 */
    bool reset_on_fork;   /* SCHED_RESET_ON_FORK: what it makes starts without privilege */
};

struct task {
    uint32_t work;          /* WORK_*: task_set_work(); this and the next: arch/entry.asm */
    uint32_t stop_at_calls; /* PTRACE_SYSCALL: stop where the next system call begins or ends */

    TAILQ_ENTRY(task) run_link;   /* in a run queue */
    TAILQ_ENTRY(task) wait_link;  /* in a wait queue */
    TAILQ_ENTRY(task) all_link;   /* in the list of all tasks */
    TAILQ_ENTRY(task) thread;     /* in process->threads */
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
    int64_t cpu_clock; /* ns that it has run; while it runs, those - when its turn began - 1 */

    unsigned int kernel_lock_depth;

    uintptr_t stack; /* lowest address of the kernel stack */
    uintptr_t rsp;   /* where the kernel stack was left, while not running */
    void *fpu;       /* XSAVE image, current only while not running; NULL: a kernel task */
    uint64_t fs_base, gs_base; /* those of segment_base_ok(), or what ring 3 has loaded itself */

    int tid;
    bool is_listed;          /* in all_tasks */
    struct process *process; /* NULL: a task of the kernel */
    bool is_doomed;          /* its process ends or execs: SIGKILL is for it alone */
    struct address_space *space;
    struct file_table *files;
    struct fs_context *fs;
    struct signal_state signals;
    struct stop_state stop;
    struct trace_state trace;
    bool registers_changed; /* by a tracer, while it was stopped */
    struct restart restart; /* an interrupted wait, for restart_syscall() */
    struct thread_rights rights;
    uint64_t fault_vector, fault_error_code, fault_address; /* of the last exception in ring 3 */

    uintptr_t set_child_tid;   /* user address that gets the tid at the first turn, or 0 */
    uintptr_t clear_child_tid; /* user address that gets 0 at the end, or 0 */
    uintptr_t robust_list;     /* user address of the list of locks that it holds, or 0 */
    uint32_t clear_child_tid_pkru, robust_list_pkru; /* rights_now() when these were named */
    struct credentials credentials;
    struct priorities priorities;
    uint32_t personality; /* as personality(2) sets it; nothing goes by it */
    char name[16];        /* of the program, as prctl(PR_GET_NAME) has it */
    bool is_in_need;      /* a copy of the kernel's found no memory: kernel/oom.h */
    struct fail_nth fail_nth;
    uint64_t faults;         /* page faults that were resolved */
    uint64_t peak_pages;     /* of the address spaces that it had before */
    struct kcov_trace *kcov; /* what it reaches: sanitizers/coverage.h; NULL: nobody asked */
};

/* Not volatile: to the code that runs it never changes, across a switch and on another CPU. */
static inline struct task *current(void)
{
    struct task *task;
    __asm__("movq %%gs:24, %0" : "=r"(task));
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

static inline struct process *current_process(void)
{
    return current()->process;
}

/*
 * Whether a program may ask for this base of FS or GS: one in its own half, as on Linux. A base
 * that is not canonical would be #GP in ring 0, at the WRMSR of the next switch.
 */
static inline bool segment_base_ok(uint64_t base)
{
    return base < USER_END;
}

/* The registers that a task entered the kernel with: at the top of its stack. */
struct trap_frame *task_frame(struct task *task);

void task_init(void);

/*
 * Makes a new task with a kernel stack, an XSAVE image in its initial state, a tid, and nothing
 * else. It starts at the frame at the top of its stack, which the caller fills in. -ENOMEM, or
 * -EAGAIN when no number is left.
 */
int task_create(struct task **task);

/* Gives back what a task that has ended no longer needs; its number stays. */
void task_release_resources(struct task *task);

/* Takes an ended task out of the list of all tasks, before the lock is let go. */
void task_unlist(struct task *task);

/* Frees a task that has ended and is in no list of another task. */
void task_free(struct task *task);

/* What a new thread has of its maker's. */
struct priorities priorities_of_child(const struct priorities *parent);

/* By tid, or NULL. */
struct task *task_find(int tid);

/* kernel.pid_max: no number is so large. Small ones are given out once, and left to daemons then.
 */
#define PID_MAX_DEFAULT 32768
#define PID_MAX_LIMIT   (4ul << 20)
#define RESERVED_PIDS   300
extern uint64_t pid_max;

/* The list of all tasks, oldest first. */
extern struct task_list all_tasks;

/* Tasks that exist, ended leaders of processes too; a test compares it before and after. */
unsigned int task_count(void);

/* Tasks made since boot; and the number that the latest one got. */
uint64_t task_total(void);
int task_last_pid(void);

#endif
