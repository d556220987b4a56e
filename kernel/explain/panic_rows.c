// SPDX-License-Identifier: MIT
/* Rows of a panic: the task, and at the end control registers and the calls that led there. */
#include "arch/cpu/cpu.h"
#include "arch/cpu/layout.h"
#include "arch/cpu/percpu.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/pte.h"
#include "kernel/console/console.h"
#include "kernel/explain/backtrace.h"
#include "kernel/report/panic.h"
#include "kernel/report/report.h"
#include "kernel/task/task.h"
#include "mm/table/kernel_map.h"

extern const char boot_stack_guard[];

static bool is_readable(uintptr_t start, size_t size)
{
    uint64_t word;

    return panic_read(start, &word) &&
           panic_read(align_down(start + size - 1, sizeof(word)), &word);
}

/* GS may be anything by now: it is believed only if it points to a percpu that points to itself. */
static void report_task(const struct trap_frame *frame)
{
    (void)frame;
    const struct percpu *cpu = (const struct percpu *)rdmsr(MSR_GS_BASE);

    if (!is_readable((uintptr_t)cpu, sizeof(*cpu)) || cpu->self != cpu)
        return;
    const struct task *task = cpu->current;
    if (is_readable((uintptr_t)task, sizeof(*task)))
        kprintf(REPORT_LABEL "%.16s, pid %d, on CPU %u\n", "task", task->name, task->tid,
                cpu->number);
    else
        kprintf(REPORT_LABEL "none, on CPU %u\n", "task", cpu->number);
}

ATTACH(panic_report, report_task);

static void report_control_registers(void)
{
    uint64_t cr4 = read_cr4();

    kprintf("cr0   %016lx  cr2   %016lx  cr3   %016lx\n", read_cr0(), read_cr2(), read_cr3());
    kprintf("cr4   %016lx  efer  %016lx  gs    %016lx\n", cr4, rdmsr(MSR_EFER), rdmsr(MSR_GS_BASE));
    if (cr4 & CR4_PKE)
        report_pkru(read_pkru());
}

/* A guard page lies below each kernel stack, and the stacks fill their window from its base. */
static bool is_guard_page(uintptr_t address)
{
    uintptr_t slot = PAGE_SIZE + KERNEL_STACK_SIZE;

    if (address - (uintptr_t)boot_stack_guard < PAGE_SIZE)
        return true;
    return address - KERNEL_STACK_BASE < pte_level_size(PTE_LEVELS) &&
           (address - KERNEL_STACK_BASE) % slot < PAGE_SIZE;
}

/* On the guard page the CPU cannot push the page fault's frame either: that is a double fault. */
static bool stack_is_used_up(const struct trap_frame *frame)
{
    return !trap_from_user(frame) && (frame->vector == VECTOR_PF || frame->vector == VECTOR_DF) &&
           is_guard_page(read_cr2());
}

static void report_trace(const struct trap_frame *frame, uintptr_t rbp)
{
    report_control_registers();
    if (!frame) {
        backtrace_from(rbp);
        return;
    }
    if (stack_is_used_up(frame))
        kprintf(REPORT_LABEL "the kernel stack is used up: its guard page was reached\n", "stack");
    if (!trap_from_user(frame))
        backtrace_trap(frame);
}

ATTACH(panic_trace, report_trace);
