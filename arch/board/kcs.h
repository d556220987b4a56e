// SPDX-License-Identifier: MIT
/*
 * The keyboard controller style interface to a board's BMC (IPMI specification 2.0, chapter 9): two
 * registers, through which a request goes and its response comes, byte by byte.
 */
#ifndef ARCH_BOARD_KCS_H
#define ARCH_BOARD_KCS_H

#include <stddef.h>
#include <stdint.h>

struct kcs {
    uint16_t port;            /* of the data register, or 0 */
    volatile uint8_t *memory; /* or else where it is seen */
    unsigned int spacing;     /* bytes from it to the status register */
    uint64_t start;           /* TSC: when the transaction began; set by kcs_transact() */
};

/*
 * Sends a request of size bytes, 2 at least, and reads at most room bytes of its response into the
 * same place; what is more is dropped. Returns how many the response had, -ENODEV when nothing is
 * at that place, -ETIMEDOUT after two seconds in all, or -EIO when the BMC said that something went
 * wrong. The clocks must be calibrated.
 */
int kcs_transact(struct kcs *kcs, uint8_t *bytes, size_t size, size_t room);

#endif
