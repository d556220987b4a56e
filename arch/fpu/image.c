// SPDX-License-Identifier: MIT
/* XSAVE images in memory: the initial state, and PKRU in them. */
#include "arch/fpu/fpu.h"

#include "arch/mmu/pkru.h"
#include "libc/include/string.h"

#define FCW_INIT 0x037f

void fpu_image_init(void *image)
{
    uint16_t fcw = FCW_INIT;
    uint32_t mxcsr = MXCSR_INIT;

    /* The CPU reads no component whose bit in XSTATE_BV is clear: the rest may be anything. */
    memset(image, 0, fpu_layout.size < XSAVE_MINIMUM ? fpu_layout.size : XSAVE_MINIMUM);
    memcpy(image, &fcw, sizeof(fcw));
    memcpy((char *)image + XSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
    if (fpu_layout.pkru_offset)
        fpu_image_set_pkru(image, pkru_init_value);
}

uint32_t fpu_image_pkru(const void *image)
{
    uint64_t xstate_bv;
    uint32_t pkru = 0;

    memcpy(&xstate_bv, (const char *)image + XSAVE_XSTATE_BV, sizeof(xstate_bv));
    if (xstate_bv & XFEATURE_PKRU)
        memcpy(&pkru, (const char *)image + fpu_layout.pkru_offset, sizeof(pkru));
    return pkru;
}

void fpu_image_set_pkru(void *image, uint32_t pkru)
{
    uint64_t xstate_bv;

    memcpy(&xstate_bv, (char *)image + XSAVE_XSTATE_BV, sizeof(xstate_bv));
    xstate_bv |= XFEATURE_PKRU;
    memcpy((char *)image + XSAVE_XSTATE_BV, &xstate_bv, sizeof(xstate_bv));
    memcpy((char *)image + fpu_layout.pkru_offset, &pkru, sizeof(pkru));
}
