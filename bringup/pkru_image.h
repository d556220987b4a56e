// SPDX-License-Identifier: MIT
/*
 * XSAVE images of PKRU alone, so that the other components' registers keep what they have
 * (SDM vol. 1, 13.4 to 13.12).
 */
#ifndef BRINGUP_PKRU_IMAGE_H
#define BRINGUP_PKRU_IMAGE_H

#include <stdint.h>

#include "arch/fpu/fpu.h"

/* image: aligned to 64 bytes, with fpu_layout.size bytes. */
#define DEFINE_PKRU_XSAVE(name, instruction)                                \
    static inline void name(void *image)                                    \
    {                                                                       \
        __asm__ volatile(instruction " (%0)"                                \
                         :                                                  \
                         : "r"(image), "a"((uint32_t)XFEATURE_PKRU), "d"(0) \
                         : "memory");                                       \
    }

DEFINE_PKRU_XSAVE(pkru_xsave, "xsave64")
DEFINE_PKRU_XSAVE(pkru_xsaveopt, "xsaveopt64")
DEFINE_PKRU_XSAVE(pkru_xrstor, "xrstor64")
DEFINE_PKRU_XSAVE(pkru_xsavec, "xsavec64")
DEFINE_PKRU_XSAVE(pkru_xsaves, "xsaves64")
DEFINE_PKRU_XSAVE(pkru_xrstors, "xrstors64")

#endif
