// SPDX-License-Identifier: MIT
/*
 * The panic report. It trusts nothing that it does not need: it stops the other CPUs, takes no
 * lock, reads pointers only where the live tables map them, and a panic inside it ends it.
 */
#include "kernel/report/panic.h"

#include <stdarg.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/layout.h"
#include "arch/cpu/percpu.h"
#include "arch/device/apic.h"
#include "arch/device/clock.h"
#include "arch/device/power.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/pte.h"
#include "kernel/console/console.h"
#include "kernel/report/events.h"
#include "kernel/report/report.h"
#include "kernel/report/report_text.h"
#include "kernel/task/task.h"
#include "libc/core/format.h"
#include "mm/table/kernel_map.h"
#include "mm/table/page_table.h"

extern const char boot_stack_guard[];

#define NOBODY       UINT64_MAX
#define STOP_WAITS   10000u
#define STOP_WAIT_US 100

static uint64_t reporter = NOBODY; /* APIC id of the CPU that reports */
static unsigned int panics;        /* on that CPU */
static unsigned int stopped;       /* other CPUs that have halted */

static void __attribute__((noreturn)) finish(void)
{
    kprintf("==== end of panic\n");
    console_drain();
    power_debug_exit(DEBUG_EXIT_PANIC);
}

static void __attribute__((noreturn)) stop_this_cpu(void)
{
    __atomic_fetch_add(&stopped, 1, __ATOMIC_RELEASE);
    power_halt();
}

void panic_obey(const struct trap_frame *frame)
{
    uint64_t who = __atomic_load_n(&reporter, __ATOMIC_ACQUIRE);

    TELL(fatal_exception, frame);
    if (who != NOBODY && who != cpu_apic_id())
        stop_this_cpu();
}

/* By NMI, because a CPU may wait for a lock with interrupts off; and not for ever for any of them.
 */
static void stop_others(void)
{
    unsigned int others = cpu_count ? cpu_count - 1 : 0;

    ipi_send_nmi_to_others();
    for (unsigned int i = 0; i < STOP_WAITS; i++) {
        if (__atomic_load_n(&stopped, __ATOMIC_ACQUIRE) >= others)
            return;
        clock_wait(STOP_WAIT_US);
    }
}

/*
 * From here on nothing else runs, on this CPU or another, and a second panic has little left to do.
 * Of CPUs that panic at the same time one reports; a CPU is told by its APIC id, for which CPUID
 * can be asked in any state.
 */
static void begin(void)
{
    uint64_t own = cpu_apic_id();
    uint64_t expected = NOBODY;

    irq_disable();
    if (!__atomic_compare_exchange_n(&reporter, &expected, own, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE) &&
        expected != own)
        stop_this_cpu();
    trap_hook = NULL;
    panics++;
    if (panics == 1)
        stop_others();
    else if (panics > 2)
        power_debug_exit(DEBUG_EXIT_PANIC);
    console_panic();
    if (panics == 2)
        kprintf("---- and a panic while reporting it:\n");
}

static bool is_nested(void)
{
    return panics > 1;
}

bool panic_read(uintptr_t address, uint64_t *value)
{
    unsigned int level;
    pte_t leaf;

    if (address < UPPER_HALF || address % sizeof(*value) ||
        !pt_query(paddr(read_cr3() & PTE_ADDRESS_MASK), address, &leaf, &level) ||
        !pte_is_present(leaf))
        return false;
    *value = *(const uint64_t *)address;
    return true;
}

static bool is_readable(uintptr_t start, size_t size)
{
    uint64_t word;

    return panic_read(start, &word) &&
           panic_read(align_down(start + size - 1, sizeof(word)), &word);
}

/* GS may be anything by now: it counts only if it leads to a percpu that names itself. */
static void report_task(void)
{
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

/* The push of a call or an exception that meets the guard page is a double fault. */
static bool stack_is_used_up(const struct trap_frame *frame)
{
    return !trap_from_user(frame) && (frame->vector == VECTOR_PF || frame->vector == VECTOR_DF) &&
           is_guard_page(read_cr2());
}

static void say(const char *format, va_list arguments)
{
    kprintf("==== kernel panic: ");
    kvprintf(format, arguments);
    kprintf("\n");
}

static void __attribute__((noreturn)) end_from(uintptr_t rbp)
{
    if (!is_nested()) {
        report_task();
        report_control_registers();
        TELL(panic_trace, NULL, rbp);
    }
    finish();
}

void panic(const char *format, ...)
{
    va_list arguments;

    begin();
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    end_from((uintptr_t)__builtin_frame_address(0));
}

void panic_telling(void (*tell)(const void *context), const void *context, const char *format, ...)
{
    va_list arguments;

    begin();
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    tell(context);
    end_from((uintptr_t)__builtin_frame_address(0));
}

static void report_exception(const struct trap_frame *frame)
{
    kprintf(REPORT_LABEL "%s in %s, error code 0x%lx\n", "trap", report_vector_name(frame->vector),
            trap_from_user(frame) ? "ring 3" : "the kernel", frame->error_code);
    report_task();
    if (frame->vector == VECTOR_PF) {
        report_error_code(frame->error_code);
        report_page_walk(paddr(read_cr3() & PTE_ADDRESS_MASK), read_cr2());
    }
    TELL(panic_report, frame);
    report_registers(frame);
    report_control_registers();
    if (stack_is_used_up(frame))
        kprintf(REPORT_LABEL "the kernel stack is used up: its guard page was reached\n", "stack");
    if (!trap_from_user(frame))
        TELL(panic_trace, frame, 0);
}

void panic_trap(const struct trap_frame *frame, const char *why)
{
    const struct bug_entry *bug = NULL;

    begin();
    if (frame->vector == VECTOR_UD && !trap_from_user(frame))
        bug = bug_find(frame->rip);
    if (bug)
        kprintf("==== kernel panic: %s (%s:%lu)\n", bug->text, bug->file, bug->line);
    else
        kprintf("==== kernel panic: %s\n", why);
    if (is_nested())
        kprintf(REPORT_LABEL "%s at %016lx, CR2 = %016lx\n", "trap",
                report_vector_name(frame->vector), frame->rip, read_cr2());
    else
        report_exception(frame);
    finish();
}
