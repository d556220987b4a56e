// SPDX-License-Identifier: MIT
#include "kernel/process.h"

#include <asm/errno.h>
#include <linux/reboot.h>
#include <linux/sched.h>

#include "arch/bug.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/fpu.h"
#include "arch/usercopy.h"
#include "kernel/file.h"
#include "kernel/fs_context.h"
#include "kernel/futex.h"
#include "kernel/group.h"
#include "kernel/kernel_lock.h"
#include "kernel/ptrace.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/tty.h"
#include "libc/include/string.h"
#include "mm/address_space.h"

#define FIRST_PID 1

static void (*first_last_words)(int wait_status);

void process_set_last_words(void (*last_words)(int wait_status))
{
    first_last_words = last_words;
}

void process_end_machine(int wait_status)
{
    first_last_words(wait_status);
    bug("the last words returned");
}

/* ---- making ---- */

struct task *process_create(void)
{
    struct task *task = task_create();

    if (!task)
        return NULL;
    task->pid = FIRST_PID; /* tests in ring 0 may have had tasks before */
    task->pgid = task->pid;
    task->sid = task->pid;
    for (unsigned int i = 0; i < RLIM_NLIMITS; i++)
        task->limits[i] = (struct rlimit64){RLIM64_INFINITY, RLIM64_INFINITY};
    task->limits[RLIMIT_STACK].rlim_cur = STACK_LIMIT_DEFAULT;
    task->limits[RLIMIT_CORE].rlim_cur = 0;
    task->limits[RLIMIT_NOFILE] = (struct rlimit64){FILES_MAX, FILES_MAX};
    task->files = file_table_create();
    task->fs = fs_context_create();
    task->signals.actions = signal_actions_create();
    if (!task->files || !task->fs || !task->signals.actions) {
        task_free(task);
        return NULL;
    }
    return task;
}

/* Shares or copies what clone()'s flags say. What is missing afterwards is for task_free(). */
static int copy_resources(struct task *child, uint64_t flags)
{
    struct task *parent = current();

    if (flags & CLONE_VM) {
        child->space = parent->space;
        space_get(child->space);
    } else {
        child->space = space_copy(parent->space);
    }
    child->files = file_table_copy(parent->files);
    child->fs = fs_context_copy(parent->fs);
    child->signals.actions = signal_actions_copy(parent->signals.actions);
    if (!child->space || !child->files || !child->fs || !child->signals.actions)
        return -ENOMEM;
    return 0;
}

static void copy_identity(struct task *child)
{
    struct task *parent = current();

    child->pgid = parent->pgid;
    child->affinity = parent->affinity;
    child->sid = parent->sid;
    child->signals.blocked = parent->signals.blocked;
    child->signals.stack_base = parent->signals.stack_base;
    child->signals.stack_size = parent->signals.stack_size;
    child->signals.stack_flags = parent->signals.stack_flags;
    child->executable = parent->executable;
    if (child->executable)
        file_get(child->executable);
    memcpy(child->limits, parent->limits, sizeof(child->limits));
    child->control = parent->control;
    child->control.death_signal = 0;
    child->control.is_subreaper = false;
    memcpy(child->name, parent->name, sizeof(child->name));
    memcpy(child->arguments, parent->arguments, sizeof(child->arguments));
    memcpy(child->environment, parent->environment, sizeof(child->environment));
    child->started_ns = clock_monotonic_ns();
}

/* Who waits for the child, and by which signal it hears of its end. */
static void join_family(struct task *child, uint64_t flags)
{
    struct task *self = current();
    struct task *parent = flags & CLONE_PARENT ? self->parent : self;

    child->exit_signal = flags & CLONE_PARENT ? self->exit_signal : (int)(flags & CSIGNAL);
    child->parent = parent;
    TAILQ_INSERT_TAIL(&parent->children, child, sibling);
}

