// SPDX-License-Identifier: MIT
#include "bringup/topology.h"

#include <stddef.h>

#include "arch/cpu/cpu.h"

#define TOPOLOGY_LEAF 0xb

/* ECX: SDM vol. 2A, CPUID. */
enum topology_type {
    TOPOLOGY_NONE,
    TOPOLOGY_THREAD,
    TOPOLOGY_CORE,
};

bool topology_place(uint32_t apic_id, struct place *place)
{
    uint32_t registers[4];
    unsigned int thread_bits = 0, core_bits = 0, level = 0;

    if (__get_cpuid_max(0, NULL) < TOPOLOGY_LEAF)
        return false;
    for (;; level++) {
        cpuid_now(TOPOLOGY_LEAF, level, registers);
        unsigned int type = registers[CPUID_ECX] >> 8 & 0xff;
        if (type == TOPOLOGY_NONE)
            break;
        if (type == TOPOLOGY_THREAD)
            thread_bits = registers[CPUID_EAX] & 31;
        core_bits = registers[CPUID_EAX] & 31;
    }
    *place = (struct place){
        .package = apic_id >> core_bits,
        .core = (apic_id & ((1u << core_bits) - 1)) >> thread_bits,
        .thread = apic_id & ((1u << thread_bits) - 1),
    };
    return level != 0;
}
