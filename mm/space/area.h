// SPDX-License-Identifier: MIT
/*
 * Areas (VMAs): what a program has asked for in its address space, range by range.
 *
 * The areas of an address space do not overlap. They are in a red-black tree by address, and each
 * points to its neighbours. An area says what may be there; the page tables say what is there now,
 * and are filled by faults.
 */
#ifndef MM_SPACE_AREA_H
#define MM_SPACE_AREA_H

#include <stdbool.h>
#include <stdint.h>

#include <asm/mman.h>
#include <bsd/sys/tree.h>

#include "mm/page/page.h"

struct address_space;
struct fault;
struct memory_object;

/* All that an area may allow. */
#define PROT_RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

enum area_flags {
    AREA_SHARED = 1 << 0,     /* MAP_SHARED: writes go to the object */
    AREA_GROWS_DOWN = 1 << 1, /* a stack */
    AREA_HUGE = 1 << 2,       /* MADV_HUGEPAGE: 2 MiB pages where they fit */
    AREA_HUGETLB = 1 << 3,    /* MAP_HUGETLB: 2 MiB pages, from the pool only */
    AREA_RESERVED = 1 << 4,   /* with AREA_HUGETLB: the pool has promised all its pages */
    AREA_NO_FORK = 1 << 5,    /* MADV_DONTFORK: a child does not get it */
    AREA_WIPE = 1 << 6,       /* MADV_WIPEONFORK: a child gets it empty */
    AREA_LOCKED = 1 << 7,     /* mlock(): advice does not take its pages */
};

struct area {
    RB_ENTRY(area) link;
    struct area *previous, *next; /* in the tree, by address; NULL at the ends */
    uintptr_t start, end;         /* page-aligned, [start, end) */
    uint8_t prot;                 /* PROT_READ, PROT_WRITE, PROT_EXEC */
    uint8_t max_prot;             /* what mprotect may ever give it */
    uint8_t key;
    uint8_t flags;                /* enum area_flags */
    bool has_copies;              /* there may be pages that are not the object's; set by faults */
    const char *name;             /* "[stack]", "[heap]", or NULL */
    struct memory_object *object; /* with a reference; NULL: anonymous and private */
    uint64_t object_page;         /* page index in the object at start */
};

/* vm.max_map_count: the limit on the areas of one address space. */
extern uint64_t max_map_count;

/* What RB_HEAD() declares, and the area found last: nearly always the next one, too. */
struct area_tree {
    struct area *rbh_root;
    unsigned int count;
    struct area *found; /* NULL: none; several readers of the lock may set it at once */
};
RB_PROTOTYPE(area_tree, area, link, area_compare)

int area_compare(const struct area *a, const struct area *b);

/* At boot, before the first area. */
void area_init(void);

/* A copy of template that is in no tree yet, with a reference to its object; NULL: no memory. */
struct area *area_create(const struct area *template);
void area_destroy(struct area *area);

/* Puts an area into a tree, takes it out. */
void area_insert(struct area_tree *tree, struct area *area);
void area_remove(struct area_tree *tree, struct area *area);

/* Whether the area holds the address. NULL holds none. */
static inline bool area_holds(const struct area *area, uintptr_t address)
{
    return area && area->start <= address && address < area->end;
}

/* The slow path of area_find(), if the area found last is not the one. */
struct area *area_search(struct area_tree *tree, uintptr_t address);

/* The first area whose end is above address: the one that holds it, or the next. NULL: none. */
static inline struct area *area_find(struct area_tree *tree, uintptr_t address)
{
    struct area *found = __atomic_load_n(&tree->found, __ATOMIC_RELAXED);

    return area_holds(found, address) ? found : area_search(tree, address);
}

/*
 * Splits an area at a page inside it; the lower part stays area. -ENOMEM, also when there are too
 * many.
 */
int area_split(struct area_tree *tree, struct area *area, uintptr_t at);

/* The bounds of an area with these flags are multiples of this. */
static inline uint64_t area_alignment(unsigned int flags)
{
    return flags & AREA_HUGETLB ? HUGE_PAGE_SIZE : PAGE_SIZE;
}

/* Merges an area with neighbours that touch it and agree in everything. Returns the merged area. */
struct area *area_merge(struct area_tree *tree, struct area *area);

/*
 * The pool of 2 MiB pages (HUGE_PAGE_SIZE) for AREA_HUGETLB. They have been set aside, so a
 * mapping, once made, is sure of its pages. The pool also resolves the faults of all areas that
 * want large pages. It holds a reference to each of its pages at all times; a page that is not
 * mapped has no other.
 */
struct page_pool {
    /* mmap()'s result for MAP_HUGETLB with a page size, given as its log2; 0: any. */
    int (*check_size)(unsigned int size_bits);

    /* Reserves pages for a mapping: -ENOMEM if the pool lacks them. And undoes that. */
    int (*reserve)(unsigned int count);
    void (*unreserve)(unsigned int count);

    /* space_resolve_locked() in AREA_HUGETLB, and in AREA_HUGE, whose large pages are no pool's. */
    int (*resolve)(struct fault *fault);

    /* Splits a large page that has this address inside it. -ENOMEM. */
    int (*split_locked)(struct address_space *space, uintptr_t at);
};

/* The pool, which a room above provides (mm/huge/); NULL: there is none. */
const struct page_pool *page_pool(void);

/* Whether only the caller maps a page of the pool: the other reference is the pool's. */
static inline bool pool_page_is_exclusive(const struct page *page)
{
    return __atomic_load_n(&page->references, __ATOMIC_ACQUIRE) == 2;
}

#endif
