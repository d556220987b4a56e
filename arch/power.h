// SPDX-License-Identifier: MIT
/* Ending the machine. */
#ifndef ARCH_POWER_H
#define ARCH_POWER_H

#include <stdint.h>

/* Values for QEMU's isa-debug-exit: QEMU then exits with value * 2 + 1. */
enum debug_exit {
    DEBUG_EXIT_FAILURE = 1, /* a program or a test failed */
    DEBUG_EXIT_PANIC = 3,
};

/* Writes a value to isa-debug-exit (port 0xf4), then halts for good if nothing answered. */
void power_debug_exit(enum debug_exit value) __attribute__((noreturn));

/* Powers off: QEMU's and Bochs' ports. Halts for good if nothing answered. */
void power_off(void) __attribute__((noreturn));

/* Resets the machine: by the chipset's reset register, the keyboard controller, or a triple fault.
 */
void power_reboot(void) __attribute__((noreturn));

void power_halt(void) __attribute__((noreturn));

#endif
