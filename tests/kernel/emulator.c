// SPDX-License-Identifier: MIT
#include "tests/kernel/emulator.h"

#include <stdint.h>

#include "arch/cpu.h"
#include "libc/include/string.h"

#define HYPERVISOR_LEAF 0x40000000u

bool emulator_is_tcg(void)
{
    uint32_t highest, name[3];

    if (!this_cpu_has(X86_FEATURE_HYPERVISOR))
        return false;
    __cpuid(HYPERVISOR_LEAF, highest, name[0], name[1], name[2]);
    return !memcmp(name, "TCGTCGTCGTCG", sizeof(name));
}
