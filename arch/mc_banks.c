// SPDX-License-Identifier: MIT
#include "arch/mc_banks.h"

#include "arch/cpu.h"

#define MSR_MCG_CAP    0x179
#define MSR_MC0_STATUS 0x401
#define MSR_MC0_ADDR   0x402
#define MSRS_PER_BANK  4

#define MCG_CAP_COUNT   0xffu
#define MC_STATUS_ADDRV (1ul << 58)
#define MC_STATUS_VAL   (1ul << 63)

unsigned int machine_check_banks(void)
{
    return this_cpu_has(X86_FEATURE_MCA) ? rdmsr(MSR_MCG_CAP) & MCG_CAP_COUNT : 0;
}

bool machine_check_read(unsigned int bank, struct machine_check *check)
{
    check->status = rdmsr(MSR_MC0_STATUS + MSRS_PER_BANK * bank);
    if (!(check->status & MC_STATUS_VAL))
        return false;
    check->address =
        check->status & MC_STATUS_ADDRV ? rdmsr(MSR_MC0_ADDR + MSRS_PER_BANK * bank) : 0;
    return true;
}
