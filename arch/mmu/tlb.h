// SPDX-License-Identifier: MIT
/*
 * Invalidating translations, on this CPU (SDM vol. 3A, 4.10.4) and on all that may have them
 * (4.10.5). A change of key needs it like a change of W, because the TLB caches the key.
 *
 * An address space has a set of the CPUs that have its tables loaded. Code that makes entries
 * weaker (takes away P, W or the right to execute, or changes key or address) collects them in a
 * batch and calls tlb_flush() once: it interrupts each other CPU of the set and waits for its
 * answer. Only then may pages be freed, or the program's call return.
 *
 * A CPU that loads the tables meanwhile is not missed: it joins the set before it loads them, and
 * tlb_flush() reads the set after the entries were changed, each with a full barrier in between. So
 * either the CPU is seen in the set, or it sees the new entries.
 *
 * Only user addresses are flushed. The kernel's half never loses a right or a page once other CPUs
 * run: kernel stacks and device registers are mapped for good (mm/table/kernel_map.c).
 */
#ifndef ARCH_MMU_TLB_H
#define ARCH_MMU_TLB_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/check.h"
#include "arch/cpu/cpu_set.h"
#include "arch/cpu/types.h"
#include "arch/mmu/pte.h"

/* Beyond this many pages a reload of CR3 costs less than one INVLPG a page. */
#define TLB_FLUSH_ALL_PAGES 33

#define TLB_RANGES_MAX 8

/* One INVLPG for each step, the page size: for a large page one INVLPG drops all of it. */
struct tlb_range {
    uintptr_t start, end;
    uint64_t step;
};

/* Ranges to be invalidated. With more pages than the limit above, a batch stands for everything. */
struct tlb_batch {
    uint64_t pages; /* INVLPGs that it takes; 0: empty */
    unsigned int count;
    struct tlb_range ranges[TLB_RANGES_MAX];
};

static inline bool tlb_batch_is_all(const struct tlb_batch *batch)
{
    return batch->pages > TLB_FLUSH_ALL_PAGES;
}

static inline void tlb_batch_add_all(struct tlb_batch *batch)
{
    batch->pages = TLB_FLUSH_ALL_PAGES + 1;
}

/* Adjacent pages of one size (SDM vol. 3A, 4.10.2.3: any address in a page will do). */
static inline void tlb_batch_add_pages(struct tlb_batch *batch, uintptr_t start, uint64_t count,
                                       uint64_t size)
{
    struct tlb_range *last = batch->ranges + batch->count - 1;
    uintptr_t end = start + count * size;

    batch->pages += count;
    if (batch->count && last->end == start && last->step == size)
        last->end = end;
    else if (batch->count < TLB_RANGES_MAX)
        batch->ranges[batch->count++] = (struct tlb_range){start, end, size};
    else
        tlb_batch_add_all(batch);
}

/* A page, by any address in it. */
static inline void tlb_batch_add(struct tlb_batch *batch, uintptr_t address)
{
    tlb_batch_add_pages(batch, align_down(address, PAGE_SIZE), 1, PAGE_SIZE);
}

/*
 * Invalidates a batch on this CPU and on all others that have the address space loaded, and returns
 * when all have done so. Interrupts are on, unless no other CPU can have it loaded.
 */
void tlb_flush(const struct cpu_set *space, const struct tlb_batch *batch);

/*
 * Loads tables on this CPU: those of the space with that set of CPUs, which it joins; NULL for the
 * kernel's own. It leaves the set of the space that was loaded before. Does nothing if the space is
 * loaded already.
 */
void tlb_load(paddr_t root, struct cpu_set *space);

/* Does what other CPUs ask for. Called by VECTOR_TLB, and in every loop that waits for a CPU. */
void tlb_answer(void);

/* For loops that wait for another CPU: answers shootdowns, and pauses. */
void spin_relax(void);

/* Loads tables that belong to no address space. Drops all translations but the global ones. */
void load_cr3(paddr_t root);

static inline void invlpg(uintptr_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/*
 * What a build with DEBUG=1 is told (arch/mmu/tlb_check.c), in the order of the hooks: the leaf at
 * an address was old and is now new, in tables that may be loaded; this CPU is about to drop one
 * translation, or all; it has left the space; no change that it made to the space may be stale on
 * any CPU; no change that it made at all may be.
 */
DEBUG_HOOK(void, , tlb_check_change, const struct cpu_set *space, uintptr_t address, pte_t old,
           pte_t new);
DEBUG_HOOK(void, , tlb_check_invlpg, const struct cpu_set *space, uintptr_t address);
DEBUG_HOOK(void, , tlb_check_reload, const struct cpu_set *space);
DEBUG_HOOK(void, , tlb_check_unload, const struct cpu_set *space);
DEBUG_HOOK(void, , tlb_check_flushed, const struct cpu_set *space);
DEBUG_HOOK(void, , tlb_check_return, void);

#endif
