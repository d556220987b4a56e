// SPDX-License-Identifier: MIT
/*
 * Address spaces: the areas, the page tables and the key map of a process.
 *
 * All threads of a process share one. Its lock guards areas, tables and the counters; the key map
 * is an atomic word of its own (mm/keys.h). Page faults and questions take it to read, so faults of
 * several threads run at the same time (mm/fault.c); what changes areas or takes leaves away takes
 * it to write. No user memory may be touched with the lock held, because the fault that this may
 * cause takes it.
 *
 * What an operation with the lock to write takes out of the tables is gathered: translations to be
 * invalidated, pages and tables to be freed. When it ends there is one invalidation, on all CPUs
 * that have the space loaded, and then the pages are freed. The areas go last, without the lock:
 * with one may go the last reference to a file, whose end is not mm/'s and takes other locks.
 */
#ifndef MM_ADDRESS_SPACE_H
#define MM_ADDRESS_SPACE_H

#include <stddef.h>
#include <stdint.h>

#include <asm/mman.h>

#include "arch/layout.h"
#include "arch/pte.h"
#include "arch/rwlock.h"
#include "arch/tlb.h"
#include "arch/tlb_check.h"
#include "mm/area.h"
#include "mm/page.h"
#include "mm/policy.h"

struct pt_run;

/* Software bit of a leaf: the page is this address space's alone, or shared on purpose, so a
 * write needs no copy and W may be set when the area allows writing. */
#define PTE_OWNED (1ul << 9)

#define LOCK_LIMIT_DEFAULT  (8ul << 20)          /* RLIMIT_MEMLOCK: bytes a user may lock */
#define STACK_LIMIT_DEFAULT (8ul << 20)          /* RLIMIT_STACK: bytes a stack may grow to */
#define STACK_GUARD_GAP     (256 * PAGE_SIZE)    /* what a growing stack keeps free below it */
#define MMAP_BASE           0x00007ffff7fff000ul /* mmap gives addresses from here down */
#define STACK_TOP           USER_END

/*
 * What an operation has taken out, to be freed once no CPU has a translation left. Pages that
 * nobody else refers to, which are nearly all, hang in a list; of others there is room for a few.
 */
#define GATHER_SHARED_MAX 64

struct space_gather {
    struct tlb_batch batch;
    struct page_chain pages;
    unsigned int shared_count;
    struct page *shared[GATHER_SHARED_MAX];
    struct area *areas; /* taken out, chained by their left links */
};

/* RLIMIT_AS, RLIMIT_DATA and RLIMIT_STACK, in bytes; UINT64_MAX: none. */
struct space_limits {
    uint64_t size;
    uint64_t data;
    uint64_t stack;
};

struct address_space {
    uint32_t references;
    uint32_t key_map; /* mm/keys.h */
    struct key_policies policies;
    uint32_t mdwe;        /* PR_MDWE_*: see prctl(PR_SET_MDWE) */
    uint32_t membarriers; /* membarrier(2)'s commands that register, as given; atomic */
    bool lock_future;     /* mlockall(MCL_FUTURE) */
    bool lock_on_fault;   /* and MCL_ONFAULT */
    paddr_t root;
    struct cpu_set cpus; /* CPUs that have the tables loaded (arch/tlb.h) */
    struct rwlock lock;
    struct area_tree areas;
    uintptr_t brk_start, brk; /* the heap, [brk_start, brk) */
    uintptr_t vdso;           /* where the vDSO's image is (kernel/vdso.h), or 0 */
    uint64_t mapped_pages;    /* sum of the areas, in pages */
    uint64_t resident_pages;  /* leaves of 4 KiB in the tables; changed atomically */
    uint64_t peak_pages;      /* the most that was seen; threads at once may miss a few */
    struct space_limits limits;
    uintptr_t gap_from; /* above it no gap is larger than gap_skipped, so mmap looks below */
    uint64_t gap_skipped;
    struct space_gather gather;
};

/* An empty address space with one reference, or NULL. */
struct address_space *space_create(void);

/*
 * A copy for fork(): the same areas, keys and execute-only key; private pages are shared until
 * one side writes. NULL when memory is out.
 */
struct address_space *space_copy(struct address_space *space);

void space_get(struct address_space *space);
/* The last reference frees all; by then the space may be loaded on this CPU alone. */
void space_put(struct address_space *space);

/*
 * Loads the tables of a space on this CPU; NULL: the kernel's own, which is what a CPU has that is
 * idle or runs a task without a space. So no CPU is interrupted for a space that it does not use,
 * a CPU that halts is never woken for one, and a space without references is loaded nowhere.
 */
void space_load(struct address_space *space);