/* The child has the caller's registers as they are now, PKRU among them, and RAX 0. */
static void copy_registers(struct task *child, uintptr_t stack)
{
    struct task *parent = current();
    struct trap_frame *frame = task_frame(child);

    *frame = *task_frame(parent);
    frame->rax = 0;
    if (stack)
        frame->rsp = stack;
    fpu_save(child->fpu);
    child->fs_base = parent->fs_base;
    child->gs_base = parent->gs_base;
    if (cpu_state.cr4 & CR4_FSGSBASE) {
        child->fs_base = rdmsr(MSR_FS_BASE);
        child->gs_base = rdmsr(MSR_KERNEL_GS_BASE);
    }
}

static bool vfork_is_over(void *context)
{
    (void)context;
    return !current()->is_vforking;
}

struct clone_request {
    uint64_t flags;
    uintptr_t stack;
    uintptr_t parent_tid, child_tid;
    uint64_t tls;
};

#define CLONE_SUPPORTED                                                                     \
    (CSIGNAL | CLONE_VM | CLONE_VFORK | CLONE_PARENT | CLONE_SETTLS | CLONE_PARENT_SETTID | \
     CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)

static long clone_task(const struct clone_request *request)
{
    uint64_t flags = request->flags;

    /* Threads (CLONE_THREAD, CLONE_SIGHAND ...) and namespaces are not to be had. */
    if (flags & ~CLONE_SUPPORTED)
        return -EINVAL;
    if (flags & CLONE_PARENT && current()->pid == FIRST_PID)
        return -EINVAL;
    struct task *child = task_create();
    if (!child)
        return -EAGAIN;
    if (copy_resources(child, flags)) {
        task_free(child);
        return -ENOMEM;
    }
    copy_identity(child);
    join_family(child, flags);
    copy_registers(child, request->stack);
    if (flags & CLONE_VM && !(flags & CLONE_VFORK))
        child->signals.stack_flags = SS_DISABLE;
    if (flags & CLONE_SETTLS)
        child->fs_base = request->tls;
    if (flags & CLONE_CHILD_CLEARTID)
        child->clear_child_tid = request->child_tid;
    int pid = child->pid;
    if (flags & CLONE_PARENT_SETTID)
        copy_to_user(request->parent_tid, &pid, sizeof(pid));
    if (flags & CLONE_CHILD_SETTID)
        child->set_child_tid = request->child_tid;
    if (flags & CLONE_VFORK) {
        child->vfork_parent = current();
        current()->is_vforking = true;
    }
    int event = ptrace_clone(child, flags);
    sched_add(child); /* which may have ended, and be gone, by the next line */
    if (event)
        ptrace_event_stop(event, (uint64_t)pid);
    if (flags & CLONE_VFORK) {
        wait_event_uninterruptible(&current()->child_exit, vfork_is_over, NULL);
        ptrace_vfork_done(pid);
    }
    return pid;
}

void process_end_vfork(struct task *task)
{
    struct task *parent = task->vfork_parent;

    if (!parent)
        return;
    task->vfork_parent = NULL;
    parent->is_vforking = false;
    wake_all(&parent->child_exit);
}

SYSCALL0(fork)
{
    struct clone_request request = {.flags = SIGCHLD};

    return clone_task(&request);
}

SYSCALL0(vfork)
{
    struct clone_request request = {.flags = SIGCHLD | CLONE_VM | CLONE_VFORK};

    return clone_task(&request);
}

SYSCALL5(clone, uint64_t, flags, uintptr_t, stack, uintptr_t, parent_tid, uintptr_t, child_tid,
         uint64_t, tls)
{
    struct clone_request request = {flags, stack, parent_tid, child_tid, tls};

    return clone_task(&request);
}

/* ---- ending ---- */

/* Who takes the children of one that ends: the nearest subreaper, or the first program. */
static struct task *find_reaper(const struct task *task)
{
    struct task *ancestor = task->parent;

    while (ancestor->pid != FIRST_PID && !ancestor->control.is_subreaper)
        ancestor = ancestor->parent;
    return ancestor;
}

