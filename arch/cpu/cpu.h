// SPDX-License-Identifier: MIT
/*
 * The CPU's own registers and instructions: CPUID bits, control registers, MSRs.
 *
 * The room owns what any code may need of the processor: its instructions and registers, its
 * descriptors, the area of each CPU, the layout of addresses, assertions, and how rooms attach
 * themselves (arch/cpu/attach.h). It leaves paging and PKRU to arch/mmu/, the FPU to arch/fpu/, and
 * setting a CPU up to arch/start/.
 *
 * Names are the SDM's. Instructions that change what memory means (MOV CR, WRMSR, XSETBV) carry a
 * "memory" clobber, so that the compiler moves no access across them.
 */
#ifndef ARCH_CPU_CPU_H
#define ARCH_CPU_CPU_H

#include <cpuid.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- CPUID (SDM vol. 2A, CPUID) ---- */

enum cpuid_register {
    CPUID_EAX,
    CPUID_EBX,
    CPUID_ECX,
    CPUID_EDX
};

/*
 * Executes CPUID anew. Some answers depend on CR4 and XCR0, and with the macros of clang's
 * <cpuid.h> the compiler may use an earlier answer for a later one.
 */
static inline void cpuid_now(uint32_t leaf, uint32_t index, uint32_t registers[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(registers[CPUID_EAX]), "=b"(registers[CPUID_EBX]),
                       "=c"(registers[CPUID_ECX]), "=d"(registers[CPUID_EDX])
                     : "a"(leaf), "c"(index));
}

struct cpuid_bit {
    uint32_t leaf;
    uint32_t index;
    enum cpuid_register in;
    unsigned int bit;
};

/* clang-format off */
#define CPUID_BIT(leaf, index, in, bit) ((struct cpuid_bit){leaf, index, CPUID_##in, bit})

#define X86_FEATURE_PGE          CPUID_BIT(1, 0, EDX, 13)
#define X86_FEATURE_PAT          CPUID_BIT(1, 0, EDX, 16)
#define X86_FEATURE_MCE          CPUID_BIT(1, 0, EDX, 7)
#define X86_FEATURE_TSC_DEADLINE CPUID_BIT(1, 0, ECX, 24)
#define X86_FEATURE_XSAVE        CPUID_BIT(1, 0, ECX, 26)
#define X86_FEATURE_AVX          CPUID_BIT(1, 0, ECX, 28)
#define X86_FEATURE_RDRAND       CPUID_BIT(1, 0, ECX, 30)
#define X86_FEATURE_FSGSBASE     CPUID_BIT(7, 0, EBX, 0)
#define X86_FEATURE_SMEP         CPUID_BIT(7, 0, EBX, 7)
#define X86_FEATURE_ERMS         CPUID_BIT(7, 0, EBX, 9)
#define X86_FEATURE_AVX512F      CPUID_BIT(7, 0, EBX, 16)
#define X86_FEATURE_SMAP         CPUID_BIT(7, 0, EBX, 20)
#define X86_FEATURE_UMIP         CPUID_BIT(7, 0, ECX, 2)
#define X86_FEATURE_PKU          CPUID_BIT(7, 0, ECX, 3)
#define X86_FEATURE_XSAVEOPT     CPUID_BIT(0xd, 1, EAX, 0)
#define X86_FEATURE_PDPE1GB      CPUID_BIT(0x80000001, 0, EDX, 26)
/* clang-format on */

/* Whether CPUID reports a feature; a leaf beyond the highest counts as 0. */
bool this_cpu_has(struct cpuid_bit feature);

/*
 * This CPU's APIC id as CPUID has it, all 32 bits if it can. Needs nothing to be set up, so it
 * tells CPUs apart at any time.
 */
uint32_t cpu_apic_id(void);

/* How many bits a physical address has. */
unsigned int cpu_physical_bits(void);

/* ---- control registers (SDM vol. 3A, 2.5) ---- */

#define CR0_PE (1ul << 0)
#define CR0_MP (1ul << 1)
#define CR0_ET (1ul << 4)
#define CR0_NE (1ul << 5)
#define CR0_WP (1ul << 16)
#define CR0_AM (1ul << 18)
#define CR0_PG (1ul << 31)

