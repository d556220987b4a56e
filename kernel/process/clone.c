// SPDX-License-Identifier: MIT
/* Making threads and processes: what a new one shares with its maker, or copies from it. */
#include <asm/errno.h>
#include <linux/sched.h>

#include "arch/cpu/cpu.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/keys/rights.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/task/process.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"
#include "mm/space/address_space.h"

/* Flags for what this kernel does not have: namespaces, cgroups. */
#define CLONE_NOT_THERE                                                                           \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
     CLONE_NEWNET | CLONE_NEWTIME | CLONE_INTO_CGROUP)

/* Shares or copies what clone()'s flags say. On failure unmake_thread() releases what is there. */
static int copy_resources(struct task *child, uint64_t flags)
{
    struct task *parent = current();

    if (flags & CLONE_VM) {
        child->space = parent->space;
        space_get(child->space);
    } else {
        child->space = space_copy(parent->space);
    }
    if (flags & CLONE_FILES) {
        child->files = parent->files;
        file_table_share(child->files);
    } else {
        child->files = file_table_copy(parent->files);
    }
    return child->space && child->files ? 0 : -ENOMEM;
}

/* The child gets the caller's registers as they are now, PKRU among them, but 0 in RAX. */
static void copy_registers(struct task *child, uintptr_t stack)
{
    struct task *parent = current();
    struct trap_frame *frame = task_frame(child);

    *frame = *task_frame(parent);
    frame->rax = 0;
    if (stack)
        frame->rsp = stack;
    fpu_save(child->fpu);
    task_save_bases(parent);
    child->fs_base = parent->fs_base;
    child->gs_base = parent->gs_base;
}

/* What a new thread inherits. An alternate stack is not shared by threads that run at once. */
static void copy_thread(struct task *child, const struct clone_request *request)
{
    struct task *parent = current();
    uint64_t flags = request->flags;

    copy_registers(child, request->stack);
    child->affinity = parent->affinity;
    child->rights = parent->rights;
    child->signals.blocked = parent->signals.blocked;
    memcpy(child->name, parent->name, sizeof(child->name));
    if (!(flags & CLONE_VM) || (flags & CLONE_VFORK)) {
        child->signals.stack = parent->signals.stack;
        child->signals.disarmed = parent->signals.disarmed;
    } else {
        child->signals.stack.ss_flags = SS_DISABLE;
    }
    if (flags & CLONE_SETTLS)
        child->fs_base = request->tls;
    if (flags & CLONE_CHILD_CLEARTID)
        child->clear_child_tid = request->child_tid;
    child->clear_child_tid_pkru = rights_now();
    if (flags & CLONE_CHILD_SETTID)
        child->set_child_tid = request->child_tid;
}

void process_set_parent(struct process *process, struct process *parent)
{
    process->parent = parent;
    __atomic_store_n(&process->parent_pid, parent ? parent->pid : 0, __ATOMIC_RELAXED);
    if (parent)
        TAILQ_INSERT_TAIL(&parent->children, process, sibling);
}

/* What a new process inherits from its maker: 0 or -ENOMEM. */
static int copy_process(struct process *child, const struct clone_request *request)
{
    struct process *parent = current_process();
    uint64_t flags = request->flags;

    if (flags & CLONE_SIGHAND) {
        child->actions = parent->actions;
        child->actions->references++;
    } else {
        child->actions = signal_actions_create(parent->actions);
    }
    if (!child->actions)
        return -ENOMEM;
    if (flags & CLONE_CLEAR_SIGHAND)
        signal_actions_reset(child->actions);
    child->pgid = parent->pgid;
    child->sid = parent->sid;
    child->exit_signal = flags & CLONE_PARENT ? parent->exit_signal : request->exit_signal;
    memcpy(child->limits, parent->limits, sizeof(child->limits));
    child->rights = parent->rights;
    process_set_parent(child, flags & CLONE_PARENT ? parent->parent : parent);
    return 0;
}

