// SPDX-License-Identifier: MIT
/*
 * Ending the machine: by the registers that ACPI's FADT names, and where it names none by those
 * that chipsets and emulators have had. Nothing here waits without an end.
 */
#ifndef ARCH_POWER_H
#define ARCH_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/fadt.h"

/* Values for QEMU's isa-debug-exit: QEMU then exits with value * 2 + 1. */
enum debug_exit {
    DEBUG_EXIT_FAILURE = 1, /* a program or a test failed */
    DEBUG_EXIT_PANIC = 3,
};

/*
 * Notes how the machine is reset and powered off; dsdt may be NULL. map_device shows device
 * registers, or gives NULL. The functions below can be used without it.
 */
void power_init(const struct fadt *said, const struct acpi_header *dsdt,
                void *(*map_device)(paddr_t, size_t));

/* Whether ACPI says how to power off, and how to reset. */
bool power_has_s5(void);
bool power_has_reset(void);

/* Writes a value to isa-debug-exit (port 0xf4), then halts for good if nothing answered. */
void power_debug_exit(enum debug_exit value) __attribute__((noreturn));

/* Powers off, by S5 or an emulator's ports. Halts for good if nothing answered. */
void power_off(void) __attribute__((noreturn));

/*
 * Resets the machine: by the FADT's reset register, the chipset's, the keyboard controller, or a
 * triple fault, whichever is the first to do it.
 */
void power_reboot(void) __attribute__((noreturn));

void power_halt(void) __attribute__((noreturn));

#endif
