// SPDX-License-Identifier: MIT
/*
 * Tasks: what runs. A task is a thread of a process, as the scheduler sees it. What all threads of
 * a process have in common is in struct process (kernel/task/process.h); a task holds a reference
 * to each thing that clone() may share or copy (address space, descriptors, directory).
 *
 * The room owns tasks, the scheduler, waiting, the kernel lock and the poller; and the structure of
 * a process, whose life is in kernel/process/. It leaves the switch of stacks to arch/entry/, and
 * what rooms above keep in a task to them (kernel/task/state.h).
 */
#ifndef KERNEL_TASK_TASK_H
#define KERNEL_TASK_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include <bsd/sys/queue.h>

#include "arch/cpu/attach.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/cpu_set.h"
#include "arch/cpu/layout.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/trap.h"
#include "kernel/task/process.h"
#include "kernel/task/sched.h"
#include "kernel/task/wait_queue.h"

struct address_space;
struct file_table;

/* Work to do before a task returns to ring 3: the bits of task.work. */
#define WORK_SIGNAL  1u /* a signal may be deliverable */
#define WORK_RESCHED 2u /* its time is up */
/*
 * With WORK_SIGNAL: it has to stop, for job control or a tracer; a tracer has changed registers; it
 * may not stay on its CPU.
 */
#define WORK_STOP      4u
#define WORK_REGISTERS 8u
#define WORK_MOVE      16u

/* Who is told of a task's calls: the bits of task.told_of_calls. */
#define TOLD_TRACER  1u
#define TOLD_HISTORY 2u

TAILQ_HEAD(task_list, task);

struct task {
    /* work and told_of_calls are known to arch/entry/entry.asm. */
    uint32_t work;          /* lock: none, atomic; WORK_*: task_set_work() */
    uint32_t told_of_calls; /* lock: kernel, none to read; TOLD_*: call_begins and call_ends */
    uint32_t told_of_turns; /* lock: kernel, none to read; turn_begins is told */

    TAILQ_ENTRY(task) run_link;   /* lock: run queue; in its list */
    TAILQ_ENTRY(task) wait_link;  /* lock: one of each wait queue; in its list */
    TAILQ_ENTRY(task) all_link;   /* lock: kernel; in the list of all tasks */
    TAILQ_ENTRY(task) thread;     /* lock: kernel; in process->threads */
    TAILQ_ENTRY(task) timer_link; /* lock: sleepers; in their list, while wake_at is not 0 */

    enum task_state state; /* lock: run queue; the running task's own, but for TASK_RUNNABLE */
    unsigned int cpu; /* lock: run queue, none to read; where it runs, is queued, or ran last */
    bool on_cpu;      /* lock: run queue, none to read; its stack and registers are in use */
    bool is_urgent;   /* lock: none, constant; it goes to the head of the queue */
    struct cpu_set affinity;    /* lock: run queue */
    struct wait_queue *waiting; /* lock: one of each wait queue; the one that wait_link is in */
    uint64_t wake_at;       /* lock: sleepers; when a sleep ends, by clock_monotonic_ns(), or 0 */
    unsigned int sleep_cpu; /* lock: sleepers; whose timer ends it */
    int64_t cpu_clock; /* lock: run queue, none to read; ns that it has run; while it runs, those
                        * - when its turn began - 1 */

    unsigned int kernel_lock_depth; /* lock: none, its own */

    uintptr_t stack; /* lock: none, constant; lowest address of the kernel stack */
    uintptr_t rsp;   /* lock: run queue; where the kernel stack was left, while not running */
    void *fpu;       /* lock: none, constant; NULL: a kernel task. The XSAVE image, which is current
                      * while the task does not run, and the run queue's then */
    uint64_t fs_base, gs_base; /* lock: none, its own; those of segment_base_ok(), or what ring 3
                                * has loaded itself */

    int tid;                 /* lock: kernel, none for its own; exec may change it */
    bool is_listed;          /* lock: kernel; in all_tasks */
    struct process *process; /* lock: kernel, none for its own; NULL: a task of the kernel */
    bool is_doomed;          /* lock: kernel; its process ends or execs: SIGKILL is for it alone */
    struct address_space *space; /* lock: kernel, none for its own */
    struct file_table *files;    /* lock: kernel, none for its own */
    struct signal_state signals; /* lock: kernel, none for its own */
    struct process *tracer;      /* lock: kernel; is told of it before its parent; NULL: nobody */
    struct restart restart; /* lock: none, its own; an interrupted wait, for restart_syscall() */
    struct thread_rights rights; /* lock: kernel and run queue, none for its own */
    /* lock: none, its own; of the last exception in ring 3 */
    uint64_t fault_vector, fault_error_code, fault_address;

