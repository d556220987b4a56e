// SPDX-License-Identifier: MIT
#include "kernel/process.h"

#include <asm/errno.h>
#include <linux/capability.h>
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
#include "kernel/pidfd.h"
#include "kernel/ptrace.h"
#include "kernel/robust_list.h"
#include "kernel/stop.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/tty.h"
#include "libc/include/string.h"
#include "mm/address_space.h"
#include "mm/slab.h"

/* Flags that ask for what is not there: namespaces, cgroups. */
#define CLONE_NOT_THERE                                                                           \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
     CLONE_NEWNET | CLONE_NEWTIME | CLONE_INTO_CGROUP)

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

struct process_list all_processes = TAILQ_HEAD_INITIALIZER(all_processes);

struct process *process_find(int pid)
{
    struct process *process;

    TAILQ_FOREACH (process, &all_processes, all_link)
        if (process->pid == pid)
            return process;
    return NULL;
}

static void add_thread(struct process *process, struct task *task)
{
    task->process = process;
    TAILQ_INSERT_TAIL(&process->threads, task, thread);
    process->live_threads++;
}

/* A process with this task as its leader, or NULL. Handlers and all else are the caller's. */
static struct process *create_with_leader(struct task *leader)
{
    struct process *process = kzalloc(sizeof(*process));

    if (!process)
        return NULL;
    TAILQ_INIT(&process->children);
    TAILQ_INIT(&process->threads);
    wait_queue_init(&process->child_exit);
    signal_queue_init(&process->pending);
    TAILQ_INIT(&process->posix_timers.list);
    process->pid = leader->tid;
    process->leader = leader;
    process->started_ns = clock_monotonic_ns();
    add_thread(process, leader);
    TAILQ_INSERT_TAIL(&all_processes, process, all_link);
    return process;
}

static void free_without_leader(struct process *process)
{
    assert(TAILQ_EMPTY(&process->children));
    TAILQ_REMOVE(&all_processes, process, all_link);
    if (process->actions)
        signal_actions_put(process->actions);
    if (process->executable)
        file_put(process->executable);
    signal_flush(&process->pending);
    kfree(process);
    pidfd_wake();
}

void process_free(struct process *process)
{
    struct task *leader = process->leader;

    free_without_leader(process);
    task_free(leader);
}

struct task *process_create(void)
{
    struct task *task;

    if (task_create(&task))
        return NULL;
    task->tid = FIRST_PID; /* tests in ring 0 may have had tasks before */
    struct process *process = create_with_leader(task);
    if (!process) {
        task_free(task);
        return NULL;
    }
    process->pgid = process->pid;
    process->sid = process->pid;
    uint64_t most = page_count_total() / 64; /* threads whose stacks fill 1/16: Linux's measure */
    for (unsigned int i = 0; i < RLIM_NLIMITS; i++)
        process->limits[i] = (struct rlimit64){RLIM64_INFINITY, RLIM64_INFINITY};
    process->limits[RLIMIT_MEMLOCK] = (struct rlimit64){LOCK_LIMIT_DEFAULT, LOCK_LIMIT_DEFAULT};
    process->limits[RLIMIT_NPROC] = (struct rlimit64){most, most};
    process->limits[RLIMIT_SIGPENDING] = (struct rlimit64){most, most};
    process->limits[RLIMIT_STACK].rlim_cur = STACK_LIMIT_DEFAULT;
    process->limits[RLIMIT_CORE].rlim_cur = 0;
    process->limits[RLIMIT_NICE] = process->limits[RLIMIT_RTPRIO] = (struct rlimit64){0, 0};
    process->limits[RLIMIT_NOFILE] = (struct rlimit64){FILES_SOFT, FILES_MAX};
    task->files = file_table_create();
    task->fs = fs_context_create();
    process->actions = signal_actions_create();
    if (!task->files || !task->fs || !process->actions) {
        process_free(process);
        return NULL;
    }
    return task;
}

