// SPDX-License-Identifier: MIT
/*
 * The permission oracle's sweeps over accesses, each predicted and then made.
 *
 * What an emulator is known to do otherwise is listed by name, and counted whenever it happens.
 * Any other difference counts as such.
 */
#ifndef BRINGUP_ORACLE_SWEEP_H
#define BRINGUP_ORACLE_SWEEP_H

#include <stdint.h>

#include "bringup/emulator.h"
#include "bringup/oracle_known.h"

/* How an entry departs from one that allows everything. */
enum defect {
    NOT_PRESENT = 1 << 0,
    READ_ONLY = 1 << 1,
    SUPERVISOR = 1 << 2,
    NO_EXECUTE = 1 << 3,
    RESERVED_BIT = 1 << 4,
    KEY_BITS = 1 << 5, /* of an upper entry, where they mean nothing */
};

/* How the processor's mode departs from all features off. */
enum mode {
    MODE_WP = 1 << 0,
    MODE_PKE = 1 << 1,
    MODE_SMEP = 1 << 2,
    MODE_SMAP = 1 << 3,
    MODE_AC = 1 << 4,
};

#define ALL_MODES (MODE_WP | MODE_PKE | MODE_SMEP | MODE_SMAP | MODE_AC)
#define ALL_KEYS  0xffffu

#define SWEEP_TEXT_SIZE 200

struct sweep {
    unsigned int keys;         /* bit by key */
    unsigned int modes;        /* those that are tried both ways; the others are off */
    unsigned int defects;      /* of the leaf, likewise */
    unsigned int upper;        /* defects of the upper entries, one at a time */
    unsigned int leaves;       /* bit by level */
    unsigned int combinations; /* tried so far */
    unsigned int differing;    /* in no known way */
    unsigned int left_out;     /* values of PKRU that the emulator does not survive */
    unsigned int known[ORACLE_KNOWN_COUNT];
    enum emulator emulator;
    /* One combination of so many is tried, at random from a seed that is not 0; below 2: all. */
    unsigned int sample;
    uint64_t random;
    /* Gets the lines that describe the first differences; machine open, interrupts off. */
    void (*say)(void *context, const char *text);
    void *context;
};

/* Runs a sweep on this CPU: 0 or -ENOMEM. */
int oracle_sweep(struct sweep *sweep);

#endif