    uintptr_t set_child_tid;       /* lock: none, its own; user address for its tid, or 0 */
    uintptr_t clear_child_tid;     /* lock: kernel; user address that gets 0 at the end, or 0 */
    uint32_t clear_child_tid_pkru; /* lock: kernel; rights_now() when that was named */
    char name[16];   /* lock: kernel, none to read; the program's, as PR_GET_NAME has it */
    uint64_t faults; /* lock: none, its own; page faults that were resolved */
};

/* Not volatile: a task's own code always reads the same, across a switch and on another CPU. */
static inline struct task *current(void)
{
    struct task *task;
    __asm__("movq %%gs:24, %0" : "=r"(task));
    return task;
}

/* Sets work for the way to ring 3. sched_notify() then makes the task go that way soon. */
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

/* ---- signals of the running thread: as much as waiting needs ---- */

/* What is pending for the running thread, blocked or not. */
static inline signal_set_t signal_pending_set(void)
{
    return current()->signals.pending.set | current_process()->pending.set;
}

/* The same, without what it blocks. */
static inline signal_set_t signal_deliverable_set(void)
{
    return signal_pending_set() & ~(current()->signals.blocked & ~SIGNALS_NEVER_BLOCKED);
}

/*
 * Whether the running task has to look at a signal that it does not block, or to stop (WORK_STOP).
 * A signal for the process sets WORK_SIGNAL only in the thread chosen for it.
 */
static inline bool signal_pending(void)
{
    const struct task *task = current();

    if (!task->process || !(task->work & WORK_SIGNAL))
        return false;
    return (task->work & WORK_STOP) || signal_deliverable_set();
}

/* Whether a task has SIGKILL pending: it must end, whatever it does. */
static inline bool signal_is_killed(const struct task *task)
{
    return (task->signals.pending.set | task->process->pending.set) & signal_bit(SIGKILL);
}

/*
 * Whether a program may have this base of FS or GS: one in its own half, as on Linux. WRMSR of a
 * base that is not canonical is #GP (SDM vol. 2D, WRMSR), here in ring 0 at the next switch.
 */
static inline bool segment_base_ok(uint64_t base)
{
    return base < USER_END;
}

/* Saves the FS and GS bases of ring 3, which can change them itself if CR4.FSGSBASE is set. */
static inline void task_save_bases(struct task *task)
{
    if (cpu_state.cr4 & CR4_FSGSBASE) {
        task->fs_base = rdmsr(MSR_FS_BASE);
        task->gs_base = rdmsr(MSR_KERNEL_GS_BASE);
    }
}

static inline void task_load_bases(const struct task *task)
{
    wrmsr(MSR_FS_BASE, task->fs_base);
    wrmsr(MSR_KERNEL_GS_BASE, task->gs_base);
}

/* The registers that a task entered the kernel with: at the top of its stack. */
struct trap_frame *task_frame(struct task *task);

/*
 * A new task is to get this number, one above the last: a room with a rule about numbers changes
 * it, or answers -EAGAIN when none is left.
 */
EVENT(task_is_numbered, int, int *tid);

/* A task has just been made: it has a number and nothing else yet. It may not fail. */
EVENT(task_is_created, void, struct task *task);

void task_init(void);

/*
 * Makes a new task with a kernel stack, an XSAVE image in its initial state, a tid, and nothing
 * else. It starts at the frame at the top of its stack, which the caller fills in. -ENOMEM, or
 * -EAGAIN when no number is left.
 */
int task_create(struct task **task);

/* Takes an ended task off the list of all tasks, before the kernel lock is released. */
void task_unlist(struct task *task);

/* Frees a task that has ended, has released its resources and is in no other list. */
void task_free(struct task *task);

/* By tid, or NULL. */
struct task *task_find(int tid);

/* The list of all tasks, oldest first. */
extern struct task_list all_tasks;

struct task_counts {
    unsigned int now; /* that exist, ended leaders of processes too */
    uint64_t total;   /* made since boot */
    int last_tid;     /* the latest one's number */
};
extern struct task_counts task_counts; /* the kernel lock guards it */

#endif
