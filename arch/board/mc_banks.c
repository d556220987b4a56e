// SPDX-License-Identifier: MIT
#include "arch/board/mc_banks.h"

#include "arch/chipset/cpuid.h"
#include "arch/cpu/cpu.h"
#include "arch/start/start.h"

#define MSR_MCG_CAP    0x179
#define MSR_MCG_CTL    0x17b
#define MSR_MC0_CTL    0x400
#define MSR_MC0_STATUS 0x401
#define MSR_MC0_ADDR   0x402
#define MSR_MC0_MISC   0x403
#define MSRS_PER_BANK  4

#define MCG_CAP_COUNT 0xffu
#define MCG_CTL_P     (1u << 8)

#define FIRST_MODEL_WITH_BANK_0 0x1au

unsigned int machine_check_banks(void)
{
    return this_cpu_has(X86_FEATURE_MCA) ? rdmsr(MSR_MCG_CAP) & MCG_CAP_COUNT : 0;
}

/* On early CPUs of family 6 bank 0 is the firmware's: SDM vol. 3B, 15.3.2.1. */
static unsigned int first_bank(void)
{
    uint32_t registers[4];

    cpuid_now(1, 0, registers);
    uint32_t family = registers[CPUID_EAX] >> 8 & 0xf;
    uint32_t model = (registers[CPUID_EAX] >> 4 & 0xf) | (registers[CPUID_EAX] >> 12 & 0xf0);
    return family == 6 && model < FIRST_MODEL_WITH_BANK_0;
}

/*
 * Has this CPU report errors of all banks, as far as it can: they are exceptions once CR4.MCE is
 * set. What the banks hold from before stays there.
 */
static void enable_banks(void)
{
    unsigned int banks = machine_check_banks();

    if (!banks)
        return;
    if (rdmsr(MSR_MCG_CAP) & MCG_CTL_P)
        wrmsr(MSR_MCG_CTL, UINT64_MAX);
    for (unsigned int bank = first_bank(); bank < banks; bank++)
        wrmsr(MSR_MC0_CTL + MSRS_PER_BANK * bank, UINT64_MAX);
}

ATTACH(cpu_set_up, enable_banks);

bool machine_check_read(unsigned int bank, struct machine_check *check)
{
    uint32_t first = MSRS_PER_BANK * bank;

    *check = (struct machine_check){.status = rdmsr(MSR_MC0_STATUS + first)};
    if (!(check->status & MC_STATUS_VAL))
        return false;
    if (check->status & MC_STATUS_ADDRV)
        check->address = rdmsr(MSR_MC0_ADDR + first);
    if (check->status & MC_STATUS_MISCV)
        check->misc = rdmsr(MSR_MC0_MISC + first);
    return true;
}
