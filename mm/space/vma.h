// SPDX-License-Identifier: MIT
/*
 * VMAs (VMAs): what a program has asked for in its address space, range by range.
 *
 * The VMAs of an address space do not overlap. They are in a red-black tree by address, and each
 * points to its neighbours. A VMA says what may be there; the page tables say what is there now,
 * and are filled by faults.
 */
#ifndef MM_SPACE_VMA_H
#define MM_SPACE_VMA_H

#include <stdbool.h>
#include <stdint.h>

#include <asm/mman.h>
#include <bsd/sys/tree.h>

#include "mm/page/page.h"

struct address_space;
struct fault;
struct memory_object;

/* All that a VMA may allow. */
#define PROT_RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

enum vma_flags {
    VMA_SHARED = 1 << 0,     /* MAP_SHARED: writes go to the object */
    VMA_GROWS_DOWN = 1 << 1, /* a stack */
    VMA_HUGE = 1 << 2,       /* MADV_HUGEPAGE: 2 MiB pages where they fit */
    VMA_HUGETLB = 1 << 3,    /* MAP_HUGETLB: 2 MiB pages, from the pool only */
    VMA_RESERVED = 1 << 4,   /* with VMA_HUGETLB: the pool has promised all its pages */
    VMA_NO_FORK = 1 << 5,    /* MADV_DONTFORK: a child does not get it */
    VMA_WIPE = 1 << 6,       /* MADV_WIPEONFORK: a child gets it empty */
    VMA_LOCKED = 1 << 7,     /* mlock(): advice does not take its pages */
};

struct vma {
    RB_ENTRY(vma) link;
    struct vma *previous, *next; /* in the tree, by address; NULL at the ends */
    uintptr_t start, end;        /* page-aligned, [start, end) */
    uint8_t prot;                /* PROT_READ, PROT_WRITE, PROT_EXEC */
    uint8_t max_prot;            /* what mprotect may ever give it */
    uint8_t key;
    uint8_t flags;                /* enum vma_flags */
    bool has_copies;              /* there may be pages that are not the object's; set by faults */
    const char *name;             /* "[stack]", "[heap]", or NULL */
    struct memory_object *object; /* with a reference; NULL: anonymous and private */
    uint64_t object_page;         /* page index in the object at start */
};

/* vm.max_map_count: the limit on the VMAs of one address space. */
extern uint64_t max_map_count;

/* What RB_HEAD() declares, and the VMA found last: nearly always the next one, too. */
struct vma_tree {
    struct vma *rbh_root;
    unsigned int count;
    struct vma *found; /* NULL: none; several readers of the lock may set it at once */
};
RB_PROTOTYPE(vma_tree, vma, link, vma_compare)

int vma_compare(const struct vma *a, const struct vma *b);

/* At boot, before the first VMA. */
void vma_init(void);

/* A copy of template that is in no tree yet, with a reference to its object; NULL: no memory. */
struct vma *vma_create(const struct vma *template);
void vma_destroy(struct vma *vma);

/* Puts a VMA into a tree, takes it out. */
void vma_insert(struct vma_tree *tree, struct vma *vma);
void vma_remove(struct vma_tree *tree, struct vma *vma);

/* Whether the VMA holds the address. NULL holds none. */
static inline bool vma_holds(const struct vma *vma, uintptr_t address)
{
    return vma && vma->start <= address && address < vma->end;
}

/* The slow path of vma_find(), if the VMA found last is not the one. */
struct vma *vma_search(struct vma_tree *tree, uintptr_t address);

/* The first VMA whose end is above address: the one that holds it, or the next. NULL: none. */
static inline struct vma *vma_find(struct vma_tree *tree, uintptr_t address)
{
    struct vma *found = __atomic_load_n(&tree->found, __ATOMIC_RELAXED);

    return vma_holds(found, address) ? found : vma_search(tree, address);
}

/*
 * Splits a VMA at a page inside it; the lower part stays VMA. -ENOMEM, also when there are too
 * many.
 */
int vma_split(struct vma_tree *tree, struct vma *vma, uintptr_t at);

/* The bounds of a VMA with these flags are multiples of this. */
static inline uint64_t vma_alignment(unsigned int flags)
{
    return flags & VMA_HUGETLB ? HUGE_PAGE_SIZE : PAGE_SIZE;
}

/* Merges a VMA with neighbours that touch it and agree in everything. Returns the merged VMA. */
struct vma *vma_merge(struct vma_tree *tree, struct vma *vma);

/*
 * The pool of 2 MiB pages (HUGE_PAGE_SIZE) for VMA_HUGETLB. They have been set aside, so a
 * mapping, once made, is sure of its pages. The pool also resolves the faults of all VMAs that
 * want large pages. It holds a reference to each of its pages at all times; a page that is not
 * mapped has no other.
 */
struct page_pool {
    /* mmap()'s result for MAP_HUGETLB with a page size, given as its log2; 0: any. */
    int (*check_size)(unsigned int size_bits);

    /* Reserves pages for a mapping: -ENOMEM if the pool lacks them. And undoes that. */
    int (*reserve)(unsigned int count);
    void (*unreserve)(unsigned int count);

    /* space_resolve_locked() in VMA_HUGETLB, and in VMA_HUGE, whose large pages are no pool's. */
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
