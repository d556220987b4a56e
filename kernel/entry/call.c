// SPDX-License-Identifier: MIT
/*
 * System calls that arch/entry/entry.asm does not make itself, the end of every call, and the start
 * of a new task.
 */
#include <asm/errno.h>

#include "arch/cpu/cpu.h"
#include "arch/mmu/tlb.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/entry/trap.h"
#include "kernel/task/sched.h"
#include "kernel/task/task.h"

/* Known to arch/entry/entry.asm. */
_Static_assert(SYSCALL_COUNT == 512, "SYSCALL_COUNT");
_Static_assert(offsetof(struct task, work) == 0, "TASK_WORK");
_Static_assert(offsetof(struct task, told_of_calls) == 4, "TASK_TOLD_OF_CALLS");
_Static_assert(offsetof(struct trap_frame, rax) == 11 * 8, "FRAME_RAX");
_Static_assert(offsetof(struct trap_frame, rbx) == 6 * 8, "FRAME_RBX");

#define NO_SYSCALL UINT32_MAX /* a number that is never a call: rax stays as it is */

/* Not inlined: the loop of TELL() would cost registers on the path of every call. */
static __attribute__((noinline)) void tell_of_begin(void)
{
    TELL(call_begins);
}

static __attribute__((noinline)) void tell_of_end(void)
{
    irq_enable();
    TELL(call_ends);
    irq_disable();
}

/* From arch/entry/entry.asm: for a number beyond the table, or if the task's calls are watched. */
void syscall_slow(struct trap_frame *frame)
{
    irq_enable();
    frame->rax = (uint64_t)-ENOSYS;
    if (current()->told_of_calls)
        tell_of_begin();
    uint32_t number = (uint32_t)frame->error_code; /* the low half counts, as on Linux */
    syscall_function_t function = syscall_function(number);
    if (number != NO_SYSCALL) /* a tracer may have made it so, and rax the result */
        frame->rax = (uint64_t)function(frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8,
                                        frame->r9);
    irq_disable();
    syscall_end(frame);
}

void syscall_end(struct trap_frame *frame)
{
    if (current()->told_of_calls)
        tell_of_end();
    if (current()->work)
        return_to_user(frame);
    tlb_check_return();
}

/* From arch/entry/entry.asm: a task first runs, before ring 3 or a function of the kernel. */
void task_started(void)
{
    struct task *task = current();

    sched_begin_first_turn();
    if (task->set_child_tid)
        copy_to_user(task->set_child_tid, &task->tid, sizeof(task->tid));
    irq_disable();
    if (trap_from_user(task_frame(task)) && task->work) /* a signal that came earlier */
        return_to_user(task_frame(task));
}