/* Whether it is this CPU's, so that of the running task. */
bool space_is_loaded(const struct address_space *space);

/*
 * prctl(PR_SET_MDWE) with flags that go together: -EPERM when others are set already, and for
 * PR_MDWE_REFUSE_WRITE_EXEC -EBUSY while there is memory as it refuses.
 */
int space_set_mdwe(struct address_space *space, uint32_t flags);

/* A new space, after fork() or exec, gets what the old one hands on. NULL: there was none. */
void space_inherit_mdwe(struct address_space *space, const struct address_space *old);

/* Whether a mapping of the object that is shared may be written to, now or after mprotect(). */
bool space_may_write_shared(struct address_space *space, const struct memory_object *object);

static inline void space_lock_read(struct address_space *space)
{
    rwlock_read(&space->lock);
}

static inline void space_unlock_read(struct address_space *space)
{
    rwlock_read_unlock(&space->lock);
}

static inline void space_lock_write(struct address_space *space)
{
    rwlock_write(&space->lock);
}

/* Invalidates and frees what was gathered, and lets the lock go; then destroys areas. */
void space_unlock_write(struct address_space *space);

/* ---- what the files behind these calls share; the lock is held ---- */

/* Leaves of this many pages came, or went. */
static inline void space_count_resident(struct address_space *space, int64_t pages)
{
    uint64_t now = __atomic_add_fetch(&space->resident_pages, (uint64_t)pages, __ATOMIC_RELAXED);

    if (pages > 0 && now > space->peak_pages)
        space->peak_pages = now;
}

/* The most pages that were resident at a time. */
static inline uint64_t space_peak_pages(const struct address_space *space)
{
    uint64_t now = space->resident_pages; /* which fork() sets, without a peak */

    return now > space->peak_pages ? now : space->peak_pages;
}

/* Bits of a leaf of this area, whose page is owned or not. */
static inline uint64_t space_leaf_bits(const struct area *area, bool owned)
{
    uint64_t bits = PTE_U | PTE_A | PTE_D | pte_key_bits(area->key);

    if (area->prot)
        bits |= PTE_P;
    if (owned)
        bits |= PTE_OWNED;
    if (owned && (area->prot & PROT_WRITE))
        bits |= PTE_W;
    if (!(area->prot & PROT_EXEC))
        bits |= PTE_NX;
    return bits;
}

/* What space_check_guards_locked() does when there are guarded keys. */
int space_ask_guards_locked(struct address_space *space, uintptr_t start, uintptr_t end, int key);

/*
 * Whether the running thread may change the areas of [start, end), and bring memory under a key if
 * that is not -1: 0, or -EACCES where a guarded key is concerned to which it may not write. To be
 * asked for the whole range before any of it is changed.
 */
static inline int space_check_guards_locked(struct address_space *space, uintptr_t start,
                                            uintptr_t end, int key)
{
    return space->policies.guarded ? space_ask_guards_locked(space, start, end, key) : 0;
}

/* Whether PR_SET_MDWE refuses the protection to memory that has had another, or none. */
bool space_refuses_exec_locked(const struct address_space *space, int before, int after);

/* Whether it refuses that the program itself writes to memory of this protection, not by stores. */
bool space_refuses_patch_locked(const struct address_space *space, int prot);

/* Takes an area out of the space, to be destroyed at the operation's end. */
void space_remove_area_locked(struct address_space *space, struct area *area);

/* Takes all pages of the range out of the tables, to be freed at the operation's end. */
void space_zap_locked(struct address_space *space, uintptr_t start, uintptr_t end);

/*
 * The same with tables that [start, end) leaves without use: those between its neighbour areas.
 * next is the one above it, or NULL.
 */
void space_free_tables_locked(struct address_space *space, uintptr_t start, uintptr_t end,
                              struct area *next);

/* Invalidates and frees what has been gathered so far, before the operation's end. */
void space_finish_locked(struct address_space *space);

/* The leaf of a run with that number was old: gathers its translation, if there can be one. */
void space_gather_leaf_locked(struct address_space *space, const struct pt_run *run,
                              unsigned int number, pte_t old);

/* All leaves of the run have been made weaker: so many, the rest of it is empty. */
void space_gather_run_locked(struct address_space *space, const struct pt_run *run,
                             unsigned int leaves);

/*
 * The page of zeros that a read of untouched anonymous memory maps. It lives for ever, and leaves
 * that map it hold no reference: a count that all CPUs change would only slow them down.
 */
extern paddr_t space_zero_page;

static inline bool leaf_is_zero_page(pte_t leaf)
{
    return pte_address(leaf).value == space_zero_page.value;
}

/* Makes the zero page; at boot, after the page allocator. */
int space_init(void);

#endif