void process_apply_limits(struct process *process)
{
    struct space_limits limits = {
        .size = process->limits[RLIMIT_AS].rlim_cur,
        .data = process->limits[RLIMIT_DATA].rlim_cur,
        .stack = process->limits[RLIMIT_STACK].rlim_cur,
    };
    struct task *thread;

    TAILQ_FOREACH (thread, &process->threads, thread)
        if (thread->space)
            thread->space->limits = limits;
}

uint64_t process_cpu_ns(const struct process *process)
{
    uint64_t ns = process->ended_usage.cpu_ns;
    const struct task *thread;

    TAILQ_FOREACH (thread, &process->threads, thread)
        if (thread->state != TASK_ZOMBIE)
            ns += sched_cpu_ns(thread);
    return ns;
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
    if (flags & CLONE_FILES) {
        child->files = parent->files;
        file_table_share(child->files);
    } else {
        child->files = file_table_copy(parent->files);
    }
    if (flags & CLONE_FS) {
        child->fs = parent->fs;
        fs_context_get(child->fs);
    } else {
        child->fs = fs_context_copy(parent->fs);
    }
    return child->space && child->files && child->fs ? 0 : -ENOMEM;
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

/* What a new thread has from the one that makes it. */
static void copy_thread(struct task *child, const struct clone_request *request)
{
    struct task *parent = current();
    uint64_t flags = request->flags;

    copy_registers(child, request->stack);
    child->affinity = parent->affinity;
    child->rights = parent->rights;
    child->signals.blocked = parent->signals.blocked;
    child->credentials = parent->credentials;
    child->personality = parent->personality;
    child->priorities = priorities_of_child(&parent->priorities);
    memcpy(child->name, parent->name, sizeof(child->name));
    if (!(flags & CLONE_VM) || (flags & CLONE_VFORK)) {
        child->signals.stack_base = parent->signals.stack_base;
        child->signals.stack_size = parent->signals.stack_size;
        child->signals.stack_flags = parent->signals.stack_flags;
        child->signals.disarmed = parent->signals.disarmed;
    } else {
        child->signals.stack_flags = SS_DISABLE;
    }
    if (flags & CLONE_SETTLS)
        child->fs_base = request->tls;
    if (flags & CLONE_CHILD_CLEARTID)
        child->clear_child_tid = request->child_tid;
    child->clear_child_tid_pkru = rights_now();
    if (flags & CLONE_CHILD_SETTID)
        child->set_child_tid = request->child_tid;
}

static void set_parent(struct process *process, struct process *parent)
{
    process->parent = parent;
    __atomic_store_n(&process->parent_pid, parent ? parent->pid : 0, __ATOMIC_RELAXED);
    if (parent)
        TAILQ_INSERT_TAIL(&parent->children, process, sibling);
}

/* What a new process has from the one that makes it: 0 or -ENOMEM. */
static int copy_process(struct process *child, const struct clone_request *request)
{
    struct process *parent = current_process();
    uint64_t flags = request->flags;

    if (flags & CLONE_SIGHAND) {
        child->actions = parent->actions;
        signal_actions_get(child->actions);
    } else {
        child->actions = signal_actions_copy(parent->actions);
    }
    if (!child->actions)
        return -ENOMEM;
    if (flags & CLONE_CLEAR_SIGHAND)
        signal_actions_reset(child->actions);
    child->pgid = parent->pgid;
    child->sid = parent->sid;
    child->tty = parent->tty;
    child->exit_signal = flags & CLONE_PARENT ? parent->exit_signal : request->exit_signal;
    child->executable = parent->executable;
    if (child->executable)
        file_get(child->executable);
    memcpy(child->limits, parent->limits, sizeof(child->limits));
    child->rights = parent->rights;
    child->control = parent->control;
    child->control.death_signal = 0;
    child->control.is_subreaper = false;
    memcpy(child->arguments, parent->arguments, sizeof(child->arguments));
    memcpy(child->environment, parent->environment, sizeof(child->environment));
    memcpy(child->auxv, parent->auxv, sizeof(child->auxv));
    set_parent(child, flags & CLONE_PARENT ? parent->parent : parent);
    return 0;
}

/* The new thread's process: the caller's, or a new one. 0 or a negative errno. */
static int join_process(struct task *child, const struct clone_request *request)
{
    struct process *process;
    int error;

    if (request->flags & CLONE_THREAD) {
        add_thread(current_process(), child);
        if (current_process()->job.is_stopped) /* this thread stops when the call is done */
            task_set_work(child, WORK_SIGNAL);
        return 0;
    }
    process = create_with_leader(child);
    if (!process)
        return -ENOMEM;
    error = copy_process(process, request);
    if (error)
        free_without_leader(process);
    return error;
}

/* A child by vfork() tells here that its parent may go on; it may be gone itself by then. */
struct vfork_wait {
    struct wait_queue queue;
    bool is_over;
};

static bool vfork_is_over(void *context)
{
    return ((const struct vfork_wait *)context)->is_over || signal_ends_process();
}

static void wait_for_vfork(struct process *child, struct vfork_wait *wait)
{
    wait_event_uninterruptible(&wait->queue, vfork_is_over, wait);
    if (!wait->is_over) /* so the child has not ended */
        child->vfork = NULL;
}

void process_end_vfork(struct process *process)
{
    struct vfork_wait *wait = process->vfork;

    process->vfork = NULL;
    if (wait) {
        wait->is_over = true;
        wake_all(&wait->queue);
    }
}

/* CLONE_PIDFD: puts a descriptor of the new process where it is asked for. */
static int give_pidfd(const struct process *process, uintptr_t address)
{
    int fd = pidfd_create(process, 0);

    if (fd < 0)
        return fd;
    int error = put_user_int(address, fd);
    if (error)
        file_table_close(current()->files, fd);
    return error;
}

/*
 * RLIMIT_NPROC is for the threads of a user, those that have ended and were not waited for among
 * them. As long as there are fewer in all, nobody counts them.
 */
static bool has_too_many_threads(const struct process *process)
{
    uint64_t limit = process->limits[RLIMIT_NPROC].rlim_cur;
    uint32_t user = current()->credentials.user.real;
    const struct process *other;
    const struct task *thread;
    uint64_t count = 0;

    if (task_count() < limit || user == 0 || task_may(CAP_SYS_RESOURCE) || task_may(CAP_SYS_ADMIN))
        return false;
    TAILQ_FOREACH (other, &all_processes, all_link)
        TAILQ_FOREACH (thread, &other->threads, thread)
            count += thread->credentials.user.real == user;
    return count >= limit;
}

long process_clone(const struct clone_request *request)
{
    struct process *process = current_process();
    uint64_t flags = request->flags;
    struct task *child;

    if (((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND)) ||
        ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM)) || (flags & CLONE_NOT_THERE) ||
        ((flags & CLONE_PIDFD) && (flags & (CLONE_THREAD | CLONE_DETACHED))) ||
        ((flags & CLONE_PARENT) && process->pid == FIRST_PID))
        return -EINVAL;
    if (process->is_exiting || process->execer) /* this thread ends before ring 3 anyway */
        return -EAGAIN;
    if (has_too_many_threads(process))
        return -EAGAIN;
    if ((flags & CLONE_SETTLS) && !segment_base_ok(request->tls))
        return -EPERM;
    int error = task_create(&child);
    if (error)
        return error;
    if (copy_resources(child, flags) || join_process(child, request)) {
        task_free(child);
        return -ENOMEM;
    }
    error = flags & CLONE_PIDFD ? give_pidfd(child->process, request->pidfd) : 0;
    if (error) {
        TAILQ_REMOVE(&child->process->parent->children, child->process, sibling);
        process_free(child->process);
        return error;
    }
    copy_thread(child, request);
    int tid = child->tid;
    if (flags & CLONE_PARENT_SETTID)
        copy_to_user(request->parent_tid, &tid, sizeof(tid));
    struct vfork_wait wait = {.queue = WAIT_QUEUE_INIT(wait.queue)};
    bool is_vfork = (flags & CLONE_VFORK) && !(flags & CLONE_THREAD);
    struct process *born = child->process;
    if (is_vfork)
        born->vfork = &wait;
    int event = ptrace_clone(child, flags | (unsigned int)request->exit_signal);
    sched_add(child); /* which may have ended, and be gone, by the next line */
    if (event)
        ptrace_event_stop(event, (uint64_t)tid);
    if (is_vfork) {
        wait_for_vfork(born, &wait);
        ptrace_vfork_done(tid);
    }
    return tid;
}

