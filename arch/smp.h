// SPDX-License-Identifier: MIT
/*
 * Starting the other CPUs.
 *
 * Each CPU to be started has a slot, with a percpu area and a stack of its own that nobody else
 * ever uses. All are started at once, find their slots by APIC id, set themselves up and report;
 * then the boot CPU goes from slot to slot and admits or refuses them:
 *
 *   STARTED --> READY --> MEASURED --> READY --> ADMITTED
 *      |  \--> DIFFERENT                   \---> REFUSED
 *      \-----> ABSENT
 *
 * From STARTED the CPU and the time limit race for one compare-and-swap. A CPU that comes later
 * than the limit finds itself ABSENT and halts for good, having touched only what is its own.
 */
#ifndef ARCH_SMP_H
#define ARCH_SMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu_facts.h"
#include "arch/types.h"

struct percpu;

enum ap_state {
    AP_STARTED,
    AP_READY,
    AP_MEASURED, /* its TSC is being compared */
    AP_ADMITTED,
    AP_DIFFERENT, /* refused by itself: it is not like the boot CPU */
    AP_REFUSED,
    AP_ABSENT,
};

struct ap_slot {
    uint32_t apic_id;
    uint32_t state;  /* enum ap_state */
    uintptr_t stack; /* its end */
    struct percpu *cpu;
    struct cpu_difference difference; /* AP_DIFFERENT: in what */
    uint32_t asked, answered;         /* AP_MEASURED: the number of the round */
    uint64_t tsc;                     /* the answer */
};

_Static_assert(offsetof(struct ap_slot, stack) == 8, "SLOT_STACK in ap_entry.asm");
_Static_assert(sizeof(struct ap_slot) == 64, "SLOT_SIZE in ap_entry.asm");

struct ap_plan {
    struct ap_slot *slots;
    unsigned int count;
    paddr_t page;      /* of RAM below 1 MiB, for the trampoline, for good */
    void *page_view;   /* where it can be written */
    paddr_t page_root; /* tables below 4 GiB that show it executable at its own address */
    paddr_t root;      /* the kernel's tables */
    void (*run)(void); /* what an admitted CPU calls, with interrupts off; it does not return */
};

/*
 * Starts the CPUs of all slots, and waits until each has reported or the time limit is reached.
 * None of them is AP_STARTED afterwards. Interrupts are off, the clocks calibrated.
 */
void smp_start_all(const struct ap_plan *plan);

/* The TSC of a CPU that is ready, seen from the boot CPU's. */
struct tsc_agreement {
    bool answered;     /* false: it did not answer in time, and the rest means nothing */
    int64_t low, high; /* what to add to it gives the boot CPU's: not less, not more */
};

void smp_compare_tsc(struct ap_slot *slot, struct tsc_agreement *agreement);

/* Lets a CPU that is ready run, as the next number. */
void smp_admit(struct ap_slot *slot);

/*
 * Resets a CPU that runs, by INIT, and starts it once more: it goes the way of all others, keeps
 * its number, and calls the plan's run again. Nothing that it holds or owes is let go. False when
 * it does not come back like the boot CPU; it then is ABSENT or DIFFERENT.
 */
bool smp_restart(struct ap_slot *slot);

/* Halts a CPU that is ready, for good. */
void smp_refuse(struct ap_slot *slot);

#endif
