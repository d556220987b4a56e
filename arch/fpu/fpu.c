// SPDX-License-Identifier: MIT
/* Extended state: which components, the layout of their image, and saving and restoring it. */
#include "arch/fpu/fpu.h"

#include "arch/cpu/bug.h"
#include "arch/cpu/check.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/types.h"
#include "arch/mmu/pkru.h"
#include "libc/include/string.h"

struct fpu_layout fpu_layout;
uint32_t pkru_init_value = PKRU_INIT_DEFAULT;

/* What fpu_reset() loads: made once, as it depends only on the layout and the init value. */
static char initial_image[XSAVE_MINIMUM + PAGE_SIZE] __attribute__((aligned(64)));

void fpu_write_xcr0(uint64_t value)
{
    __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)value), "d"(value >> 32) : "memory");
}

static uint64_t choose_components(bool with_pku)
{
    uint32_t low, ebx, ecx, high;
    uint64_t components = XFEATURE_X87 | XFEATURE_SSE;

    __cpuid_count(0xd, 0, low, ebx, ecx, high);
    uint64_t offered = (uint64_t)high << 32 | low;
    if (this_cpu_has(X86_FEATURE_AVX))
        components |= XFEATURE_AVX;
    if (this_cpu_has(X86_FEATURE_AVX) && this_cpu_has(X86_FEATURE_AVX512F) &&
        (offered & XFEATURE_AVX512) == XFEATURE_AVX512)
        components |= XFEATURE_AVX512;
    if (with_pku)
        components |= XFEATURE_PKRU;
    return components & offered;
}

__attribute__((weak)) const struct fpu_software *fpu_software(void)
{
    return NULL;
}

bool fpu_wants_osxsave(void)
{
    return this_cpu_has(X86_FEATURE_XSAVE) && !fpu_software();
}

static void setup_xsave(struct fpu_layout *layout, bool with_pku)
{
    uint32_t registers[4];

    layout->xcr0 = choose_components(with_pku);
    fpu_write_xcr0(layout->xcr0);
    cpuid_now(0xd, 0, registers); /* EBX: the size with these components */
    layout->size = registers[CPUID_EBX];
    layout->xsaveopt = this_cpu_has(X86_FEATURE_XSAVEOPT);
}

/*
 * Finds PKRU in the image of a CPU that has keys but leaves CPUID leaf 0xD.9 empty, as Bochs 2.7
 * does: loads a pattern, wherever PKRU is read from, and looks where XSAVE stores it. To take this
 * for "no PKRU in the image" would open all keys to every program. cpu_setup() sets PKRU later.
 */
static size_t find_pkru_offset(size_t size)
{
    uint64_t xstate_bv = XFEATURE_PKRU;
    size_t at = XSAVE_MINIMUM;

    assert(size <= sizeof(initial_image));
    memset(initial_image + XSAVE_MINIMUM, 0x5a, size - XSAVE_MINIMUM);
    memcpy(initial_image + XSAVE_XSTATE_BV, &xstate_bv, sizeof(xstate_bv));
    __asm__ volatile("xrstor64 (%0)" : : "r"(initial_image), "a"(XFEATURE_PKRU), "d"(0) : "memory");
    memset(initial_image, 0, size);
    __asm__ volatile("xsave64 (%0)" : : "r"(initial_image), "a"(XFEATURE_PKRU), "d"(0) : "memory");
    while (at < size && initial_image[at] == 0)
        at++;
    assert(at < size);
    return at;
}

uint64_t fpu_setup(bool with_pku)
{
    struct fpu_layout *layout = &fpu_layout;
    size_t pkru_size = 0;

    layout->size = XSAVE_LEGACY;
    layout->software = with_pku ? fpu_software() : NULL;
    if (layout->software)
        layout->xcr0 = XFEATURE_X87 | XFEATURE_SSE | XFEATURE_PKRU;
    else if (fpu_wants_osxsave())
        setup_xsave(layout, with_pku);
    if (layout->xcr0 & XFEATURE_PKRU)
        fpu_component(9, &layout->pkru_offset, &pkru_size);
    if ((layout->xcr0 & XFEATURE_PKRU) && pkru_size == 0)
        layout->pkru_offset = find_pkru_offset(layout->size);
    if (layout->software)
        layout->size = layout->pkru_offset + pkru_size;
    assert(layout->size <= sizeof(initial_image));
    fpu_image_init(initial_image);
    return layout->xcr0;
}

void fpu_setup_other(void)
{
    if (fpu_wants_osxsave())
        fpu_write_xcr0(fpu_layout.xcr0);
}

void fpu_component(unsigned int number, size_t *offset, size_t *size)
{
    uint32_t eax = 0, ebx = 0, ecx, edx;

    if (this_cpu_has(X86_FEATURE_XSAVE))
        __cpuid_count(0xd, number, eax, ebx, ecx, edx);
    *size = eax;
    *offset = ebx;
    if (number == 9 && eax == 0 && fpu_layout.pkru_offset) { /* found by other means */
        *size = sizeof(uint64_t);
        *offset = fpu_layout.pkru_offset;
    }
}

void pkru_set_init_value(uint32_t pkru)
{
    pkru_init_value = pkru;
    if (fpu_layout.pkru_offset)
        fpu_image_set_pkru(initial_image, pkru);
}

void fpu_save(void *image)
{
    kasan_check_write(image, fpu_layout.size);
    if (fpu_layout.software)
        fpu_layout.software->save(image);
    else if (fpu_layout.xsaveopt)
        __asm__ volatile("xsaveopt64 (%0)" : : "r"(image), "a"(-1), "d"(-1) : "memory");
    else if (fpu_layout.xcr0)
        __asm__ volatile("xsave64 (%0)" : : "r"(image), "a"(-1), "d"(-1) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(image) : "memory");
    /* With PKRU = 0 a CPU may leave bit 9 of XSTATE_BV clear, which XRSTOR reads as 0 again. */
}

void fpu_restore(const void *image)
{
    kasan_check_read(image, fpu_layout.size);
    if (fpu_layout.software)
        fpu_layout.software->restore(image);
    else if (fpu_layout.xcr0)
        __asm__ volatile("xrstor64 (%0)" : : "r"(image), "a"(-1), "d"(-1) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(image) : "memory");
}

void fpu_reset(void)
{
    fpu_restore(initial_image);
}
