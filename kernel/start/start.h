// SPDX-License-Identifier: MIT
/* The steps of kmain() that are kernel/start/'s own, and what rooms above may ask of them. */
#ifndef KERNEL_START_START_H
#define KERNEL_START_START_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/acpi/acpi.h"
#include "arch/start/start.h"

struct boot_info;

/* ---- what the firmware left in ACPI's tables; the boot log reports its mistakes ---- */

/* Finds the tables, by the loader's copy of the root pointer or where a BIOS has it. */
void firmware_init(const struct boot_info *info);

/* The tables; an empty list when there are none. */
const struct acpi *firmware_acpi(void);

/* ---- the other CPUs ---- */

/*
 * Starts the other CPUs that the MADT lists, and lets each into the scheduler that is fit. The boot
 * log gets a line for each that cannot be used, with its APIC id: the machine goes on without it.
 */
void smp_start(const struct boot_info *info);

/* Returns when all CPUs have reached the scheduler, or after a time limit. */
void smp_wait_until_running(void);

/* How the other CPUs were started; no slots before smp_start(), or where there is only one CPU. */
extern struct ap_plan smp_plan;

/*
 * Called on a CPU that has been admitted: tells cpu_joins, and enters the scheduler. Returns only
 * when memory is out.
 */
void smp_run(struct ap_slot *slot);

/* ---- the first program, and the end ---- */

/*
 * Makes the task that runs init=, with the arguments and the environment of /run/argv and
 * /run/envp. It runs once the scheduler starts, and its end is the machine's. entry_tsc: the TSC at
 * the kernel's first instruction.
 */
void first_program_create(uint64_t entry_tsc);

/*
 * Ends the machine once all output is written: powers off after success, or else ends in a way that
 * an emulator's caller sees as failure. exit=halt and exit=debug choose otherwise.
 */
void machine_end(bool success) __attribute__((noreturn));

#endif
