// SPDX-License-Identifier: MIT
/*
 * A wait with a time limit that a signal without a handler interrupted (-ERESTART_BLOCK), and that
 * restart_syscall() goes on with: it ends when it would have ended, however often it is
 * interrupted.
 */
#ifndef KERNEL_RESTART_H
#define KERNEL_RESTART_H

#include <stdint.h>

struct restart {
    long (*resume)(const struct restart *restart); /* NULL: there is nothing to go on with */
    uint64_t deadline;                             /* in clock_monotonic_ns() */
    union {
        uintptr_t remaining; /* where a sleep says what was left, or 0 */
        struct {
            uintptr_t address;
            int operation;
            uint32_t value, bits;
        } futex;
        struct {
            uintptr_t fds;
            unsigned int count;
        } poll;
    };
};

#endif
