// SPDX-License-Identifier: MIT
/*
 * CPU set-up: from whatever the firmware left to one known state, the same on every CPU.
 *
 * The order is what the SDM asks for protection keys: CR4.OSXSAVE, then XCR0 with bit 9, then
 * CR4.PKE. PKRU itself is loaded with the first XSAVE image (arch/fpu.c).
 */
#include "arch/cpu.h"

#include "arch/descriptors.h"
#include "arch/fpu.h"
#include "arch/mc_banks.h"
#include "arch/percpu.h"
#include "arch/pkru.h"
#include "arch/trap.h"
#include "arch/usercopy.h"
#include "libc/include/string.h"

/*
 * Entry 0 WB, 1 WC, 2 UC-, 3 UC; 4 to 7, which no entry of ours names, as after reset (SDM vol. 3A,
 * 12.12). PTE_PWT alone is WC.
 */
#define PAT_VALUE 0x0007040600070106ul

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

/* Leaf 0xB says the x2APIC id where it is there, that is where EBX is not 0; leaf 1 has 8 bits. */
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

void cpu_read_brand(char brand[CPU_BRAND_SIZE])
{
    memset(brand, 0, CPU_BRAND_SIZE);
    if ((uint32_t)__get_cpuid_max(0x80000000u, NULL) < 0x80000004u)
        return;
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t registers[4];
        __cpuid(0x80000002u + i, registers[0], registers[1], registers[2], registers[3]);
        memcpy(brand + i * sizeof(registers), registers, sizeof(registers));
    }
}

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

/* All but XCR0 and PKRU, which want CR4.OSXSAVE first, and CR4.PKE, which wants XCR0. */
static void set_registers(uint64_t cr4)
{
    write_cr0(cpu_state.cr0);
    wrmsr(MSR_EFER, cpu_state.efer);
    if (this_cpu_has(X86_FEATURE_PAT))
        wrmsr(MSR_PAT, PAT_VALUE);
    machine_check_enable();
    write_cr4(cr4);
    setup_syscall();
}

const char *cpu_why_no_keys(void)
{
    if (!this_cpu_has(X86_FEATURE_PKU))
        return "this CPU has no protection keys";
    if (!this_cpu_has(X86_FEATURE_XSAVE))
        return "this CPU has no XSAVE, in whose image PKRU travels";
    return "nopku was asked for";
}

void cpu_setup(bool with_pku)
{
    struct cpu_state *state = &cpu_state;

    state->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
    state->cr4 = choose_cr4();
    state->efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
    /* PKRU has to travel in the XSAVE image, so PKU without XSAVE is not used. */
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
    if (cpu_state.pku)
        this_cpu()->pkru_found = read_pkru();
    fpu_reset(); /* PKRU too */
}

struct feature_source {
    const char *name;
    const char *purpose;
    struct cpuid_bit bit;
    uint64_t cr4; /* the CR4 bit that turns it on, or 0 */
};

static const struct feature_source feature_sources[] = {
    {"PKU", "protection keys for user pages", {7, 0, CPUID_ECX, 3}, CR4_PKE},
    {"OSPKE", "CR4.PKE as CPUID shows it", {7, 0, CPUID_ECX, 4}, CR4_PKE},
    {"PKS", "protection keys for supervisor pages", {7, 0, CPUID_ECX, 31}, CR4_PKS},
    {"NX", "pages that are not executable", {0x80000001, 0, CPUID_EDX, 20}, 0},
    {"SMEP", "the kernel executes no user page", {7, 0, CPUID_EBX, 7}, CR4_SMEP},
    {"SMAP", "the kernel touches user pages on purpose", {7, 0, CPUID_EBX, 20}, CR4_SMAP},
    {"UMIP", "ring 3 cannot read descriptor tables", {7, 0, CPUID_ECX, 2}, CR4_UMIP},
    {"PGE", "global pages", {1, 0, CPUID_EDX, 13}, CR4_PGE},
    {"PDPE1GB", "1 GiB pages", {0x80000001, 0, CPUID_EDX, 26}, 0},
    {"FSGSBASE", "FS and GS base by instruction", {7, 0, CPUID_EBX, 0}, CR4_FSGSBASE},
    {"XSAVE", "extended state, PKRU among it", {1, 0, CPUID_ECX, 26}, CR4_OSXSAVE},
    {"XSAVEOPT", "saving what has changed", {0xd, 1, CPUID_EAX, 0}, CR4_OSXSAVE},
    {"AVX", "256-bit vectors", {1, 0, CPUID_ECX, 28}, CR4_OSXSAVE},
    {"AVX512F", "512-bit vectors", {7, 0, CPUID_EBX, 16}, CR4_OSXSAVE},
    {"MCE", "machine checks reported", {1, 0, CPUID_EDX, 7}, CR4_MCE},
    {"RDRAND", "random numbers", {1, 0, CPUID_ECX, 30}, 0},
    {"X2APIC", "interrupt controller by MSR", {1, 0, CPUID_ECX, 21}, 0},
    {"PCID", "tagged translations", {1, 0, CPUID_ECX, 17}, 0},
};

/* Features without a CR4 bit are used whenever present, but for these. */
static bool is_unused(const struct feature_source *source)
{
    return source->bit.leaf == 1 && source->bit.in == CPUID_ECX &&
           (source->bit.bit == 17 || source->bit.bit == 21);
}

bool cpu_feature_row(unsigned int number, struct cpu_feature_row *row)
{
    if (number >= array_size(feature_sources))
        return false;
    const struct feature_source *source = &feature_sources[number];
    row->name = source->name;
    row->purpose = source->purpose;
    row->present = this_cpu_has(source->bit);
    row->used = row->present && !is_unused(source);
    if (source->cr4)
        row->used = row->present && (read_cr4() & source->cr4);
    return true;
}
