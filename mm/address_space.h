// SPDX-License-Identifier: MIT
/*
 * Address spaces: the areas, the page tables and the key map of a process.
 *
 * All threads of a process share one. Its lock guards areas, tables and the counters; the key map
 * is an atomic word of its own (mm/keys.h). No user memory may be touched with the lock held,
 * because the fault that this may cause takes it.
 */
#ifndef MM_ADDRESS_SPACE_H
#define MM_ADDRESS_SPACE_H

#include <stddef.h>
#include <stdint.h>

#include "arch/layout.h"
#include "arch/pte.h"
#include "arch/spinlock.h"
#include "mm/area.h"

struct page;

/* Software bit of a leaf: the page is this address space's alone, or shared on purpose, so a
 * write needs no copy and W may be set when the area allows writing. */
#define PTE_OWNED (1ul << 9)

#define STACK_LIMIT_DEFAULT (8ul << 20)          /* RLIMIT_STACK: bytes a stack may grow to */
#define STACK_GUARD_GAP     (256 * PAGE_SIZE)    /* what a growing stack keeps free below it */
#define MMAP_BASE           0x00007ffff7fff000ul /* mmap gives addresses from here down */
#define STACK_TOP           USER_END

/* Pages that an unmapping has taken out, to be freed once no CPU has a translation left. */
#define GATHER_MAX 128

/* RLIMIT_AS, RLIMIT_DATA and RLIMIT_STACK, in bytes; UINT64_MAX: none. */
struct space_limits {
    uint64_t size;
    uint64_t data;
    uint64_t stack;
};

struct address_space {
    uint32_t references;
    uint32_t key_map; /* mm/keys.h */
    paddr_t root;
    struct spinlock lock;
    struct area_tree areas;
    uintptr_t brk_start, brk; /* the heap, [brk_start, brk) */
    uint64_t mapped_pages;    /* sum of the areas, in pages */
    uint64_t resident_pages;  /* leaves of 4 KiB in the tables */
    struct space_limits limits;
    uintptr_t gap_from; /* above it no gap is larger than gap_skipped, so mmap looks below */
    uint64_t gap_skipped;
    unsigned int gathered;
    struct page *gather[GATHER_MAX];
};

/* An empty address space with one reference, or NULL. */
struct address_space *space_create(void);

/*
 * A copy for fork(): the same areas, keys and execute-only key; private pages are shared until
 * one side writes. NULL when memory is out.
 */
struct address_space *space_copy(struct address_space *space);

void space_get(struct address_space *space);
/* The last reference frees all. The space must not be loaded any more by then. */
void space_put(struct address_space *space);

/* Loads the tables of a space on this CPU; NULL: the kernel's own. */
void space_load(struct address_space *space);

/* ---- what fault.c and mmap.c share; the lock is held ---- */

/* Bits of a leaf of this area, whose page is owned or not. */
uint64_t space_leaf_bits(const struct area *area, bool owned);

/* Takes all pages of the range out of the tables and frees them, after one invalidation. */
void space_zap_locked(struct address_space *space, uintptr_t start, uintptr_t end);

/* Frees tables that [start, end) leaves without use: those wholly between its neighbour areas. */
void space_free_tables_locked(struct address_space *space, uintptr_t start, uintptr_t end);

/* Invalidates the range on every CPU that may hold translations of this space. */
void space_flush(struct address_space *space, uintptr_t start, uintptr_t end);

/* The page of zeros that a read of untouched anonymous memory maps. */
paddr_t space_zero_page(void);

/* Makes the zero page; at boot, after the page allocator. */
int space_init(void);

#endif
