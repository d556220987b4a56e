// SPDX-License-Identifier: MIT
/*
 * The tables, below the kernel's upper half, which is shared:
 *
 *   PML4 slot 64  PDPT[3] PD[5] PT[7]   a 4 KiB page
 *   PML4 slot 65  PDPT[3] PD[5]         a 2 MiB page
 *   PML4 slot 66  PDPT[3]               a 1 GiB page
 *   PML4 slot 67  PDPT[3] PD[5] PT[7]   the instructions that ring 3 runs
 *
 * A page of 2 MiB or 1 GiB is whatever physical memory lies round the target, of which only the
 * target is touched. Reads and writes have another target than fetches: an emulator that
 * translates code is slow when code is written to.
 *
 * QEMU's TCG gets a reload of CR3 before INVLPG on a 4 KiB page. Its count of translations in use
 * goes below zero when INVLPG meets one that was set aside; it then takes 128 MiB for them, and
 * every later flush clears all of that (seen in 7.2; accel/tcg/cputlb.c).
 */
#include "bringup/oracle_machine.h"

#include <asm/errno.h>
#include <stddef.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/descriptors.h"
#include "arch/cpu/layout.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/trap.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/tlb.h"
#include "bringup/emulator.h"
#include "libc/include/string.h"
#include "mm/page/page.h"
#include "mm/page/slab.h"

#define FIRST_SLOT    64
#define CODE_SLOT     0 /* in place of a leaf's level */
#define TARGET_OFFSET 64
#define BREAKPOINT    0xcc
#define LEAVES        4 /* levels 1 to 3, and CODE_SLOT */

/* bringup/oracle_access.asm: where to begin, how, and where all ends. */
struct oracle_start {
    uint64_t rip, cs, rflags, ss;
    uint64_t rsp; /* filled in: what it is at oracle_landing */
};

#define STUB_SIZE 16

void oracle_enter(uintptr_t address, uint64_t value, struct oracle_start *start);
extern const char oracle_landing[], oracle_stubs[], oracle_stubs_end[];

static const unsigned int table_index[5] = {[1] = 7, [2] = 5, [3] = 3};

static struct machine {
    struct oracle_features features;
    struct page_list {
        struct page *page[16];
        unsigned int count;
    } pages;
    uint64_t *root;
    uint64_t *entry[LEAVES][5]; /* by leaf and level */
    paddr_t data, code;         /* targets */
    bool is_tcg;
    bool expecting; /* the next exception is the end of an access */
    struct oracle_start start;
    struct oracle_outcome outcome;
    uint64_t saved_irq, saved_cr0, saved_cr3, saved_cr4, saved_efer;
    uint32_t saved_pkru;
    uintptr_t saved_stack;
    bool has_hook; /* the hook was set by oracle_machine_open() */
    char *trap_stack;
} * machines[CPU_MAX]; /* made when a CPU needs its own */

/* This CPU's: interrupts are off, so it stays that. */
static struct machine *machine(void)
{
    struct machine **own = &machines[this_cpu_number()];

    if (!*own)
        *own = kzalloc(sizeof(**own));
    assert(*own);
    return *own;
}

/* ---- building ---- */

static void *new_page(void)
{
    struct page *page = page_alloc(0, PAGE_ZERO);

    if (!page)
        return NULL;
    assert(machine()->pages.count < array_size(machine()->pages.page));
    machine()->pages.page[machine()->pages.count++] = page;
    return page_address(page);
}

static void free_pages(void)
{
    while (machine()->pages.count)
        page_put(machine()->pages.page[--machine()->pages.count]);
}

static unsigned int slot_of(unsigned int leaf)
{
    return FIRST_SLOT + (leaf == CODE_SLOT ? 3 : leaf - 1);
}

/* The tables from the root down to the one that holds the leaf. */
static bool make_tables(unsigned int leaf)
{
    uint64_t *table = machine()->root;
    unsigned int last = leaf == CODE_SLOT ? 1 : leaf;

    for (unsigned int level = 4;; level--) {
        uint64_t *entry = table + (level == 4 ? slot_of(leaf) : table_index[level]);
        machine()->entry[leaf][level] = entry;
        if (level == last)
            return true;
        table = new_page();
        if (!table)
            return false;
        *entry = direct_map_paddr(table).value | ENTRY_P | ENTRY_RW | ENTRY_US;
    }
}

