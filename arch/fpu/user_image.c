// SPDX-License-Identifier: MIT
/* XSAVE images in user memory, those of signal frames. */
#include <asm/errno.h>

#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/usercopy.h"

_Static_assert(XSAVE_XSTATE_BV == 512 && (XFEATURE_X87 | XFEATURE_SSE) == 3, "fpu_save_user()");

/* Runs one instruction on user memory: 0, or -EFAULT when it faulted. */
/* clang-format off */
#define ON_USER_IMAGE(instruction, image, mask)                                                    \
    ({                                                                                             \
        int error_;                                                                                \
        __asm__ volatile(STAC_IF_SMAP                                                              \
                         "1: " instruction " (%1)\n"                                               \
                         "xorl %0, %0\n"                                                           \
                         "2:\n"                                                                    \
                         CLAC_IF_SMAP                                                              \
                         ".pushsection .text.fixup, \"ax\"\n"                                      \
                         "3: movl %4, %0\n"                                                        \
                         "jmp 2b\n"                                                                \
                         ".popsection\n"                                                           \
                         EXCEPTION_TABLE("1b", "3b")                                               \
                         : "=&r"(error_)                                                           \
                         : "r"(image), "a"((uint32_t)(mask)), "d"((uint32_t)((mask) >> 32)),       \
                           "i"(-EFAULT)                                                            \
                         : "memory");                                                              \
        error_;                                                                                    \
    })
/* clang-format on */

int fpu_save_user(uintptr_t image)
{
    int error;

    if (!user_range_ok(image, fpu_layout.size))
        return -EFAULT;
    if (!fpu_layout.xcr0)
        return ON_USER_IMAGE("fxsave64", image, 0ul);
    if (fpu_layout.software)
        error = fpu_layout.software->save_user(image);
    else
        error = ON_USER_IMAGE("xsave64", image, fpu_layout.xcr0 & ~XFEATURE_PKRU);
    /* Bits 0 and 1 of XSTATE_BV: a handler may change x87 and SSE registers in the image. */
    return error ? error : ON_USER_IMAGE("orq $3, 512", image, 0ul);
}

/*
 * Makes components initial. With AVX in the mask this loads MXCSR as well, so it is done before the
 * program's image is loaded. For PKRU it is done after that: the image must be read under the
 * program's own rights.
 */
static void reset_components(uint64_t mask)
{
    static const char empty[XSAVE_MINIMUM] __attribute__((aligned(64))) = {
        [XSAVE_MXCSR] = MXCSR_INIT & 0xff, [XSAVE_MXCSR + 1] = MXCSR_INIT >> 8};

    if (fpu_layout.software && (mask & XFEATURE_PKRU))
        write_pkru(0);
    else if (mask && !fpu_layout.software)
        __asm__ volatile("xrstor64 (%0)"
                         :
                         : "r"(empty), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
                         : "memory");
}

int fpu_restore_user(uintptr_t image, uint64_t mask)
{
    uint64_t missing = fpu_layout.xcr0 & ~mask;

    if (!user_range_ok(image, fpu_layout.size))
        return -EFAULT;
    if (fpu_layout.software)
        return fpu_layout.software->restore_user(image, mask);
    reset_components(missing & ~XFEATURE_PKRU);
    int error = ON_USER_IMAGE("xrstor64", image, mask & fpu_layout.xcr0);
    if (!error)
        reset_components(missing & XFEATURE_PKRU);
    return error;
}

int fpu_restore_user_legacy(uintptr_t image)
{
    uint64_t missing = fpu_layout.xcr0 & ~(XFEATURE_X87 | XFEATURE_SSE);

    if (!user_range_ok(image, XSAVE_LEGACY))
        return -EFAULT;
    reset_components(missing & ~XFEATURE_PKRU);
    int error = ON_USER_IMAGE("fxrstor64", image, 0ul);
    if (!error)
        reset_components(missing & XFEATURE_PKRU);
    return error;
}
