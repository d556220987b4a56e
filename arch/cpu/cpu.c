// SPDX-License-Identifier: MIT
/* What CPUID says about the CPU. */
#include "arch/cpu/cpu.h"

#include <stddef.h>

struct cpu_state cpu_state;

bool this_cpu_has(struct cpuid_bit feature)
{
    uint32_t registers[4];
    uint32_t highest = __get_cpuid_max(feature.leaf & 0x80000000u, NULL);

    if (feature.leaf > highest)
        return false;
    cpuid_now(feature.leaf, feature.index, registers);
    return registers[feature.in] >> feature.bit & 1;
}

/* The x2APIC id is in leaf 0xB, which is there if EBX is not 0; leaf 1 has only 8 bits. */
uint32_t cpu_apic_id(void)
{
    uint32_t registers[4] = {0};

    if ((uint32_t)__get_cpuid_max(0, NULL) >= 0xb)
        cpuid_now(0xb, 0, registers);
    if (registers[CPUID_EBX])
        return registers[CPUID_EDX];
    cpuid_now(1, 0, registers);
    return registers[CPUID_EBX] >> 24;
}

unsigned int cpu_physical_bits(void)
{
    uint32_t registers[4] = {36};

    if ((uint32_t)__get_cpuid_max(0x80000000u, NULL) >= 0x80000008u)
        cpuid_now(0x80000008u, 0, registers);
    return registers[CPUID_EAX] & 0xff;
}

const char *cpu_why_no_keys(void)
{
    if (!this_cpu_has(X86_FEATURE_PKU))
        return "this CPU has no protection keys";
    if (!this_cpu_has(X86_FEATURE_XSAVE))
        return "this CPU has no XSAVE, in whose image PKRU travels";
    return "nopku was asked for";
}
