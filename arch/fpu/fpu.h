// SPDX-License-Identifier: MIT
/*
 * Extended state by XSAVE, PKRU (component 9) among it (SDM vol. 1, chapter 13).
 *
 * The room owns the XSAVE image and PKRU in it. It leaves what PKRU's bits say to arch/mmu/pkru.h,
 * the frame around an image to kernel/signal/, and images without XSAVE to arch/board/.
 *
 * The standard format only, because signal frames and ptrace share it:
 *
 *      0  legacy area: x87 and SSE as FXSAVE has it; MXCSR at 24
 *    464  for software: in a signal frame struct _fpx_sw_bytes
 *    512  XSTATE_BV: which components the image holds; a clear bit means the initial state
 *    520  XCOMP_BV: 0 in the standard format
 *    576  components, each at the offset of CPUID leaf 0xD
 *
 * The initial state of PKRU is 0, all keys open. So an image without bit 9 of XSTATE_BV opens all
 * keys: one that is to hold rights must have the bit, whatever the value.
 *
 * While a task runs, in the kernel too, its registers are in the CPU; its image in memory is
 * current only while it does not run. A CPU without XSAVE uses FXSAVE and has no PKRU.
 */
#ifndef ARCH_FPU_FPU_H
#define ARCH_FPU_FPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XFEATURE_X87    (1ul << 0)
#define XFEATURE_SSE    (1ul << 1)
#define XFEATURE_AVX    (1ul << 2)
#define XFEATURE_AVX512 (7ul << 5) /* opmask, upper halves of ZMM0-15, ZMM16-31 */
#define XFEATURE_PKRU   (1ul << 9)

#define MXCSR_INIT 0x1f80u /* all exceptions masked, to nearest */

#define XSAVE_MXCSR     24
#define XSAVE_SOFTWARE  464
#define XSAVE_XSTATE_BV 512
#define XSAVE_LEGACY    512 /* bytes, the size of an FXSAVE image too */
#define XSAVE_MINIMUM   576 /* legacy area and header */

/* Replacements for the functions of the same names below. */
struct fpu_software {
    void (*save)(void *image);
    void (*restore)(const void *image);
    int (*save_user)(uintptr_t image);
    int (*restore_user)(uintptr_t image, uint64_t mask);
};

/*
 * Provided (arch/board/fpu_software.c): the XSAVE image kept by software, for a CPU that reports
 * XSAVE but cannot enable it. By default, and on any other CPU, NULL: XSAVE works as CPUID says.
 */
const struct fpu_software *fpu_software(void);

struct fpu_layout {
    uint64_t xcr0;      /* components in use; 0 without XSAVE */
    size_t size;        /* bytes of an image, by CPUID 0xD.0 EBX */
    size_t pkru_offset; /* by CPUID 0xD.9 EBX; 0 without PKU */
    bool xsaveopt;
    const struct fpu_software *software; /* or NULL: by the CPU */
};

extern struct fpu_layout fpu_layout;

/* Whether to set CR4.OSXSAVE: XSAVE is there and works. */
bool fpu_wants_osxsave(void);

/*
 * Chooses the components, sets XCR0 and reads the layout. CR4 must be set up. Returns XCR0.
 * A component is taken only if its instruction set is there too.
 */
uint64_t fpu_setup(bool with_pku);

/* Sets XCR0 of another CPU, which calls it, to the same value. */
void fpu_setup_other(void);

/* CR4.OSXSAVE must be set. */
void fpu_write_xcr0(uint64_t value);

/* The offset and size of a component by CPUID; size 0 when the CPU lacks it. */
void fpu_component(unsigned int number, size_t *offset, size_t *size);

/* Fills an image with the initial state, and PKRU's init value with its bit set. */
void fpu_image_init(void *image);

/* The PKRU in an image, and changing it: the bit in XSTATE_BV is set whatever the value. */
uint32_t fpu_image_pkru(const void *image);
void fpu_image_set_pkru(void *image, uint32_t pkru);

/* The CPU's registers to an image and back; PKRU is live on return. 64-byte aligned. */
void fpu_save(void *image);
void fpu_restore(const void *image);

/*
 * The same with an image in user memory; -EFAULT if it cannot be accessed. fpu_save_user() saves
 * all but PKRU, into an image whose header has been written; it sets the bits of x87 and SSE there.
 *
 * fpu_restore_user() restores the components in mask; the others become initial. -EFAULT also if
 * the CPU refuses the image (reserved bits of the header or of MXCSR): the registers are then
 * undefined.
 */
int fpu_save_user(uintptr_t image);
int fpu_restore_user(uintptr_t image, uint64_t mask);

/* Restores the legacy area of a user image only; all other components become initial. */
int fpu_restore_user_legacy(uintptr_t image);

/* Makes all components initial, and PKRU its init value. */
void fpu_reset(void);

#endif
