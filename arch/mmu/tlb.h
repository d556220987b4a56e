// SPDX-License-Identifier: MIT
/*
 * Invalidating translations, on this CPU (SDM vol. 3A, 4.10.4) and on all that may have them
 * (4.10.5). A change of key needs it like a change of W.
 *
 * An address space has a set of the CPUs that have its tables loaded. Who makes entries weaker
 * (takes P, W or the right to execute away, changes key or address) collects them in a batch and
 * calls tlb_flush() once: an interrupt to each CPU of the set but this one, and its answer awaited.
 * Only then may pages be freed, or the program be told that it is done.
 *
 * No CPU is missed that loads the tables meanwhile: it joins the set before it loads them, and
 * tlb_flush() reads the set after the entries were changed, each with a full barrier in between.
 * So either it is seen in the set, or it sees the new entries.
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

/* One INVLPG for each step of it: the size of a page, which for a large one drops all of it. */
struct tlb_range {
    uintptr_t start, end;
    uint64_t step;
};

/* Ranges to be invalidated; one with more pages than the limit above stands for everything. */
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

/* Pages of a size side by side (SDM vol. 3A, 4.10.2.3: any address in a page will do). */
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
 * Invalidates a batch on this CPU and on all others that have the address space loaded, and
 * returns when they have. Interrupts are on, unless nobody else can have it loaded.
 */
void tlb_flush(const struct cpu_set *space, const struct tlb_batch *batch);

/*
 * Makes this CPU use tables: those of the space with that set of CPUs, which it joins; NULL for
 * the kernel's own. It leaves the set of the space that was loaded before. Nothing happens when
 * the space is loaded already.
 */
void tlb_load(paddr_t root, struct cpu_set *space);

/* Carries out what other CPUs ask for. Called by VECTOR_TLB, and in every loop that waits for a
 * CPU. */
void tlb_answer(void);

/* What a loop does that waits for another CPU: answers its shootdowns, and pauses. */
void spin_relax(void);

/* Loads tables that belong to no address space; drops all translations but the global ones. */
void load_cr3(paddr_t root);

static inline void invlpg(uintptr_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/*
 * What a build with DEBUG=1 is told (arch/mmu/tlb_check.c). The leaf at an address was old and is
 * now new, in tables that may be loaded; this CPU is about to drop one translation, or all, or has
 * left the space; nothing of the space may be stale, but what other CPUs have changed and not
 * flushed yet; nothing that this CPU has changed may be.
 */
DEBUG_HOOK(void, , tlb_check_change, const struct cpu_set *space, uintptr_t address, pte_t old,
           pte_t new);
DEBUG_HOOK(void, , tlb_check_invlpg, const struct cpu_set *space, uintptr_t address);
DEBUG_HOOK(void, , tlb_check_reload, const struct cpu_set *space);
DEBUG_HOOK(void, , tlb_check_unload, const struct cpu_set *space);
DEBUG_HOOK(void, , tlb_check_flushed, const struct cpu_set *space);
DEBUG_HOOK(void, , tlb_check_return, void);

#endif
