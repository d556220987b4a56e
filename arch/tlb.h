// SPDX-License-Identifier: MIT
/*
 * Invalidating translations (SDM vol. 3A, 4.10.4). A change of key needs it like a change of W.
 *
 * tlb_events counts what costs on silicon and nearly nothing under emulation.
 */
#ifndef ARCH_TLB_H
#define ARCH_TLB_H

#include <stdint.h>

#include "arch/cpu.h"
#include "arch/types.h"

/* Beyond this many pages a reload of CR3 costs less than one INVLPG a page. */
#define TLB_FLUSH_ALL_PAGES 33

struct tlb_events {
    uint64_t invlpg;
    uint64_t cr3_loads;
};

extern struct tlb_events tlb_events;

static inline void invlpg(uintptr_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* Switches to another address space's tables; drops all translations but the global ones. */
static inline void load_cr3(paddr_t root)
{
    tlb_events.cr3_loads++;
    write_cr3(root.value);
}

/*
 * Invalidates this CPU's translations of user addresses in [start, end), whose tables are loaded.
 * step is the size in bytes of the smallest page that may be mapped there.
 */
static inline void tlb_flush_range(uintptr_t start, uintptr_t end, uint64_t step)
{
    if ((end - start) / step > TLB_FLUSH_ALL_PAGES) {
        load_cr3(paddr(read_cr3()));
        return;
    }
    for (uintptr_t address = start; address < end; address += step) {
        invlpg(address);
        tlb_events.invlpg++;
    }
}

#endif
