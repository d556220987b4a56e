// SPDX-License-Identifier: MIT
/*
 * Setting CPUs up, and starting the other CPUs.
 *
 * The room owns bringing a CPU into the state that the kernel wants. It leaves which CPUs there are
 * and where their stacks come from to kernel/start/smp.c, and what they run to kernel/task/.
 *
 * Each CPU to be started has a slot, with a percpu area and a stack of its own that nobody else
 * ever uses. All are started at once, find their slots by APIC id, set themselves up and report;
 * then the boot CPU goes from slot to slot and tells those that are ready what to run.
 *
 *   STARTED --> READY
 *      |  \--> UNFIT
 *      \-----> ABSENT
 *
 * From STARTED the CPU and the time limit race for one compare-and-swap. A CPU that comes after the
 * limit finds itself ABSENT and halts for good, having touched only what is its own.
 */
#ifndef ARCH_START_START_H
#define ARCH_START_START_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu/attach.h"
#include "arch/cpu/types.h"

struct percpu;

enum ap_state {
    AP_STARTED,
    AP_READY,
    AP_UNFIT, /* it found that it cannot be used */
    AP_ABSENT,
};

struct ap_slot {
    uint32_t apic_id;
    uint32_t state;  /* enum ap_state */
    uintptr_t stack; /* its top */
    struct percpu *cpu;
    void (*function)(struct ap_slot *slot); /* what it is to call; NULL: it waits */
    char problem[96];                       /* AP_UNFIT: why */
};

_Static_assert(offsetof(struct ap_slot, stack) == 8, "SLOT_STACK in ap_entry.asm");
_Static_assert(sizeof(struct ap_slot) == 128, "SLOT_SIZE in ap_entry.asm");

struct ap_plan {
    struct ap_slot *slots;
    unsigned int count;
    paddr_t page;      /* of RAM below 1 MiB, kept for the trampoline */
    void *page_view;   /* where it can be written */
    paddr_t page_root; /* identity map of it, executable; below 4 GiB, for 32-bit code */
    paddr_t root;      /* the kernel's tables */
};

/*
 * Starts the CPUs of all slots, and waits until each has reported or the time limit is reached.
 * None of them is AP_STARTED afterwards. Interrupts are off, the clocks calibrated.
 */
void smp_start_all(const struct ap_plan *plan);

/*
 * Has a CPU that is ready call a function, with interrupts off. When that returns the CPU is ready
 * again. Does not wait for it.
 */
void smp_call(struct ap_slot *slot, void (*function)(struct ap_slot *slot));

/*
 * Sets CR0, CR4, EFER, XCR0, PAT and the SYSCALL registers of this CPU in full from what CPUID
 * offers, whatever the firmware left in them. with_pku: turn CR4.PKE on where the CPU has PKU.
 */
void cpu_setup(bool with_pku);

/* Sets up another CPU as cpu_setup() has set up the boot CPU, which it must be like. */
void cpu_setup_other(void);

/* ---- what happens to a CPU that rooms above are told of (arch/cpu/attach.h) ---- */

/*
 * This CPU is being set up: the boot CPU before memory can be allocated, any other when it is
 * started, and again after a reset. CR0 and EFER are set, CR4 is not yet: the place for what must
 * be in order before CR4.MCE. Exceptions are caught, interrupts are off, and no lock may be taken.
 * It may not fail.
 */
EVENT(cpu_set_up, void, void);

enum ap_step {
    AP_BEFORE_SET_UP, /* it has loaded its descriptors, and no other register has been written */
    AP_SET_UP,
};

/*
 * Another CPU is being started, or has been set up: not 0 if it cannot be used. slot->problem then
 * says why, as the rest of a sentence that starts with the CPU's name. Asked on that CPU while
 * others are started, with interrupts off, and no lock may be taken.
 */
EVENT(cpu_is_unfit, int, struct ap_slot *slot, enum ap_step step);

#endif