static void give_away_children(struct task *task)
{
    struct task *reaper = find_reaper(task);
    struct task *child;

    while ((child = TAILQ_FIRST(&task->children))) {
        TAILQ_REMOVE(&task->children, child, sibling);
        child->parent = reaper;
        child->is_adopted = true;
        child->exit_signal = SIGCHLD;
        TAILQ_INSERT_TAIL(&reaper->children, child, sibling);
        if (child->control.death_signal)
            signal_send(child, child->control.death_signal);
        if (child->state == TASK_ZOMBIE)
            wake_all(&reaper->child_exit);
        group_lost_parent(child, task);
    }
}

/* Whether the parent does not want to wait: SIGCHLD ignored, or SA_NOCLDWAIT. */
static bool parent_does_not_care(const struct task *task)
{
    const struct sigaction *action = &task->parent->signals.actions->action[SIGCHLD - 1];

    if (task->exit_signal != SIGCHLD)
        return false;
    return action->sa_handler == SIG_IGN || (action->sa_flags & SA_NOCLDWAIT);
}

/* A signal about the end of a task to its parent or tracer, unless 0, and the end of their wait. */
static void tell(struct task *task, struct task *to, int signal)
{
    bool signalled = (task->wait_status & 0x7f) != 0;
    siginfo_t info = {.si_signo = signal};

    info.si_code = !signalled ? CLD_EXITED : task->wait_status & 0x80 ? CLD_DUMPED : CLD_KILLED;
    info.si_pid = task->pid;
    info.si_status = signalled ? task->wait_status & 0x7f : task->wait_status >> 8 & 0xff;
    if (signal)
        signal_send_info(to, &info);
    wake_all(&to->child_exit);
}

void process_exit(int wait_status)
{
    struct task *task = current();
    int zero = 0;

    ptrace_exit(wait_status);
    task->wait_status = wait_status;
    if (task->clear_child_tid && !copy_to_user(task->clear_child_tid, &zero, sizeof(zero)))
        futex_wake_one(task->clear_child_tid);
    if (task->pid == FIRST_PID)
        process_end_machine(wait_status);
    irq_disable();
    space_load(NULL);
    irq_enable();
    ptrace_let_go(task);
    task_release_resources(task);
    if (task->pid == task->sid)
        tty_end_session(task->sid);
    process_end_vfork(task);
    give_away_children(task);
    group_lost_parent(task, task->parent);
    irq_disable();
    bool reap = !task->trace.tracer && parent_does_not_care(task);
    if (reap)
        TAILQ_REMOVE(&task->parent->children, task, sibling);
    sched_set_state(TASK_ZOMBIE);
    tell(task, task->parent, task->exit_signal);
    if (task->trace.tracer && task->trace.tracer != task->parent)
        tell(task, task->trace.tracer, SIGCHLD);
    sched_exit(reap);
}

SYSCALL1(exit, int, status)
{
    process_exit((status & 0xff) << 8);
}

SYSCALL1(exit_group, int, status)
{
    process_exit((status & 0xff) << 8);
}

/* ---- the end of the machine ---- */

SYSCALL4(reboot, int, magic1, int, magic2, unsigned int, command, uintptr_t, argument)
{
    (void)argument;
    if (magic1 != (int)LINUX_REBOOT_MAGIC1 ||
        (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A &&
         magic2 != LINUX_REBOOT_MAGIC2B && magic2 != LINUX_REBOOT_MAGIC2C))
        return -EINVAL;
    switch (command) {
    case LINUX_REBOOT_CMD_RESTART: /* to restart is left to whoever started the machine */
    case LINUX_REBOOT_CMD_HALT:
    case LINUX_REBOOT_CMD_POWER_OFF:
        process_end_machine(0);
    case LINUX_REBOOT_CMD_CAD_ON:
    case LINUX_REBOOT_CMD_CAD_OFF:
        return 0;
    default:
        return -EINVAL;
    }
}
