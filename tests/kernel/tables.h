// SPDX-License-Identifier: MIT
/* What tests do with page tables of their own. */
#ifndef TESTS_KERNEL_TABLES_H
#define TESTS_KERNEL_TABLES_H

#include "arch/cpu/bug.h"
#include "mm/table/page_table.h"

static inline int clear_run(const struct pt_run *run, void *context)
{
    (void)context;
    for (unsigned int i = 0; i < run->count; i++)
        run->entries[i].value = 0;
    return 0;
}

/* Clears the leaves of the range; frees neither pages nor tables. */
static inline void pt_unmap(paddr_t root, uintptr_t start, uint64_t size)
{
    struct pt_walk walk = {.visit = clear_run, .flags = PT_SPLIT, .level = 1};
    int error = pt_walk(root, start, start + size, &walk);

    assert(!error);
}

#endif
