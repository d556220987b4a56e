// SPDX-License-Identifier: MIT
/* Where logical CPUs are in the machine: package, core and thread, by their APIC ids. */
#ifndef BRINGUP_TOPOLOGY_H
#define BRINGUP_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

struct place {
    uint32_t package, core, thread; /* a core's number in its package, a thread's in its core */
};

/* Takes an APIC id apart as CPUID 0xB says; false when the CPU has no such leaf. */
bool topology_place(uint32_t apic_id, struct place *place);

#endif
