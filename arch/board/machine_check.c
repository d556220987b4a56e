// SPDX-License-Identifier: MIT
/*
 * Machine checks on their way into a panic report. The exception comes to all CPUs at once, and the
 * one that reports need not be the one whose banks hold the error: so each notes its own first, and
 * the one that reports stops the others only then.
 */
#include <stdbool.h>

#include "arch/board/mc_banks.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/device/clock.h"
#include "kernel/console/console.h"
#include "kernel/report/panic.h"
#include "kernel/report/report.h"

#define NOTES_MAX 32

/* How long a CPU waits for the others, which on some models are not told. */
#define WAIT_MS 1000

static struct note {
    bool is_whole; /* set last: another CPU may have been stopped while it wrote */
    uint32_t apic_id;
    unsigned int bank;
    struct machine_check check;
} notes[NOTES_MAX];
static unsigned int count; /* may exceed NOTES_MAX */

static unsigned int cpus_noted;

static void note_banks(void)
{
    struct machine_check check;
    unsigned int banks = machine_check_banks();

    for (unsigned int bank = 0; bank < banks; bank++) {
        if (!machine_check_read(bank, &check))
            continue;
        unsigned int number = __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
        if (number >= NOTES_MAX)
            return;
        struct note *note = &notes[number];
        note->apic_id = cpu_apic_id();
        note->bank = bank;
        note->check = check;
        __atomic_store_n(&note->is_whole, true, __ATOMIC_RELEASE);
    }
}

static void note_machine_check(const struct trap_frame *frame)
{
    if (!frame || frame->vector != VECTOR_MC)
        return;
    note_banks();
    __atomic_fetch_add(&cpus_noted, 1, __ATOMIC_RELEASE);
    for (unsigned int waited = 0; waited < WAIT_MS; waited++) {
        if (__atomic_load_n(&cpus_noted, __ATOMIC_ACQUIRE) >= cpu_count)
            return;
        clock_wait(1000);
    }
}

ATTACH(fatal_exception, note_machine_check);

static void report_note(const struct note *note)
{
    const struct machine_check *check = &note->check;

    kprintf(REPORT_LABEL "%u of APIC id %u: status %016lx, address %016lx, misc %016lx\n", "bank",
            note->bank, note->apic_id, check->status, check->address, check->misc);
    kprintf(REPORT_LABEL "code 0x%lx: %s%s%s\n", "", check->status & MC_STATUS_CODE,
            check->status & MC_STATUS_UC ? "an error that was not corrected"
                                         : "an error that was corrected",
            check->status & MC_STATUS_PCC ? ", after which the CPU cannot go on" : "",
            check->status & MC_STATUS_OVER ? "; one before it was lost" : "");
}

static void report_banks(const struct trap_frame *frame)
{
    if (!frame || frame->vector != VECTOR_MC)
        return;
    for (unsigned int i = 0; i < NOTES_MAX; i++)
        if (__atomic_load_n(&notes[i].is_whole, __ATOMIC_ACQUIRE))
            report_note(&notes[i]);
    if (count > NOTES_MAX)
        kprintf(REPORT_LABEL "and more than are noted\n", "bank");
    else if (count == 0)
        kprintf(REPORT_LABEL "none holds an error\n", "bank");
}

ATTACH(panic_report, report_banks);