/* ---- ending ---- */

/* Who takes the children of one that ends: the nearest subreaper, or the first program. */
static struct process *find_reaper(const struct process *process)
{
    struct process *ancestor = process->parent;

    while (ancestor->pid != FIRST_PID && !ancestor->control.is_subreaper)
        ancestor = ancestor->parent;
    return ancestor;
}

/* Whether the parent does not want to wait: SIGCHLD ignored, or SA_NOCLDWAIT. */
static bool parent_does_not_care(const struct process *process)
{
    const struct sigaction *action = &process->parent->actions->action[SIGCHLD - 1];

    return process->exit_signal == SIGCHLD &&
           (action->sa_handler == SIG_IGN || (action->sa_flags & SA_NOCLDWAIT));
}

/* The signal about an end, to the parent or tracer, and the end of their wait. */
static void tell(const struct task *ended, struct process *to, int signal, int status)
{
    bool signalled = (status & 0x7f) != 0;
    siginfo_t info = {.si_signo = signal};

    info.si_code = !signalled ? CLD_EXITED : status & 0x80 ? CLD_DUMPED : CLD_KILLED;
    info.si_pid = ended->tid;
    info.si_uid = ended->credentials.user.real;
    info.si_status = signalled ? status & 0x7f : status >> 8 & 0xff;
    if (signal)
        signal_send_process_info(to, &info);
    wake_all(&to->child_exit);
}

