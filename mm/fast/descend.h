// SPDX-License-Identifier: MIT
/*
 * What this room owns: faster ways to do what mm/table/ and mm/space/ do in a plain way, for the
 * same results (tests/kernel/memory/fast_test.c runs both). It leaves to them what is done.
 */
#ifndef MM_FAST_DESCEND_H
#define MM_FAST_DESCEND_H

#include "mm/table/page_table.h"

/*
 * From the root down as long as entries name tables, to level lowest at most: the entry for the
 * address there. All walks come by here: unrolled, because then the shifts are constants.
 */
static inline pte_t *pt_descend(paddr_t root, uintptr_t address, unsigned int lowest,
                                unsigned int *level)
{
    pte_t *entry = (pte_t *)direct_map(root) + pte_index(address, PTE_LEVELS);

#pragma GCC unroll 4
    for (*level = PTE_LEVELS; *level > lowest; --*level) {
        pte_t seen = pt_load(entry);
        if ((seen.value & (PTE_P | PTE_PS)) != PTE_P)
            break;
        entry = pt_table_of(seen) + pte_index(address, *level - 1);
    }
    return entry;
}

#endif
