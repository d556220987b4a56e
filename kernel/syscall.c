// SPDX-License-Identifier: MIT
#include "kernel/syscall.h"

#include "arch/bug.h"
#include "arch/cpu.h"
#include "arch/tlb_check.h"
#include "kernel/console.h"
#include "kernel/ptrace.h"
#include "kernel/task.h"
#include "kernel/trap.h"

extern const struct syscall_entry syscalls_start[], syscalls_end[];

static syscall_function_t table[SYSCALL_COUNT];
static const char *names[SYSCALL_COUNT];
static uint64_t noted[SYSCALL_COUNT / 64]; /* unknown numbers that were reported already */

static long not_implemented(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    uint32_t number = (uint32_t)task_frame(current())->error_code;
    uint64_t bit = 1ul << number % 64;

    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    if (!(__atomic_fetch_or(&noted[number / 64], bit, __ATOMIC_RELAXED) & bit))
        kprintf("%s[%d]: system call %u is not there: ENOSYS (said once)\n", current()->name,
                current()->tid, number);
    return -ENOSYS;
}

void syscall_init(void)
{
    for (unsigned int i = 0; i < SYSCALL_COUNT; i++)
        table[i] = not_implemented;
    for (const struct syscall_entry *entry = syscalls_start; entry < syscalls_end; entry++) {
        assert(entry->number < SYSCALL_COUNT && !names[entry->number]);
        table[entry->number] = entry->function;
        names[entry->number] = entry->name;
    }
}

const char *syscall_name(uint64_t number)
{
    return number < SYSCALL_COUNT ? names[number] : NULL;
}

void syscall_dispatch(struct trap_frame *frame)
{
    irq_enable();
    if (current()->trace.stop_at_calls)
        ptrace_call_begins(frame);
    uint32_t number = (uint32_t)frame->error_code; /* the low half counts, as on Linux */
    if (number < SYSCALL_COUNT)
        frame->rax = (uint64_t)table[number](frame->rdi, frame->rsi, frame->rdx, frame->r10,
                                             frame->r8, frame->r9);
    else
        frame->rax = (uint64_t)-ENOSYS;
    if (current()->trace.stop_at_calls)
        ptrace_call_ends();
    irq_disable();
    if (current()->work)
        return_to_user(frame);
    tlb_check_return();
}
