// SPDX-License-Identifier: MIT
/*
 * XSAVE images without XSAVE: for a CPU that has protection keys and whose CR4.OSXSAVE cannot be
 * set. The one known is QEMU 7.2's TCG with a CPU model that has XSAVE and none of XSAVEOPT,
 * XSAVEC, XGETBV1 and XSAVES, such as "qemu64,+pku,+xsave": it takes the write of the bit for
 * a reserved one and never goes on.
 *
 * FXSAVE does the legacy area; the header and PKRU are written by hand in their places. So signal
 * frames and ptrace look as they do elsewhere. XCR0 is taken to be x87, SSE and PKRU.
 */
#ifndef ARCH_FPU_SOFTWARE_H
#define ARCH_FPU_SOFTWARE_H

#include <stdbool.h>
#include <stdint.h>

/* Whether this CPU is that one. */
bool fpu_software_is_needed(void);

/* As the functions of arch/fpu.h without _software. */
void fpu_software_save(void *image);
void fpu_software_restore(const void *image);
int fpu_software_save_user(uintptr_t image);
int fpu_software_restore_user(uintptr_t image, uint64_t mask);

#endif
