// SPDX-License-Identifier: MIT
/*
 * ptrace on what a stopped thread is at: its blocked and waiting signals, and the system call that
 * begins or ends.
 */
#include <stddef.h>

#include <linux/audit.h>
#include <linux/ptrace.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "kernel/trace/ptrace.h"

/* ---- signals ---- */

/* In sigsuspend() and its kind: those that are blocked afterwards. */
static signal_set_t *blocked_of(struct task *task)
{
    struct signal_state *state = &task->signals;

    return state->restore_blocked ? &state->saved_blocked : &state->blocked;
}

static long get_mask(struct task *task, size_t size, uintptr_t data)
{
    if (size != sizeof(signal_set_t))
        return -EINVAL;
    return copy_to_user(data, blocked_of(task), size) ? -EFAULT : 0;
}

static long set_mask(struct task *task, size_t size, uintptr_t data)
{
    signal_set_t set;

    if (size != sizeof(set))
        return -EINVAL;
    if (copy_from_user(&set, data, size))
        return -EFAULT;
    task->signals.blocked = set & ~SIGNALS_NEVER_BLOCKED;
    task->signals.restore_blocked = false;
    task_set_work(task, WORK_SIGNAL);
    return 0;
}

/* Copies of waiting signals, from one by its place in the queue on. Returns how many. */
static long peek_signals(const struct task *task, uintptr_t address, uintptr_t data)
{
    const struct signal_queue *queue = &task->signals.pending;
    const struct pending_signal *pending;
    struct ptrace_peeksiginfo_args wanted;
    long copied = 0;

    if (copy_from_user(&wanted, address, sizeof(wanted)))
        return -EFAULT;
    if ((wanted.flags & ~(uint32_t)PTRACE_PEEKSIGINFO_SHARED) || wanted.nr < 0)
        return -EINVAL;
    if (wanted.flags & PTRACE_PEEKSIGINFO_SHARED)
        queue = &task->process->pending;
    TAILQ_FOREACH (pending, &queue->list, link) {
        if (wanted.off) {
            wanted.off--;
            continue;
        }
        if (copied == wanted.nr)
            break;
        if (copy_to_user(data + (size_t)copied * sizeof(siginfo_t), &pending->info,
                         sizeof(siginfo_t)))
            return copied ? copied : -EFAULT;
        copied++;
    }
    return copied;
}

/* ---- the system call ---- */

static void describe_entry(struct ptrace_syscall_info *info, const struct trap_frame *frame)
{
    info->op = PTRACE_SYSCALL_INFO_ENTRY;
    info->entry.nr = frame->error_code;
    info->entry.args[0] = frame->rdi;
    info->entry.args[1] = frame->rsi;
    info->entry.args[2] = frame->rdx;
    info->entry.args[3] = frame->r10;
    info->entry.args[4] = frame->r8;
    info->entry.args[5] = frame->r9;
}

static void describe_exit(struct ptrace_syscall_info *info, const struct trap_frame *frame)
{
    info->op = PTRACE_SYSCALL_INFO_EXIT;
    info->exit.rval = (long)frame->rax;
    info->exit.is_error = syscall_failed((long)frame->rax);
}

/* Bytes that there are to tell; of them as many as fit are told. Only PTRACE_O_TRACESYSGOOD's stops
 * are known from others. */
static long describe_call(struct task *task, size_t room, uintptr_t data)
{
    const struct trap_frame *frame = task_frame(task);
    struct ptrace_syscall_info info = {
        .arch = AUDIT_ARCH_X86_64,
        .instruction_pointer = frame->rip,
        .stack_pointer = frame->rsp,
    };
    bool is_at_call = trace_of(task)->info.si_code == (SIGTRAP | 0x80);
    size_t size = offsetof(struct ptrace_syscall_info, entry);

    if (is_at_call && trace_of(task)->message == PTRACE_EVENTMSG_SYSCALL_ENTRY) {
        describe_entry(&info, frame);
        size += sizeof(info.entry);
    } else if (is_at_call && trace_of(task)->message == PTRACE_EVENTMSG_SYSCALL_EXIT) {
        describe_exit(&info, frame);
        size = offsetof(struct ptrace_syscall_info, exit.is_error) + sizeof(info.exit.is_error);
    }
    return copy_to_user(data, &info, room < size ? room : size) ? -EFAULT : (long)size;
}

long ptrace_query(struct task *task, long request, uintptr_t address, uintptr_t data)
{
    switch (request) {
    case PTRACE_GETSIGMASK:
        return get_mask(task, address, data);
    case PTRACE_SETSIGMASK:
        return set_mask(task, address, data);
    case PTRACE_PEEKSIGINFO:
        return peek_signals(task, address, data);
    case PTRACE_GET_SYSCALL_INFO:
        return describe_call(task, address, data);
    default:
        return ptrace_get_set(task, request, address, data);
    }
}
