// SPDX-License-Identifier: MIT
/* The machine-check banks, in which a CPU logs errors of the hardware (SDM vol. 3B, chapter 15). */
#ifndef ARCH_MC_BANKS_H
#define ARCH_MC_BANKS_H

#include <stdbool.h>
#include <stdint.h>

struct machine_check {
    uint64_t status;
    uint64_t address; /* 0 when the bank has none */
};

/* How many banks this CPU has; 0 without the machine-check architecture. */
unsigned int machine_check_banks(void);

/* Reads a bank of this CPU: whether it holds an error. */
bool machine_check_read(unsigned int bank, struct machine_check *check);

#endif
