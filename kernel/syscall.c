// SPDX-License-Identifier: MIT
#include "kernel/syscall.h"

#include "arch/bug.h"
#include "arch/cpu.h"
#include "arch/tlb_check.h"
#include "kernel/console.h"
#include "kernel/ptrace.h"
#include "kernel/task.h"
#include "kernel/trap.h"

/* Known to arch/entry.asm. */
_Static_assert(SYSCALL_COUNT == 512, "SYSCALL_COUNT");
_Static_assert(offsetof(struct task, work) == 0, "TASK_WORK");
_Static_assert(offsetof(struct task, stop_at_calls) == 4, "TASK_STOP_AT_CALLS");
_Static_assert(offsetof(struct trap_frame, rax) == 11 * 8, "FRAME_RAX");
_Static_assert(offsetof(struct trap_frame, rbx) == 6 * 8, "FRAME_RBX");

#define NO_SYSCALL UINT32_MAX /* a number that is never a call: rax stays as it is */

extern const struct syscall_entry syscalls_start[], syscalls_end[];

syscall_function_t syscall_table[SYSCALL_COUNT]; /* for arch/entry.asm, too */
static const char *names[SYSCALL_COUNT];
static syscall_function_t extra_table[EXTRA_SYSCALL_COUNT];
static const char *extra_names[EXTRA_SYSCALL_COUNT];
static uint64_t noted[SYSCALL_COUNT / 64]; /* unknown numbers that were reported already */

static long not_implemented(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    uint32_t number = (uint32_t)task_frame(current())->error_code;
    uint64_t bit = 1ul << number % 64;

    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    if (!(__atomic_fetch_or(&noted[number / 64], bit, __ATOMIC_RELAXED) & bit))
        kprintf(KERN_NOTICE "%s[%d]: system call %u is not there: ENOSYS (said once)\n",
                console_name((char[16]){0}, 16, current()->name), current()->tid, number);
    return -ENOSYS;
}

static long not_there(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    return -ENOSYS;
}

void syscall_init(void)
{
    for (unsigned int i = 0; i < SYSCALL_COUNT; i++)
        syscall_table[i] = not_implemented;
    for (const struct syscall_entry *entry = syscalls_start; entry < syscalls_end; entry++) {
        uint64_t extra = entry->number - EXTRA_SYSCALL_FIRST;
        assert((entry->number < SYSCALL_COUNT || extra < EXTRA_SYSCALL_COUNT) &&
               !syscall_name(entry->number));
        if (extra < EXTRA_SYSCALL_COUNT) {
            extra_table[extra] = entry->function;
            extra_names[extra] = entry->name;
        } else {
            syscall_table[entry->number] = entry->function;
            names[entry->number] = entry->name;
        }
    }
}

static syscall_function_t extra_function(uint32_t number)
{
    uint32_t extra = number - EXTRA_SYSCALL_FIRST;
    syscall_function_t function = extra < EXTRA_SYSCALL_COUNT ? extra_table[extra] : NULL;

    return function ? function : not_there;
}

const char *syscall_name(uint64_t number)
{
    uint64_t extra = number - EXTRA_SYSCALL_FIRST;

    if (extra < EXTRA_SYSCALL_COUNT)
        return extra_names[extra];
    return number < SYSCALL_COUNT ? names[number] : NULL;
}

void syscall_slow(struct trap_frame *frame)
{
    irq_enable();
    frame->rax = (uint64_t)-ENOSYS;
    if (current()->stop_at_calls)
        ptrace_call_begins();
    uint32_t number = (uint32_t)frame->error_code; /* the low half counts, as on Linux */
    syscall_function_t function =
        number < SYSCALL_COUNT ? syscall_table[number] : extra_function(number);
    if (number != NO_SYSCALL) /* the tracer has made it so, and maybe rax the result */
        frame->rax = (uint64_t)function(frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8,
                                        frame->r9);
    irq_disable();
    syscall_end(frame);
}

void syscall_end(struct trap_frame *frame)
{
    if (current()->stop_at_calls) {
        irq_enable();
        ptrace_call_ends();
        irq_disable();
    }
    if (current()->work)
        return_to_user(frame);
    tlb_check_return();
}
