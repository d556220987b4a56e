// SPDX-License-Identifier: MIT
/*
 * The panic report. It trusts nothing that it does not need: it stops the other CPUs, takes no
 * lock, and a panic inside it ends it.
 */
#include "kernel/report/panic.h"

#include <stdarg.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/device/apic.h"
#include "arch/device/clock.h"
#include "arch/device/power.h"
#include "arch/mmu/pte.h"
#include "kernel/console/console.h"
#include "kernel/report/report.h"
#include "libc/core/format.h"

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

/* By NMI, because a CPU may wait for a lock with interrupts off. Gives up after a second. */
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
 * Of CPUs that panic at the same time one reports. It is known by its APIC id, which CPUID gives in
 * any state.
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

void panic(const char *format, ...)
{
    va_list arguments;

    begin();
    kprintf("==== kernel panic: ");
    va_start(arguments, format);
    kvprintf(format, arguments);
    va_end(arguments);
    kprintf("\n");
    if (!is_nested()) {
        TELL(panic_report, NULL);
        TELL(panic_trace, NULL, (uintptr_t)__builtin_frame_address(0));
    }
    finish();
}

static void report_exception(const struct trap_frame *frame)
{
    kprintf(REPORT_LABEL "%s in %s, error code 0x%lx\n", "trap", report_vector_name(frame->vector),
            trap_from_user(frame) ? "ring 3" : "the kernel", frame->error_code);
    TELL(panic_report, frame);
    if (frame->vector == VECTOR_PF) {
        report_error_code(frame->error_code);
        report_page_walk(paddr(read_cr3() & PTE_ADDRESS_MASK), read_cr2());
    }
    report_registers(frame);
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
