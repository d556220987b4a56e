// SPDX-License-Identifier: MIT
#include "arch/board/fpu_image.h"

#include <asm/errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/fpu/fpu.h"
#include "kernel/start/events.h"
#include "libc/include/string.h"

#define MXCSR_MASK_DEFAULT 0xffbfu /* when FXSAVE writes 0 there: SDM vol. 1, 11.6.6 */
#define FXSAVE_MXCSR_MASK  28

static uint32_t mxcsr_mask; /* bits of MXCSR that may be set */

static void read_mxcsr_mask(void)
{
    static char image[XSAVE_LEGACY] __attribute__((aligned(16)));

    __asm__ volatile("fxsave64 %0" : "=m"(image) : : "memory");
    memcpy(&mxcsr_mask, image + FXSAVE_MXCSR_MASK, sizeof(mxcsr_mask));
    if (!mxcsr_mask)
        mxcsr_mask = MXCSR_MASK_DEFAULT;
}

ATTACH(boot_firmware, read_mxcsr_mask);

static uint64_t read_u64(const void *image, size_t offset)
{
    uint64_t value;

    memcpy(&value, (const char *)image + offset, sizeof(value));
    return value;
}

static void write_u64(void *image, size_t offset, uint64_t value)
{
    memcpy((char *)image + offset, &value, sizeof(value));
}

void fpu_image_export(const void *image, void *out)
{
    uint64_t xstate_bv = fpu_layout.xcr0 ? read_u64(image, XSAVE_XSTATE_BV) : 3;
    size_t offset, size;

    memset(out, 0, fpu_layout.size);
    fpu_image_init(out);
    /* Control words and x87 registers, then the XMM registers; MXCSR is always there. */
    if (xstate_bv & XFEATURE_X87)
        memcpy(out, image, XSAVE_XMM);
    memcpy((char *)out + XSAVE_MXCSR, (const char *)image + XSAVE_MXCSR, 2 * sizeof(uint32_t));
    if (xstate_bv & XFEATURE_SSE)
        memcpy((char *)out + XSAVE_XMM, (const char *)image + XSAVE_XMM, XSAVE_XMM_SIZE);
    if (!fpu_layout.xcr0)
        return;
    for (unsigned int i = 2; i < 63; i++) {
        if (!(xstate_bv & fpu_layout.xcr0 & 1ul << i))
            continue;
        fpu_component(i, &offset, &size);
        memcpy((char *)out + offset, (const char *)image + offset, size);
    }
    write_u64(out, XSAVE_SOFTWARE, fpu_layout.xcr0);
    write_u64(out, XSAVE_XSTATE_BV, xstate_bv);
    if (fpu_layout.pkru_offset)
        write_u64(out, fpu_layout.pkru_offset, fpu_image_pkru(image));
}

static bool mxcsr_is_sound(const void *image)
{
    uint32_t mxcsr;

    memcpy(&mxcsr, (const char *)image + XSAVE_MXCSR, sizeof(mxcsr));
    return !(mxcsr & ~mxcsr_mask);
}

int fpu_image_import(void *image, const void *in)
{
    if ((read_u64(in, XSAVE_XSTATE_BV) & ~fpu_layout.xcr0) || !mxcsr_is_sound(in))
        return -EINVAL;
    for (size_t at = XSAVE_XCOMP_BV; at < XSAVE_MINIMUM; at += sizeof(uint64_t))
        if (read_u64(in, at))
            return -EINVAL;
    memcpy(image, in, fpu_layout.size);
    return 0;
}

int fpu_image_import_legacy(void *image, const void *in)
{
    if (!mxcsr_is_sound(in))
        return -EINVAL;
    memcpy(image, in, XSAVE_SOFTWARE);
    if (fpu_layout.xcr0)
        write_u64(image, XSAVE_XSTATE_BV,
                  read_u64(image, XSAVE_XSTATE_BV) | XFEATURE_X87 | XFEATURE_SSE);
    return 0;
}
