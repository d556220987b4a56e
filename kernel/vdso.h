// SPDX-License-Identifier: MIT
/*
 * The vDSO in processes: the image (vdso/) and its page of variables, which exec maps into each.
 *
 * Both are memory objects of which all processes map the same pages: the variables for reading
 * alone, the image so that a debugger's breakpoints get a copy. Programs may move or unmap them;
 * the kernel never goes there.
 */
#ifndef KERNEL_VDSO_H
#define KERNEL_VDSO_H

#include <stdint.h>

struct address_space;

/* Makes both, when all CPUs are up: what their clocks are like is decided. -ENOMEM. */
int vdso_init(void);

/* Maps both, at the highest free addresses of a space that nobody else has. -ENOMEM. */
int vdso_map(struct address_space *space);

/*
 * Changes the image, wherever the space has it mapped, for one without WRPKRU, whose pkey_set() is
 * the system call; for good, and with what the program has written to it gone.
 */
void vdso_close(struct address_space *space);

/*
 * What CLOCK_REALTIME is ahead of CLOCK_MONOTONIC, in nanoseconds: from the page of variables, so
 * that the system calls and the vDSO cannot disagree. Any CPU may read it, without a lock.
 */
uint64_t vdso_realtime_offset(void);
void vdso_set_realtime_offset(uint64_t ns);

/* The start of the image's pkey_set() in the space if the address is inside it; or 0. */
uintptr_t vdso_sequence(const struct address_space *space, uintptr_t address);

#endif
