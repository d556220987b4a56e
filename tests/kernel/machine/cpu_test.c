// SPDX-License-Identifier: MIT
/*
 * The processor's mode: CR0, CR4, EFER, XCR0 and PAT hold exactly what CPUID offers and the
 * kernel wants, whatever the firmware left in them.
 */
#include "arch/cpu/cpu.h"

#include "arch/chipset/cpuid.h"
#include "tests/kernel/ktest.h"

static uint64_t if_offered(uint32_t leaf, uint32_t index, enum cpuid_register in, unsigned int bit,
                           unsigned int wanted)
{
    struct cpuid_bit feature = {leaf, index, in, bit};

    return this_cpu_has(feature) ? 1ul << wanted : 0;
}

/* PE, MP, ET, NE, WP, AM and PG. */
KTEST(cpu_cr0)
{
    EXPECT_EQUAL(read_cr0(), 0x80050033);
}

/* SCE, LME, LMA and NXE. */
KTEST(cpu_efer)
{
    EXPECT_EQUAL(rdmsr(MSR_EFER), 0xd01);
}

KTEST(cpu_cr4)
{
    uint64_t expected = 1ul << 5 | 1ul << 9 | 1ul << 10; /* PAE, OSFXSR, OSXMMEXCPT */

    expected |= if_offered(1, 0, CPUID_EDX, 7, 6);   /* MCE */
    expected |= if_offered(1, 0, CPUID_EDX, 13, 7);  /* PGE */
    expected |= if_offered(7, 0, CPUID_ECX, 2, 11);  /* UMIP */
    expected |= if_offered(7, 0, CPUID_EBX, 0, 16);  /* FSGSBASE */
    expected |= if_offered(7, 0, CPUID_EBX, 7, 20);  /* SMEP */
    expected |= if_offered(7, 0, CPUID_EBX, 20, 21); /* SMAP */
    /* XSAVE may be refused, and PKU with it or by nopku: then consistently so. */
    if (read_cr4() & CR4_OSXSAVE)
        expected |= if_offered(1, 0, CPUID_ECX, 26, 18);
    if (cpu_state.pku)
        expected |= if_offered(7, 0, CPUID_ECX, 3, 22);
    EXPECT_EQUAL(read_cr4(), expected);
    EXPECT_EQUAL(this_cpu_has(X86_FEATURE_OSXSAVE), !!(read_cr4() & CR4_OSXSAVE));
    EXPECT_EQUAL(this_cpu_has(X86_FEATURE_OSPKE), !!(read_cr4() & CR4_PKE));
}

static uint64_t read_xcr0(void)
{
    uint32_t low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* A component is on only if its instruction set is there too, and AMX never is. */
KTEST(cpu_xcr0)
{
    if (!(read_cr4() & CR4_OSXSAVE)) {
        ktest_skip("XSAVE is not there or not used");
        return;
    }
    uint64_t expected = 3; /* x87 and SSE */
    uint64_t avx = if_offered(1, 0, CPUID_ECX, 28, 2);
    uint64_t avx512 = if_offered(7, 0, CPUID_EBX, 16, 5) | if_offered(7, 0, CPUID_EBX, 16, 6) |
                      if_offered(7, 0, CPUID_EBX, 16, 7);
    uint32_t offered, size, ecx, edx;

    __cpuid_count(0xd, 0, offered, size, ecx, edx);
    expected |= avx;
    if (avx && (offered & avx512) == avx512)
        expected |= avx512;
    if (cpu_state.pku)
        expected |= 1ul << 9;
    EXPECT_EQUAL(read_xcr0(), expected);
    EXPECT_EQUAL(read_xcr0() & ~(uint64_t)offered, 0);
}

/* WB, WC, UC- and UC; then WB, WT, UC- and UC. */
KTEST(cpu_pat)
{
    if (!this_cpu_has(X86_FEATURE_PAT)) {
        ktest_skip("the CPU has no PAT");
        return;
    }
    EXPECT_EQUAL(rdmsr(MSR_PAT), 0x0007040600070106ul);
}