static bool make_code_page(void)
{
    char *page = new_page();

    if (!page)
        return false;
    memcpy(page, oracle_stubs, (size_t)(oracle_stubs_end - oracle_stubs));
    *machine()->entry[CODE_SLOT][1] = direct_map_paddr(page).value | ENTRY_P | ENTRY_US;
    return true;
}

static bool make_targets(void)
{
    char *data = new_page();
    char *code = new_page();

    if (!data || !code)
        return false;
    memset(code, BREAKPOINT, PAGE_SIZE);
    machine()->data = direct_map_paddr(data + TARGET_OFFSET);
    machine()->code = direct_map_paddr(code + TARGET_OFFSET);
    return true;
}

static bool build(void)
{
    machine()->root = new_page();
    if (!machine()->root)
        return false;
    const uint64_t *live = direct_map(paddr(align_down(read_cr3(), PAGE_SIZE)));
    memcpy(machine()->root + 256, live + 256, 256 * sizeof(*live));
    return make_tables(1) && make_tables(2) && make_tables(3) && make_tables(CODE_SLOT) &&
           make_code_page() && make_targets() && (machine()->trap_stack = new_page());
}

static void read_features(void)
{
    uint32_t eax, ebx, ecx, edx;

    __cpuid(0x80000008, eax, ebx, ecx, edx);
    machine()->features = (struct oracle_features){
        .pku = this_cpu_has(X86_FEATURE_PKU),
        .smep = this_cpu_has(X86_FEATURE_SMEP),
        .smap = this_cpu_has(X86_FEATURE_SMAP),
        .has_1g_pages = this_cpu_has(X86_FEATURE_PDPE1GB),
        .physical_bits = eax & 0xff,
    };
}

/* ---- the end of an access ---- */

/* Makes the frame return to oracle_landing in ring 0, on the stack that oracle_enter() left. */
bool oracle_end_access(struct trap_frame *frame)
{
    if (!machine()->expecting)
        return false;
    machine()->expecting = false;
    machine()->outcome = (struct oracle_outcome){
        .vector = frame->vector,
        .code = frame->error_code,
        .cr2 = frame->vector == VECTOR_PF ? read_cr2() : 0,
        .rip = frame->rip,
        .value = frame->rax,
    };
    frame->rip = (uintptr_t)oracle_landing;
    frame->cs = KERNEL_CS;
    frame->rflags = RFLAGS_FIXED;
    frame->rsp = machine()->start.rsp;
    frame->ss = KERNEL_SS;
    return true;
}

void oracle_forget_access(void)
{
    machine()->expecting = false;
}

/* ---- opening and closing ---- */

int oracle_machine_open(void)
{
    uint64_t irq = irq_save();

    free_pages(); /* of one that was ended before it was closed */
    read_features();
    if (!build()) {
        free_pages();
        irq_restore(irq);
        return -ENOMEM;
    }
    machine()->is_tcg = emulator_detect() == EMULATOR_TCG;
    machine()->saved_irq = irq;
    machine()->saved_cr0 = read_cr0();
    machine()->saved_cr3 = read_cr3();
    machine()->saved_cr4 = read_cr4();
    machine()->saved_efer = rdmsr(MSR_EFER);
    if (machine()->saved_cr4 & CR4_PKE)
        machine()->saved_pkru = read_pkru();
    machine()->saved_stack = this_cpu()->kernel_stack;
    /* Exceptions from ring 3 come in on a stack where nothing lives. */
    cpu_set_kernel_stack((uintptr_t)machine()->trap_stack + PAGE_SIZE);
    load_cr3(direct_map_paddr(machine()->root));
    machine()->has_hook = !trap_hook;
    if (machine()->has_hook)
        trap_hook = oracle_end_access;
    return 0;
}

void oracle_machine_close(void)
{
    if (machine()->has_hook)
        trap_hook = NULL;
    write_cr0(machine()->saved_cr0);
    write_cr4(machine()->saved_cr4);
    if (machine()->saved_cr4 & CR4_PKE)
        write_pkru(machine()->saved_pkru);
    load_cr3(paddr(machine()->saved_cr3));
    cpu_set_kernel_stack(machine()->saved_stack);
    free_pages();
    irq_restore(machine()->saved_irq);
}

