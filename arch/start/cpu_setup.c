// SPDX-License-Identifier: MIT
/*
 * CPU set-up: from whatever the firmware left to one known state, the same on every CPU.
 *
 * The order for protection keys: CR4.OSXSAVE, without which XSETBV is #UD, then XCR0 with bit 9,
 * then CR4.PKE. PKRU gets its init value last.
 */
#include "arch/start/start.h"

#include "arch/cpu/cpu.h"
#include "arch/cpu/descriptors.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/trap.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/usercopy.h"

/*
 * Entry 0 is WB, 1 WC, 2 UC-, 3 UC. Entries 4 to 7, which no page-table entry here selects, are as
 * after reset (SDM vol. 3A, 12.12). PTE_PWT alone selects WC.
 */
#define PAT_VALUE 0x0007040600070106ul

static uint64_t bit_if(struct cpuid_bit feature, uint64_t bit)
{
    return this_cpu_has(feature) ? bit : 0;
}

static uint64_t choose_cr4(void)
{
    return CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | bit_if(X86_FEATURE_PGE, CR4_PGE) |
           bit_if(X86_FEATURE_MCE, CR4_MCE) | bit_if(X86_FEATURE_UMIP, CR4_UMIP) |
           bit_if(X86_FEATURE_FSGSBASE, CR4_FSGSBASE) | bit_if(X86_FEATURE_SMEP, CR4_SMEP) |
           bit_if(X86_FEATURE_SMAP, CR4_SMAP) | (fpu_wants_osxsave() ? CR4_OSXSAVE : 0);
}

/* SYSRET takes SS = base + 8 and CS = base + 16 (SDM vol. 2B, SYSRET). */
static void setup_syscall(void)
{
    wrmsr(MSR_STAR, (uint64_t)SYSRET_BASE << 48 | (uint64_t)KERNEL_CS << 32);
    wrmsr(MSR_LSTAR, (uintptr_t)syscall_entry);
    wrmsr(MSR_CSTAR, 0); /* there is no 32-bit code segment to come from */
    wrmsr(MSR_SFMASK, RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_AC | RFLAGS_NT | RFLAGS_IOPL |
                          RFLAGS_RF | RFLAGS_CF | RFLAGS_ID);
}

/* All but XCR0 and PKRU, which need CR4.OSXSAVE first, and CR4.PKE, which comes after XCR0. */
static void set_registers(uint64_t cr4)
{
    write_cr0(cpu_state.cr0);
    wrmsr(MSR_EFER, cpu_state.efer);
    if (this_cpu_has(X86_FEATURE_PAT))
        wrmsr(MSR_PAT, PAT_VALUE);
    TELL(cpu_set_up);
    write_cr4(cr4);
    setup_syscall();
}

void cpu_setup(bool with_pku)
{
    struct cpu_state *state = &cpu_state;

    state->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
    state->cr4 = choose_cr4();
    state->efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
    /* A switch saves PKRU in the XSAVE image, so PKU is not used without XSAVE. */
    state->pku = with_pku && this_cpu_has(X86_FEATURE_PKU) && this_cpu_has(X86_FEATURE_XSAVE);
    state->smap = state->cr4 & CR4_SMAP;
    state->has_1g_pages = this_cpu_has(X86_FEATURE_PDPE1GB);
    state->has_erms = this_cpu_has(X86_FEATURE_ERMS);
    state->has_rdrand = this_cpu_has(X86_FEATURE_RDRAND);

    set_registers(state->cr4);
    state->xcr0 = fpu_setup(state->pku);
    if (state->pku) {
        state->cr4 |= CR4_PKE;
        write_cr4(state->cr4);
        write_pkru(pkru_init_value);
    }
    if (state->smap)
        usercopy_enable_smap();
}

void cpu_setup_other(void)
{
    set_registers(cpu_state.cr4 & ~CR4_PKE);
    fpu_setup_other();
    write_cr4(cpu_state.cr4);
    /* What INIT left in PKRU, for the report of bringup/. */
    if (cpu_state.pku)
        this_cpu()->pkru_found = read_pkru();
    fpu_reset(); /* PKRU too */
}
