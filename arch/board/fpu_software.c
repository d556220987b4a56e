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
#include <asm/errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "arch/board/fpu_image.h"
#include "arch/chipset/cpuid.h"
#include "arch/cpu/bug.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/types.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/usercopy.h"
#include "libc/include/string.h"

#define TCG_SIGNATURE "TCGTCGTCGTCG"

/* Room for an image while it is between the CPU and user memory: larger than leaf 0xD.9 ends. */
#define STAGING_SIZE 4096

static char staging[STAGING_SIZE] __attribute__((aligned(64)));

static bool is_needed(void)
{
    uint32_t eax, ebx, ecx, edx;
    uint32_t signature[3];

    if (!this_cpu_has(X86_FEATURE_XSAVE) || !this_cpu_has(X86_FEATURE_HYPERVISOR))
        return false;
    __cpuid(CPUID_HYPERVISOR, eax, signature[0], signature[1], signature[2]);
    if (memcmp(signature, TCG_SIGNATURE, sizeof(signature)) != 0)
        return false;
    __cpuid_count(0xd, 1, eax, ebx, ecx, edx);
    return eax == 0;
}

static uint64_t read_xstate_bv(const char *image)
{
    uint64_t value;

    memcpy(&value, image + XSAVE_XSTATE_BV, sizeof(value));
    return value;
}

static void save(void *image)
{
    uint64_t header[8] = {fpu_layout.xcr0};

    __asm__ volatile("fxsave64 (%0)" : : "r"(image) : "memory");
    memcpy((char *)image + XSAVE_HEADER, header, sizeof(header));
    if (fpu_layout.pkru_offset)
        fpu_image_set_pkru(image, read_pkru());
}

/* As XRSTOR: what XSTATE_BV leaves out becomes initial; PKRU last. */
static void restore(const void *image)
{
    uint64_t xstate_bv = read_xstate_bv(image);
    uint32_t pkru = fpu_layout.pkru_offset ? fpu_image_pkru(image) : 0;

    fpu_image_init(staging);
    if (xstate_bv & XFEATURE_X87)
        memcpy(staging, image, XSAVE_XMM);
    memcpy(staging + XSAVE_MXCSR, (const char *)image + XSAVE_MXCSR, sizeof(uint32_t));
    if (xstate_bv & XFEATURE_SSE)
        memcpy(staging + XSAVE_XMM, (const char *)image + XSAVE_XMM, XSAVE_XMM_SIZE);
    __asm__ volatile("fxrstor64 (%0)" : : "r"(staging) : "memory");
    if (fpu_layout.pkru_offset)
        write_pkru(pkru);
}

static int save_user(uintptr_t image)
{
    assert(fpu_layout.size <= STAGING_SIZE);
    save(staging);
    return copy_to_user(image, staging, XSAVE_SOFTWARE) ? -EFAULT : 0;
}

static int restore_user(uintptr_t image, uint64_t mask)
{
    static char copy[STAGING_SIZE] __attribute__((aligned(64)));
    uint64_t xstate_bv;

    /* The boundary that XRSTOR wants, and what it refuses in the header and in MXCSR. */
    if (image % 64 || copy_from_user(copy, image, fpu_layout.size))
        return -EFAULT;
    if (fpu_image_import(staging, copy))
        return -EFAULT;
    xstate_bv = read_xstate_bv(copy) & mask;
    memcpy(copy + XSAVE_XSTATE_BV, &xstate_bv, sizeof(xstate_bv));
    restore(copy);
    return 0;
}

const struct fpu_software *fpu_software(void)
{
    static const struct fpu_software functions = {save, restore, save_user, restore_user};

    return is_needed() ? &functions : NULL;
}
