// SPDX-License-Identifier: MIT
/* The machine-check banks, in which a CPU logs errors of the hardware (SDM vol. 3B, chapter 15). */
#ifndef ARCH_BOARD_MC_BANKS_H
#define ARCH_BOARD_MC_BANKS_H

#include <stdbool.h>
#include <stdint.h>

/* IA32_MCi_STATUS: 15.3.2.2. */
#define MC_STATUS_PCC   (1ul << 57) /* the CPU's state may be wrong */
#define MC_STATUS_ADDRV (1ul << 58)
#define MC_STATUS_MISCV (1ul << 59)
#define MC_STATUS_UC    (1ul << 61) /* not corrected */
#define MC_STATUS_OVER  (1ul << 62) /* one before it was lost */
#define MC_STATUS_VAL   (1ul << 63)
#define MC_STATUS_CODE  0xfffful

struct machine_check {
    uint64_t status;
    uint64_t address, misc; /* 0 when the bank has none */
};

/* How many banks this CPU has; 0 without the machine-check architecture. */
unsigned int machine_check_banks(void);

/* Reads a bank of this CPU: whether it holds an error. */
bool machine_check_read(unsigned int bank, struct machine_check *check);

#endif