/* The new thread's process: the caller's, or a new one. 0 or a negative errno. */
static int join_process(struct task *child, const struct clone_request *request)
{
    struct process *process;

    if (request->flags & CLONE_THREAD) {
        process_add_thread(current_process(), child);
        return 0;
    }
    process = process_create_with_leader(child);
    if (!process)
        return -ENOMEM;
    return copy_process(process, request);
}

/* Takes a half-made thread apart again. */
static void unmake_thread(struct task *child)
{
    struct process *process = child->process;

    if (process == current_process()) {
        TAILQ_REMOVE(&process->threads, child, thread);
        process->live_threads--;
    } else if (process) {
        if (process->parent)
            TAILQ_REMOVE(&process->parent->children, process, sibling);
        process_free_without_leader(process);
    }
    task_release_resources(child);
    task_free(child);
}

/* Those of the flags that a room above has to see to. */
static uint64_t flags_of_others(uint64_t flags)
{
    return CLONE_PIDFD | CLONE_VFORK | (flags & CLONE_THREAD ? 0 : CLONE_FILES | CLONE_SIGHAND);
}

/* Makes a new thread or process that does not run yet: 0 or a negative errno. */
static int make_thread(struct clone_request *request, struct task **made)
{
    struct task *child;
    int error = task_create(&child);

    if (error)
        return error;
    error = copy_resources(child, request->flags);
    if (!error)
        error = join_process(child, request);
    if (!error) {
        copy_thread(child, request);
        error = ASK(thread_is_made, child, request);
    }
    if (!error && (request->flags & ~request->handled & flags_of_others(request->flags)))
        error = -EINVAL;
    if (error) {
        unmake_thread(child);
        return error;
    }
    *made = child;
    return 0;
}

long process_clone(struct clone_request *request)
{
    struct process *process = current_process();
    uint64_t flags = request->flags;
    struct task *child;

    if (((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND)) ||
        ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM)) || (flags & CLONE_NOT_THERE) ||
        ((flags & CLONE_PIDFD) && (flags & (CLONE_THREAD | CLONE_DETACHED))) ||
        ((flags & CLONE_PARENT) && process->pid == FIRST_PID))
        return -EINVAL;
    if (process->is_exiting) /* this thread ends before ring 3 anyway */
        return -EAGAIN;
    int error = ASK(thread_is_wanted, process);
    if (!error && (flags & CLONE_SETTLS) && !segment_base_ok(request->tls))
        error = -EPERM;
    if (!error)
        error = make_thread(request, &child);
    if (error)
        return error;
    int tid = child->tid;
    if (flags & CLONE_PARENT_SETTID)
        copy_to_user(request->parent_tid, &tid, sizeof(tid)); /* errors are ignored, as on Linux */
    sched_add(child); /* which may have ended, and be gone, by the next line */
    TELL(thread_runs, tid);
    TELL(clone_returns, tid);
    return tid;
}

/* ---- the calls ---- */

SYSCALL0(fork)
{
    struct clone_request request = {.exit_signal = SIGCHLD};

    return process_clone(&request);
}

SYSCALL5(clone, uint64_t, flags, uintptr_t, stack, uintptr_t, parent_tid, uintptr_t, child_tid,
         uint64_t, tls)
{
    struct clone_request request = {
        .flags = (uint32_t)flags & ~(uint64_t)CSIGNAL,
        .exit_signal = (int)(flags & CSIGNAL),
        .stack = stack,
        .parent_tid = parent_tid,
        .child_tid = child_tid,
        .pidfd = parent_tid,
        .tls = tls,
    };

    if ((flags & CLONE_PIDFD) && (flags & CLONE_PARENT_SETTID))
        return -EINVAL; /* both would be stored at parent_tid */
    if (request.exit_signal > SIGNAL_COUNT)
        request.exit_signal = 0;
    return process_clone(&request);
}
