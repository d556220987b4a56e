// SPDX-License-Identifier: MIT
/*
 * The CPUs at the suite's service: each waits for a function to run, and the boot CPU waits for
 * each no longer than a limit. The others see to it that the boot CPU keeps to that limit, too.
 *
 * A function runs under guard: an exception that nothing in it expects ends it, and the registers
 * that tests change (CR0, CR3, CR4, XCR0, PKRU, the stack for entries from ring 3) are as before
 * when it has ended, however it did.
 */
#ifndef BRINGUP_CREW_H
#define BRINGUP_CREW_H

#include <stdbool.h>
#include <stdint.h>

typedef void (*crew_function_t)(void *argument);

enum crew_outcome {
    CREW_DONE,
    CREW_EXCEPTION,
    CREW_CALLED_OFF, /* it did not end within the limit, but an NMI ended it */
    CREW_SILENT,     /* nor did the NMI, now or earlier */
};

/* What ended a function early, and where it was. */
struct crew_exception {
    uint64_t vector, error_code, rip, cr2;
};

/* What CPUs other than the boot CPU do from the start: returns when the crew is dismissed. */
void crew_serve(void);

/* The boot CPU's call before any other: exceptions are caught from here on. */
void crew_assemble(void);

/* Lets the others go on to the scheduler. Those that are silent never come to it. */
void crew_dismiss(void);

/*
 * Has a CPU, or all of them at the same time, run a function. The boot CPU runs its own part
 * itself. argument[i] is CPU i's; outcomes are asked for afterwards.
 */
void crew_run(unsigned int cpu, crew_function_t function, void *argument, uint64_t limit_us);
void crew_run_all(crew_function_t function, void *const arguments[], uint64_t limit_us);

/* Whether a CPU can be asked to run something. */
bool crew_is_silent(unsigned int cpu);

enum crew_outcome crew_outcome(unsigned int cpu, struct crew_exception *exception);

/* Non-maskable interrupts that this CPU has taken since the crew was assembled. */
unsigned int crew_nmis(void);

#endif