const struct oracle_features *oracle_features(void)
{
    return &machine()->features;
}

uint64_t oracle_initial_cr0(void)
{
    return machine()->saved_cr0;
}

uint64_t oracle_initial_cr4(void)
{
    return machine()->saved_cr4;
}

uint64_t oracle_efer(void)
{
    return machine()->saved_efer;
}

/* ---- accesses ---- */

static paddr_t target_of(enum oracle_access access)
{
    return access == ORACLE_FETCH ? machine()->code : machine()->data;
}

static uint64_t level_size(unsigned int level)
{
    return 1ul << (12 + 9 * (level - 1));
}

uint64_t oracle_entry_base(unsigned int leaf, unsigned int level, enum oracle_access access)
{
    if (level > leaf)
        return direct_map_paddr(
                   (void *)align_down((uintptr_t)machine()->entry[leaf][level - 1], PAGE_SIZE))
            .value;
    return align_down(target_of(access).value, level_size(leaf)) | (leaf > 1 ? ENTRY_PS : 0);
}

static uintptr_t base_of(unsigned int leaf)
{
    uintptr_t base = (uintptr_t)slot_of(leaf) << 39;

    for (unsigned int level = 3; level >= (leaf == CODE_SLOT ? 1 : leaf); level--)
        base |= (uintptr_t)table_index[level] << (12 + 9 * (level - 1));
    return base;
}

uintptr_t oracle_address(unsigned int leaf, enum oracle_access access)
{
    return base_of(leaf) + target_of(access).value % level_size(leaf);
}

uintptr_t oracle_instruction(unsigned int leaf, enum oracle_access access, unsigned int cpl)
{
    if (access == ORACLE_FETCH)
        return oracle_address(leaf, access);
    uintptr_t stubs = cpl == 3 ? base_of(CODE_SLOT) : (uintptr_t)oracle_stubs;
    return stubs + (access == ORACLE_WRITE ? STUB_SIZE : 0);
}

void oracle_set_modes(uint64_t cr0, uint64_t cr4, uint32_t pkru)
{
    write_cr0(cr0);
    if (machine()->features.pku) {
        write_cr4(cr4 | CR4_PKE);
        write_pkru(pkru);
    }
    write_cr4(cr4);
}

/* Begins at an instruction with these in RDI and RAX; an exception ends it. */
static struct oracle_outcome start(uintptr_t rip, unsigned int cpl, uint64_t rflags, uintptr_t rdi,
                                   uint64_t rax)
{
    machine()->start = (struct oracle_start){
        .rip = rip,
        .cs = cpl == 3 ? USER_CS : KERNEL_CS,
        .rflags = rflags,
        .ss = cpl == 3 ? USER_SS : KERNEL_SS,
    };
    machine()->expecting = true;
    oracle_enter(rdi, rax, &machine()->start);
    return machine()->outcome;
}

struct oracle_outcome oracle_try(unsigned int leaf, const struct oracle_case *c, uint64_t value)
{
    uintptr_t address = oracle_address(leaf, c->access);

    for (unsigned int level = leaf; level <= 4; level++)
        *(volatile uint64_t *)machine()->entry[leaf][level] = c->entry[level];
    if (leaf == 1 && machine()->is_tcg)
        load_cr3(direct_map_paddr(machine()->root));
    invlpg(address);
    return start(oracle_instruction(leaf, c->access, c->cpl), c->cpl, c->rflags, address, value);
}

struct oracle_outcome oracle_call(const char *function, const char *entry, uint64_t argument)
{
    uint64_t lstar = rdmsr(MSR_LSTAR);

    wrmsr(MSR_LSTAR, (uintptr_t)entry);
    uintptr_t rip = base_of(CODE_SLOT) + (uintptr_t)(function - oracle_stubs);
    struct oracle_outcome outcome = start(rip, 3, RFLAGS_FIXED, argument, 0);
    wrmsr(MSR_LSTAR, lstar);
    return outcome;
}

uint64_t oracle_read_leaf(unsigned int leaf)
{
    return *(volatile uint64_t *)machine()->entry[leaf][leaf];
}

uint64_t *oracle_target(void)
{
    return direct_map(machine()->data);
}
