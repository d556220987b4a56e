// SPDX-License-Identifier: MIT
/*
 * TCG names itself in CPUID. Bochs does not, but puts the newest processors behind a host bridge
 * of 1996 with an empty subsystem identification; virtual machines that do so too have the
 * hypervisor bit of CPUID.
 */
#include "bringup/emulator.h"

#include <stdint.h>

#include "arch/chipset/cpuid.h"
#include "arch/chipset/io.h"
#include "arch/cpu/cpu.h"
#include "libc/include/string.h"

#define PCI_ID         0x00
#define PCI_SUBSYSTEM  0x2c
#define INTEL_440FX_ID 0x12378086u

/* A register of bus 0, device 0, function 0. */
static uint32_t read_host_bridge(uint8_t offset)
{
    outl(PCI_ADDRESS, PCI_ENABLE | offset);
    return inl(PCI_DATA);
}

enum emulator emulator_detect(void)
{
    uint32_t highest, name[3];

    if (this_cpu_has(X86_FEATURE_HYPERVISOR)) {
        __cpuid(CPUID_HYPERVISOR, highest, name[0], name[1], name[2]);
        return memcmp(name, "TCGTCGTCGTCG", sizeof(name)) ? EMULATOR_NONE : EMULATOR_TCG;
    }
    if (read_host_bridge(PCI_ID) == INTEL_440FX_ID && read_host_bridge(PCI_SUBSYSTEM) == 0)
        return EMULATOR_BOCHS;
    return EMULATOR_NONE;
}
