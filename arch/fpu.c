// SPDX-License-Identifier: MIT
/* Extended state: what to save, how large it is, and saving it. */
#include "arch/fpu.h"

#include <asm/errno.h>

#include "arch/bug.h"
#include "arch/cpu.h"
#include "arch/fpu_software.h"
#include "arch/pkru.h"
#include "arch/types.h"
#include "arch/usercopy.h"
#include "libc/include/string.h"
#include "sanitizers/kasan.h"

#define FCW_INIT           0x037f
#define MXCSR_INIT         0x1f80u
#define MXCSR_MASK_DEFAULT 0xffbfu /* when FXSAVE writes 0 there: SDM vol. 1, 11.6.6 */
#define FXSAVE_MXCSR_MASK  28

struct fpu_layout fpu_layout;
uint32_t pkru_init_value = PKRU_INIT_DEFAULT;

/* What fpu_reset() loads; made once, because its content depends only on the layout. */
static char initial_image[XSAVE_MINIMUM + PAGE_SIZE] __attribute__((aligned(64)));

void fpu_write_xcr0(uint64_t value)
{
    __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)value), "d"(value >> 32) : "memory");
}

uint64_t fpu_read_xcr0(void)
{
    uint32_t low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0) : "memory");
    return (uint64_t)high << 32 | low;
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

static uint32_t read_mxcsr_mask(void)
{
    uint32_t mask;

    __asm__ volatile("fxsave64 %0" : "=m"(initial_image) : : "memory");
    memcpy(&mask, initial_image + FXSAVE_MXCSR_MASK, sizeof(mask));
    memset(initial_image, 0, XSAVE_LEGACY);
    return mask ? mask : MXCSR_MASK_DEFAULT;
}

bool fpu_wants_osxsave(void)
{
    return this_cpu_has(X86_FEATURE_XSAVE) && !fpu_software_is_needed();
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
 * Where PKRU lies in the image of a CPU that has it and leaves CPUID leaf 0xD.9 empty, as Bochs 2.7
 * does: loads a pattern from wherever it may be, and looks where XSAVE puts it. Taking its word
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

    layout->mxcsr_mask = read_mxcsr_mask();
    layout->size = XSAVE_LEGACY;
    layout->software = fpu_software_is_needed() && with_pku;
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

void fpu_image_init(void *image)
{
    uint16_t fcw = FCW_INIT;
    uint32_t mxcsr = MXCSR_INIT;

    /* What lies behind is not looked at while its bit in XSTATE_BV is clear. */
    memset(image, 0, fpu_layout.size < XSAVE_MINIMUM ? fpu_layout.size : XSAVE_MINIMUM);
    memcpy(image, &fcw, sizeof(fcw));
    memcpy((char *)image + XSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
    if (fpu_layout.pkru_offset)
        fpu_image_set_pkru(image, pkru_init_value);
}

void pkru_set_init_value(uint32_t pkru)
{
    pkru_init_value = pkru;
    if (fpu_layout.pkru_offset)
        fpu_image_set_pkru(initial_image, pkru);
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

    memcpy(out, initial_image, fpu_layout.size);
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
    return !(mxcsr & ~fpu_layout.mxcsr_mask);
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

void fpu_save(void *image)
{
    kasan_check_write(image, fpu_layout.size);
    if (fpu_layout.software)
        fpu_software_save(image);
    else if (fpu_layout.xsaveopt)
        __asm__ volatile("xsaveopt64 (%0)" : : "r"(image), "a"(-1), "d"(-1) : "memory");
    else if (fpu_layout.xcr0)
        __asm__ volatile("xsave64 (%0)" : : "r"(image), "a"(-1), "d"(-1) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(image) : "memory");
    /* A CPU may take PKRU = 0 for its initial state and leave the bit clear: the same value. */
}

void fpu_restore(const void *image)
{
    kasan_check_read(image, fpu_layout.size);
    if (fpu_layout.software)
        fpu_software_restore(image);
    else if (fpu_layout.xcr0)
        __asm__ volatile("xrstor64 (%0)" : : "r"(image), "a"(-1), "d"(-1) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(image) : "memory");
}

void fpu_reset(void)
{
    fpu_restore(initial_image);
}

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
        error = fpu_software_save_user(image);
    else
        error = ON_USER_IMAGE("xsave64", image, fpu_layout.xcr0 & ~XFEATURE_PKRU);
    /* XSTATE_BV: a handler may change x87 and SSE registers where it finds them. */
    return error ? error : ON_USER_IMAGE("orq $3, 512", image, 0ul);
}

/*
 * Makes components initial. With AVX in the mask this loads MXCSR as well, so it comes before
 * what the program asked for; PKRU alone comes after, because the program's image is to be read
 * under the rights that it has.
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
        return fpu_software_restore_user(image, mask);
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