/*
 * A process that has ended is its tracer's to wait for, and then its parent's. Returns whether
 * nobody will: then it is in no list of its parent any more.
 */
static bool tell_end(struct process *process)
{
    struct process *tracer = process->leader->trace.tracer;

    if (tracer && tracer != process->parent) {
        tell(process->leader, tracer, SIGCHLD, process->wait_status);
        return false;
    }
    bool reap = !tracer && parent_does_not_care(process);
    tell(process->leader, process->parent, process->exit_signal, process->wait_status);
    if (reap)
        TAILQ_REMOVE(&process->parent->children, process, sibling);
    return reap;
}

static void tell_end_of_other(struct process *process)
{
    if (tell_end(process))
        process_free(process);
}

static void give_away_children(struct process *process)
{
    struct process *reaper = find_reaper(process);
    struct process *child;

    while ((child = TAILQ_FIRST(&process->children))) {
        TAILQ_REMOVE(&process->children, child, sibling);
        set_parent(child, reaper);
        child->is_adopted = reaper->pid == FIRST_PID;
        child->exit_signal = SIGCHLD;
        if (child->control.death_signal)
            signal_send_process(child, child->control.death_signal);
        group_lost_parent(child, process);
        if (child->is_zombie)
            tell_end_of_other(child);
    }
}

/* No thread is left, but for the leader: not even one that has ended and waits for its tracer. */
static bool is_over(const struct process *process)
{
    return !process->live_threads && !TAILQ_NEXT(TAILQ_FIRST(&process->threads), thread);
}

static void become_zombie(struct process *process)
{
    process->is_zombie = true;
    pidfd_wake();
}

void process_end_trace(struct task *ended)
{
    struct process *process = ended->process;

    ended->trace.tracer = NULL;
    if (ended != process->leader) {
        TAILQ_REMOVE(&process->threads, ended, thread);
        task_free(ended);
        if (is_over(process))
            become_zombie(process);
    }
    if (process->is_zombie)
        tell_end_of_other(process);
}