#define CR4_PAE        (1ul << 5)
#define CR4_MCE        (1ul << 6)
#define CR4_PGE        (1ul << 7)
#define CR4_OSFXSR     (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)
#define CR4_UMIP       (1ul << 11)
#define CR4_FSGSBASE   (1ul << 16)
#define CR4_OSXSAVE    (1ul << 18)
#define CR4_SMEP       (1ul << 20)
#define CR4_SMAP       (1ul << 21)
#define CR4_PKE        (1ul << 22)

#define DEFINE_CONTROL_REGISTER(name)                                        \
    static inline uint64_t read_##name(void)                                 \
    {                                                                        \
        uint64_t value;                                                      \
        __asm__ volatile("movq %%" #name ", %0" : "=r"(value) : : "memory"); \
        return value;                                                        \
    }                                                                        \
    static inline void write_##name(uint64_t value)                          \
    {                                                                        \
        __asm__ volatile("movq %0, %%" #name : : "r"(value) : "memory");     \
    }

DEFINE_CONTROL_REGISTER(cr0)
DEFINE_CONTROL_REGISTER(cr2)
DEFINE_CONTROL_REGISTER(cr3)
DEFINE_CONTROL_REGISTER(cr4)

/* RFLAGS: SDM vol. 1, 3.4.3. */
#define RFLAGS_CF    (1ul << 0)
#define RFLAGS_FIXED (1ul << 1)
#define RFLAGS_TF    (1ul << 8)
#define RFLAGS_IF    (1ul << 9)
#define RFLAGS_DF    (1ul << 10)
#define RFLAGS_IOPL  (3ul << 12)
#define RFLAGS_NT    (1ul << 14)
#define RFLAGS_RF    (1ul << 16)
#define RFLAGS_AC    (1ul << 18)
#define RFLAGS_ID    (1ul << 21)

/* ---- model-specific registers (SDM vol. 4) ---- */

#define MSR_APIC_BASE      0x1b /* with these bits */
#define APIC_BASE_X2APIC   (1ul << 10)
#define APIC_BASE_ENABLE   (1ul << 11)
#define MSR_PAT            0x277
#define MSR_TSC_DEADLINE   0x6e0
#define MSR_EFER           0xc0000080
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_CSTAR          0xc0000083
#define MSR_SFMASK         0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

#define EFER_SCE (1ul << 0)
#define EFER_LME (1ul << 8)
#define EFER_LMA (1ul << 10)
#define EFER_NXE (1ul << 11)

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"(value >> 32) : "memory");
}

/* ---- the rest ---- */

static inline uint64_t rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* Waits for all earlier loads: RDTSC alone may be executed before them (SDM vol. 2B, RDTSC). */
static inline uint64_t rdtsc_after_loads(void)
{
    __asm__ volatile("lfence" : : : "memory");
    return rdtsc();
}

static inline void irq_enable(void)
{
    __asm__ volatile("sti" : : : "memory");
}

static inline void irq_disable(void)
{
    __asm__ volatile("cli" : : : "memory");
}

static inline bool irq_is_enabled(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    return flags & RFLAGS_IF;
}

/* Returns RFLAGS, and turns interrupts off. */
static inline uint64_t irq_save(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
    return flags;
}

static inline void irq_restore(uint64_t flags)
{
    __asm__ volatile("pushq %0; popfq" : : "r"(flags) : "memory", "cc");
}

/* Halts until an interrupt. STI acts after the next instruction, so none is lost before HLT. */
static inline void cpu_wait_for_interrupt(void)
{
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

static inline void cpu_relax(void)
{
    __builtin_ia32_pause();
}

/* What cpu_setup() (arch/start/start.h) turned on; the same on every CPU. */
struct cpu_state {
    uint64_t cr0, cr4, efer, xcr0;
    bool pku; /* CR4.PKE is on */
    bool smap;
    bool has_1g_pages;
    bool has_erms;
    bool has_rdrand;
};

extern struct cpu_state cpu_state;

/* Why cpu_state.pku is false, as a clause. */
const char *cpu_why_no_keys(void);

#endif
