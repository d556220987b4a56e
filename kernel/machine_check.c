// SPDX-License-Identifier: MIT
#include "kernel/machine_check.h"

#include <stdbool.h>

#include "arch/cpu.h"
#include "arch/mc_banks.h"
#include "arch/types.h"
#include "kernel/console.h"
#include "kernel/report_text.h"

#define NOTES_MAX 32

static struct note {
    bool is_whole; /* set last: another CPU may have been stopped while it wrote */
    uint32_t apic_id;
    unsigned int bank;
    struct machine_check check;
} notes[NOTES_MAX];
static unsigned int count; /* may exceed NOTES_MAX */

void machine_check_note(void)
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

void machine_check_report(void)
{
    for (unsigned int i = 0; i < NOTES_MAX; i++)
        if (__atomic_load_n(&notes[i].is_whole, __ATOMIC_ACQUIRE))
            report_note(&notes[i]);
    if (count > NOTES_MAX)
        kprintf(REPORT_LABEL "and more than are noted\n", "bank");
    else if (count == 0)
        kprintf(REPORT_LABEL "none holds an error\n", "bank");
}
