// SPDX-License-Identifier: MIT
/* The end of threads and processes, and who is told of it. */
#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/cpu.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/futex/futex.h"
#include "kernel/keys/rights.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/task/process.h"
#include "kernel/task/task.h"
#include "mm/space/address_space.h"

void process_end_machine(int wait_status)
{
    TELL(first_process_ends, wait_status);
    bug("the machine goes on without its first process");
}

/* Whether the parent does not want to wait: SIGCHLD ignored, or SA_NOCLDWAIT. */
static bool parent_does_not_care(const struct process *process)
{
    const struct sigaction *action = &process->parent->actions->action[SIGCHLD - 1];

    return process->exit_signal == SIGCHLD &&
           (action->sa_handler == SIG_IGN || (action->sa_flags & SA_NOCLDWAIT));
}

int process_end_code(int status)
{
    return !(status & 0x7f) ? CLD_EXITED : status & 0x80 ? CLD_DUMPED : CLD_KILLED;
}

void process_tell_end(const struct task *ended, struct process *to, int signal, int status)
{
    bool signalled = (status & 0x7f) != 0;
    siginfo_t info = {.si_signo = signal};

    info.si_code = process_end_code(status);
    info.si_pid = ended->tid;
    info.si_uid = task_real_user(ended);
    info.si_status = signalled ? status & 0x7f : status >> 8 & 0xff;
    if (signal)
        signal_send_process_info(to->leader, &info);
    wake_all(&to->child_exit);
}

/* Returns whether nobody will wait for it: then it is off its parent's list already. */
static bool tell_end(struct process *process)
{
    if (ASK(end_is_told, process))
        return false;
    bool reap = parent_does_not_care(process);
    process_tell_end(process->leader, process->parent, process->exit_signal, process->wait_status);
    if (reap)
        TAILQ_REMOVE(&process->parent->children, process, sibling);
    return reap;
}

/* No thread lives, and none that has ended is kept, other than the leader. */
static bool is_over(const struct process *process)
{
    return !process->live_threads && !TAILQ_NEXT(TAILQ_FIRST(&process->threads), thread);
}

/* Makes a process that is over a zombie. Returns whether nobody will wait for it. */
static bool end_unseen(struct process *process)
{
    if (!is_over(process))
        return false;
    if (!process->is_zombie) {
        process->is_zombie = true;
        TELL(process_is_over, process);
    }
    return tell_end(process);
}

void process_settle_end(struct process *process)
{
    if (end_unseen(process))
        process_free(process);
}

static void give_away_children(struct process *process)
{
    struct process *reaper = process_find(FIRST_PID);
    struct process *child;

    TELL(reaper_is_sought, process, &reaper);
    while ((child = TAILQ_FIRST(&process->children))) {
        TAILQ_REMOVE(&process->children, child, sibling);
        process_set_parent(child, reaper);
        child->exit_signal = SIGCHLD;
        TELL(parent_is_lost, child, process);
        process_settle_end(child);
    }
}

/* The last thread has ended. Returns whether the process is freed, as nobody will wait for it. */
static bool end_process(struct process *process)
{
    TELL(process_ends, process);
    give_away_children(process);
    TELL(parent_is_lost, process, process->parent);
    if (!end_unseen(process))
        return false;
    if (process->leader == current()) {
        task_unlist(current()); /* so that nobody finds it until the next task here frees it */
        process_free_without_leader(process);
    } else {
        process_free(process);
    }
    current()->process = NULL;
    return true;
}

static void clear_child_tid(struct task *task)
{
    int zero = 0;

    if (task->clear_child_tid && !copy_to_user(task->clear_child_tid, &zero, sizeof(zero)))
        futex_wake_one(task->clear_child_tid);
    task->clear_child_tid = 0;
}

void thread_leave_space(void)
{
    struct task *task = current();

    TELL(thread_leaves_space);
    uint32_t own = rights_lower(task->clear_child_tid_pkru);
    clear_child_tid(task);
    rights_restore(own);
}

/* Releases what is shared, and wakes waiters. Leaves the space first: this may free it. */
static void release_shared(struct task *task)
{
    thread_leave_space();
    irq_disable(); /* a switch loads the next task's space too */
    space_load(NULL);
    irq_enable();
    task_release_resources(task);
}

void thread_exit(int wait_status)
{
    struct task *task = current();
    struct process *process = task->process;
    bool is_leader = task == process->leader;
    bool reap = false;

    TELL(thread_begins_to_end, wait_status);
    if (is_leader && !process->is_exiting)
        process->wait_status = wait_status;
    if (process->live_threads == 1 && process->pid == FIRST_PID)
        process_end_machine(process->wait_status);
    release_shared(task);
    irq_disable();
    bool is_last = --process->live_threads == 0;
    sched_set_state(TASK_ZOMBIE);
    if (!is_leader && !ASK(thread_is_kept, wait_status)) {
        TAILQ_REMOVE(&process->threads, task, thread);
        task_unlist(task);
        reap = true;
    }
    if (is_last) {
        reap |= end_process(process);
    } else {
        signal_retarget();
        TELL(thread_has_ended, process);
    }
    sched_exit(reap);
}

void process_doom_others(struct process *process)
{
    struct task *thread;

    TAILQ_FOREACH (thread, &process->threads, thread) {
        if (thread == current() || thread->state == TASK_ZOMBIE)
            continue;
        thread->is_doomed = true;
        signal_send(thread, SIGKILL);
    }
}

void process_doom(int wait_status)
{
    struct process *process = current_process();

    if (process->is_exiting)
        return;
    process->is_exiting = true;
    process->wait_status = wait_status;
    process_doom_others(process);
}

void process_exit(int wait_status)
{
    process_doom(wait_status);
    thread_exit(wait_status);
}

SYSCALL1(exit, int, status)
{
    thread_exit((status & 0xff) << 8);
}

SYSCALL1(exit_group, int, status)
{
    process_exit((status & 0xff) << 8);
}
