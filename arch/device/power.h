// SPDX-License-Identifier: MIT
/* Ending the machine: by emulators' ports, unless a room above knows the board's way. */
#ifndef ARCH_DEVICE_POWER_H
#define ARCH_DEVICE_POWER_H

#include "arch/cpu/attach.h"

/* Values for QEMU's isa-debug-exit: QEMU then exits with value * 2 + 1. */
enum debug_exit {
    DEBUG_EXIT_FAILURE = 1, /* a program or a test failed */
    DEBUG_EXIT_PANIC = 3,
};

/*
 * The machine is to be powered off: not 0 if that was tried, and then emulators' ports are not. All
 * output is written. It may wait, and does not return if it works. No lock may be taken.
 */
EVENT(powers_off, int, void);

/* Writes a value to isa-debug-exit (port 0xf4), then halts for good if nothing answered. */
void power_debug_exit(enum debug_exit value) __attribute__((noreturn));

/* Powers off, by powers_off or an emulator's ports. Halts for good if nothing answered. */
void power_off(void) __attribute__((noreturn));

void power_halt(void) __attribute__((noreturn));

#endif
