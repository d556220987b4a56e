// SPDX-License-Identifier: MIT
/*
 * What instructions of ring 0 refuse by #GP: the values that the kernel must never give them for a
 * program. On an emulator that takes one nothing else shows whether the kernel keeps to that, so
 * each is tried here (docs/testing.md has the list).
 */
#include "arch/cpu/cpu.h"
#include "arch/cpu/descriptors.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/usercopy.h"
#include "bringup/emulator.h"
#include "bringup/probe.h"
#include "libc/include/string.h"
#include "mm/page/page.h"
#include "tests/kernel/ktest.h"

#define NOT_CANONICAL 0x8000000000000000ul
#define LEGACY        (XFEATURE_X87 | XFEATURE_SSE)
#define MXCSR_WORD    (XSAVE_MXCSR / 8)
#define HEADER_WORD   (XSAVE_XSTATE_BV / 8)
#define MXCSR_BIT     (1ul << 31) /* reserved in every CPU */

/* Counts as failed unless TCG is known to take the value. */
static void expect_refusal(const char *what, bool refused, bool tcg_takes_it)
{
    bool is_known = !refused && tcg_takes_it && emulator_detect() == EMULATOR_TCG;

    if (is_known)
        ktest_note("known difference: TCG takes %s", what);
    else if (!EXPECT(refused))
        ktest_note("taken: %s", what);
}

/* ---- WRMSR ---- */

static bool is_refused_by_msr(uint32_t msr)
{
    uint64_t before = rdmsr(msr);
    struct probe_result result = probe(probe_wrmsr, msr, NOT_CANONICAL, 0);

    wrmsr(msr, before);
    return result.faulted && result.vector == VECTOR_GP;
}

KTEST(refused_bases)
{
    expect_refusal("a base of FS that is not canonical", is_refused_by_msr(MSR_FS_BASE), true);
    expect_refusal("a base of GS that is not canonical", is_refused_by_msr(MSR_KERNEL_GS_BASE),
                   true);
}

/* ---- XRSTOR, FXRSTOR, LDMXCSR ---- */

#define IS_REFUSED(instruction, place)                               \
    ({                                                               \
        bool refused_ = true;                                        \
        __asm__ volatile("1: " instruction " (%1)\n"                 \
                         "movb $0, %0\n"                             \
                         "2:\n" EXCEPTION_TABLE("1b", "2b")          \
                         : "+q"(refused_)                            \
                         : "r"(place), "a"((uint32_t)LEGACY), "d"(0) \
                         : "memory");                                \
        refused_;                                                    \
    })

static void expect_refused_image(const char *what, uint64_t *image, unsigned int word, uint64_t bit,
                                 bool tcg_takes_it)
{
    image[word] ^= bit;
    expect_refusal(what, IS_REFUSED("xrstor64", image), tcg_takes_it);
    image[word] ^= bit;
}

static void try_xrstor(uint64_t *image)
{
    EXPECT(!IS_REFUSED("xrstor64", image));
    expect_refusal("an XSAVE image at an odd place", IS_REFUSED("xrstor64", image + 1), false);
    expect_refused_image("a component that is not in XCR0", image, HEADER_WORD, 1ul << 61, false);
    expect_refused_image("XCOMP_BV in the standard format", image, HEADER_WORD + 1, 1, false);
    expect_refused_image("the header's third word", image, HEADER_WORD + 2, 1, false);
    expect_refused_image("reserved bits of MXCSR in an XSAVE image", image, MXCSR_WORD, MXCSR_BIT,
                         true);
}

static void try_fxrstor(uint64_t *image)
{
    EXPECT(!IS_REFUSED("fxrstor64", image));
    expect_refusal("an FXSAVE image at an odd place", IS_REFUSED("fxrstor64", image + 1), false);
    image[MXCSR_WORD] |= MXCSR_BIT;
    expect_refusal("reserved bits of MXCSR in an FXSAVE image", IS_REFUSED("fxrstor64", image),
                   true);
    expect_refusal("reserved bits of MXCSR by LDMXCSR",
                   IS_REFUSED("ldmxcsr", (uint32_t *)&image[MXCSR_WORD]), true);
}

KTEST(refused_images)
{
    struct page *block = page_alloc(2, PAGE_ZERO); /* aligned enough */

    if (!EXPECT(block) || !EXPECT(fpu_layout.size <= PAGE_SIZE << 1))
        return;
    char *image = page_address(block);
    char *before = image + (PAGE_SIZE << 1);
    uint64_t irq = irq_save();
    fpu_save(before);
    fpu_image_init(image);
    if (read_cr4() & CR4_OSXSAVE)
        try_xrstor((uint64_t *)(void *)image);
    try_fxrstor((uint64_t *)(void *)image);
    fpu_restore(before);
    irq_restore(irq);
    page_put(block);
}

/* ---- IRETQ ---- */

static struct {
    uintptr_t rsp, resume; /* where to go on */
    uintptr_t rip;         /* of the instruction that faulted */
    uint64_t vector;
} iret;

static bool catch_iret(struct trap_frame *frame)
{
    iret.rip = frame->rip;
    iret.vector = frame->vector;
    frame->rip = iret.resume;
    frame->rsp = iret.rsp;
    return true;
}

static void iret_to(uintptr_t rip, uint64_t cs)
{
    iret.vector = UINT64_MAX;
    trap_hook = catch_iret;
    __asm__ volatile("leaq 1f(%%rip), %%rax\n"
                     "movq %%rax, %[resume]\n"
                     "movq %%rsp, %%rax\n"
                     "movq %%rax, %[rsp]\n"
                     "pushq %[ss]\n"
                     "pushq %%rax\n"
                     "pushfq\n"
                     "pushq %[cs]\n"
                     "pushq %[rip]\n"
                     "iretq\n"
                     "1:\n"
                     : [resume] "=m"(iret.resume), [rsp] "=m"(iret.rsp)
                     : [ss] "i"(KERNEL_SS), [cs] "r"(cs), [rip] "r"(rip)
                     : "rax", "memory", "cc");
    trap_hook = NULL;
}

/* TCG loads the address and faults there, with the privilege and the stack that were loaded. */
KTEST(refused_returns)
{
    uint64_t irq = irq_save();

    iret_to(NOT_CANONICAL, KERNEL_CS);
    EXPECT_EQUAL(iret.vector, VECTOR_GP);
    expect_refusal("an address for IRETQ that is not canonical", iret.rip != NOT_CANONICAL, true);
    iret_to((uintptr_t)catch_iret, KERNEL_SS);
    EXPECT_EQUAL(iret.vector, VECTOR_GP);
    EXPECT(iret.rip != (uintptr_t)catch_iret);
    irq_restore(irq);
}
