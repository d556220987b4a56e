// SPDX-License-Identifier: MIT
/*
 * The page of variables that the kernel writes and the vDSO reads, in every process:
 *
 *   vdso - VVAR_SIZE   [vvar]   read-only for programs
 *   vdso               [vdso]   the image, and its ELF header at the start
 *
 * All of it is constant from before the first program on, but for realtime_offset. That is one
 * aligned word, which is read and written whole, so the page needs no sequence lock.
 */
#ifndef VDSO_VVAR_H
#define VDSO_VVAR_H

#include <stdint.h>

#define VVAR_SIZE 4096

struct vvar {
    uint32_t has_keys;        /* RDPKRU and WRPKRU are there, and on */
    uint32_t tsc_is_common;   /* 0: the clocks are the system call's */
    uint64_t tsc_base;        /* CLOCK_MONOTONIC = (TSC - tsc_base) * tsc_multiplier >> 32, in ns */
    uint64_t tsc_multiplier;  /* 2^32 times the nanoseconds of a tick */
    uint64_t realtime_offset; /* what CLOCK_REALTIME is ahead of it, in ns */
};

/* In the vDSO; vdso.ld has its place. */
extern const struct vvar vvar __attribute__((visibility("hidden")));

/*
 * LSL gives a segment's limit to ring 3: this one's is the number of the CPU, in each CPU's own
 * GDT. The selector is Linux's, index 15 with RPL 3.
 */
#define CPU_NUMBER_SELECTOR 0x7b

#endif