/* The last thread has ended. Returns whether nobody will wait for the process: then it is freed. */
static bool end_process(struct process *process)
{
    ptrace_let_go(process);
    tty_end_session(process, true);
    process_end_vfork(process);
    posix_timers_delete(process);
    give_away_children(process);
    process->job = (struct job_stop){0}; /* SIGKILL ends a stop, too */
    group_lost_parent(process, process->parent);
    if (!is_over(process))
        return false;
    become_zombie(process);
    if (!tell_end(process))
        return false;
    if (process->leader == current()) {
        task_unlist(current()); /* so that nobody finds it until the next task here frees it */
        free_without_leader(process);
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
    uint32_t own = rights_lower(task->robust_list_pkru);

    robust_list_exit();
    rights_restore(own);
    rights_lower(task->clear_child_tid_pkru);
    clear_child_tid(task);
    rights_restore(own);
}

/* What the other threads of the process share with this one, or wait for, is let go. */
static void let_go(struct task *task)
{
    thread_leave_space();
    irq_disable();
    space_load(NULL);
    irq_enable();
    task_release_resources(task);
}

/* A thread that is traced stays, ended, until its tracer has waited for it. */
static void tell_end_of_thread(struct task *task, int wait_status)
{
    const struct process *process = task->process;

    if (process->is_exiting)
        wait_status = process->wait_status;
    else if (task->is_doomed) /* by an exec */
        wait_status = 0;
    task->trace.end_status = wait_status;
    tell(task, task->trace.tracer, SIGCHLD, wait_status);
}

void thread_exit(int wait_status)
{
    struct task *task = current();
    struct process *process = task->process;
    bool is_leader = task == process->leader;
    bool reap = !is_leader;

    ptrace_exit(wait_status);
    if (is_leader && !process->is_exiting)
        process->wait_status = wait_status;
    if (process->live_threads == 1 && process->pid == FIRST_PID)
        process_end_machine(process->wait_status);
    let_go(task);
    irq_disable();
    struct usage used = usage_of(task);
    usage_add(&process->ended_usage, &used);
    bool is_last = --process->live_threads == 0;
    sched_set_state(TASK_ZOMBIE);
    if (!is_leader && task->trace.tracer) {
        tell_end_of_thread(task, wait_status);
        reap = false;
    } else if (!is_leader) {
        TAILQ_REMOVE(&process->threads, task, thread);
        task_unlist(task);
    }
    if (is_last) {
        reap |= end_process(process);
    } else {
        signal_retarget();
        stop_tell_complete(process);
        wake_all(&process->child_exit); /* an exec that waits to be alone */
    }
    sched_exit(reap);
}

/* Makes the other threads end; they do before they go to ring 3 again. */
static void doom_others(struct process *process)
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
    doom_others(process);
}

void process_exit(int wait_status)
{
    process_doom(wait_status);
    thread_exit(wait_status);
}

static bool is_alone(void *context)
{
    return ((const struct process *)context)->live_threads == 1;
}

int process_end_other_threads(void)
{
    struct task *self = current();
    struct process *process = self->process;
    struct task *old = process->leader;

    if (process->is_exiting || process->execer)
        return -EAGAIN;
    process->execer = self;
    doom_others(process);
    wait_event_uninterruptible(&process->child_exit, is_alone, process);
    process->execer = NULL;
    if (old != self) {
        TAILQ_REMOVE(&process->threads, old, thread);
        task_free(old);
        process->leader = self;
        self->tid = process->pid;
    }
    return 0;
}

SYSCALL1(exit, int, status)
{
    thread_exit((status & 0xff) << 8);
}

SYSCALL1(exit_group, int, status)
{
    process_exit((status & 0xff) << 8);
}

/* ---- the end of the machine ---- */

SYSCALL4(reboot, int, magic1, int, magic2, unsigned int, command, uintptr_t, argument)
{
    (void)argument;
    if (!task_may(CAP_SYS_BOOT))
        return -EPERM;
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
