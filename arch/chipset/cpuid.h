// SPDX-License-Identifier: MIT
/* What of arch/cpu/cpu.h's kind only rooms above the line look at. */
#ifndef ARCH_CHIPSET_CPUID_H
#define ARCH_CHIPSET_CPUID_H

#include "arch/cpu/cpu.h"

/* clang-format off */
#define CPUID_HYPERVISOR 0x40000000u /* leaf: whose hypervisor this is */

#define X86_FEATURE_PCID         CPUID_BIT(1, 0, ECX, 17)
#define X86_FEATURE_X2APIC       CPUID_BIT(1, 0, ECX, 21)
#define X86_FEATURE_OSXSAVE      CPUID_BIT(1, 0, ECX, 27)
#define X86_FEATURE_HYPERVISOR   CPUID_BIT(1, 0, ECX, 31)
#define X86_FEATURE_OSPKE        CPUID_BIT(7, 0, ECX, 4)
#define X86_FEATURE_PKS          CPUID_BIT(7, 0, ECX, 31)
#define X86_FEATURE_XSAVEC       CPUID_BIT(0xd, 1, EAX, 1)
#define X86_FEATURE_XSAVES       CPUID_BIT(0xd, 1, EAX, 3)
#define X86_FEATURE_NX           CPUID_BIT(0x80000001, 0, EDX, 20)
#define X86_FEATURE_INVARIANT_TSC CPUID_BIT(0x80000007, 0, EDX, 8)
#define X86_FEATURE_MCA          CPUID_BIT(1, 0, EDX, 14)
/* clang-format on */

#define CR4_LA57 (1ul << 12)
#define CR4_PKS  (1ul << 24)

/* After all earlier instructions but stores, and before all later ones. */
static inline uint64_t rdtsc_ordered(void)
{
    uint64_t tsc = rdtsc_after_loads();
    __asm__ volatile("lfence" : : : "memory");
    return tsc;
}

/* CR4.OSXSAVE must be set. */
static inline uint64_t fpu_read_xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0) : "memory");
    return (uint64_t)high << 32 | low;
}

#endif
