// SPDX-License-Identifier: MIT
/*
 * Instructions that may fault, tried in ring 0: what they gave, or which exception they raised.
 */
#ifndef BRINGUP_PROBE_H
#define BRINGUP_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/trap.h"

struct probe_result {
    bool faulted;
    uint64_t vector;
    uint64_t code;    /* the exception's error code */
    uint64_t address; /* CR2 after a page fault */
    uint64_t value;   /* of the function, if it did not fault */
};

typedef uint64_t (*probe_function_t)(uint64_t, uint64_t, uint64_t);

/*
 * Calls one of the functions below under a trap hook, user memory within reach. A hook that is set
 * already stays, and has to call probe_catch().
 */
struct probe_result probe(probe_function_t function, uint64_t first, uint64_t second,
                          uint64_t third);

/* Takes the exception of a probe; false when it is not one. */
bool probe_catch(struct trap_frame *frame);

/* bringup/probe_functions.asm; to be called by probe() only. */
uint64_t probe_read(uint64_t address, uint64_t unused1, uint64_t unused2);
uint64_t probe_write(uint64_t address, uint64_t value, uint64_t unused);
/* RDPKRU with this RCX: EDX:EAX and, or'ed to that, the upper half of RAX. */
uint64_t probe_rdpkru(uint64_t rcx, uint64_t unused1, uint64_t unused2);
/* WRPKRU with these registers. */
uint64_t probe_wrpkru(uint64_t rax, uint64_t rcx, uint64_t rdx);
/* RDMSR: the value, or #GP where there is no such register. */
uint64_t probe_rdmsr(uint64_t msr, uint64_t unused1, uint64_t unused2);
/* WRMSR. */
uint64_t probe_wrmsr(uint64_t msr, uint64_t value, uint64_t unused);

#endif
