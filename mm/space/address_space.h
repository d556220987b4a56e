// SPDX-License-Identifier: MIT
/*
 * Address spaces: the VMAs, the page tables and the key map of a process.
 *
 * The room owns what is mapped where, with which rights and under which key, the faults there, and
 * the accesses that the kernel makes on somebody's behalf. It leaves the walk over tables to
 * mm/table/, the pages of files to mm/object/, the arguments of calls to kernel/memory/ and
 * kernel/keys/, and rules about changes to whoever is asked.
 *
 * All threads of a process share one. Its lock guards VMAs, tables and the counters; the key map
 * is an atomic word of its own (mm/space/keys.h). Page faults and queries take the lock for
 * reading, so faults of several threads run in parallel (mm/space/fault.c); operations that change
 * VMAs or remove leaves take it for writing. User memory must not be accessed with the lock held,
 * because the page fault that this may cause takes it again.
 *
 * An operation with the lock for writing gathers what it takes out of the tables: translations to
 * invalidate, pages and tables to free. At its end it calls space_flush_locked(): one invalidation
 * on all CPUs that have the space loaded, and then the pages are freed. VMAs are destroyed last,
 * after the lock is released: a VMA may hold the last reference to a file, and to free that takes
 * locks above mm/.
 */
#ifndef MM_SPACE_ADDRESS_SPACE_H
#define MM_SPACE_ADDRESS_SPACE_H

#include <stddef.h>
#include <stdint.h>

#include <asm/mman.h>

#include "arch/cpu/attach.h"
#include "arch/cpu/layout.h"
#include "arch/lock/rwlock.h"
#include "arch/mmu/pte.h"
#include "arch/mmu/tlb.h"
#include "mm/page/page.h"
#include "mm/space/vma.h"

struct pt_run;

/* Software bit of a leaf: the page is the space's own, or shared on purpose: no copy on write. */
#define PTE_OWNED (1ul << 9)

#define LOCK_LIMIT_DEFAULT  (8ul << 20)          /* RLIMIT_MEMLOCK: bytes a user may lock */
#define STACK_LIMIT_DEFAULT (8ul << 20)          /* RLIMIT_STACK: bytes a stack may grow to */
#define STACK_GUARD_GAP     (256 * PAGE_SIZE)    /* what a growing stack keeps free below it */
#define MMAP_BASE           0x00007ffff7fff000ul /* mmap gives addresses from here down */
#define STACK_TOP           USER_END

/*
 * What an operation has taken out, to be freed once no CPU has a translation left. Nearly all pages
 * have no other reference, and are chained by their links. Others, whose links are not free to use,
 * go to an array.
 */
#define GATHER_SHARED_MAX 64

struct space_gather {
    struct tlb_batch batch;
    struct page_chain pages;
    unsigned int shared_count;
    struct page *shared[GATHER_SHARED_MAX];
    struct vma *vmas; /* taken out, chained by their left links */
};

/*
 * Which events there is somebody to ask of: those below, of mm/space/mmap.h and of kernel/keys/. A
 * space without rules looks at this word alone.
 */
enum space_rules {
    RULES_ON_RANGES = 1 << 0,
    RULES_ON_PROTECTION = 1 << 1,
    RULES_ON_KEYS = 1 << 2,
    RULES_ON_SIZE = 1 << 3,
};

/*
 * What a process has declared about its keys by pkey_policy(), which Linux lacks; only mm/policy/
 * sets these. Masks in the form of PKRU, with both bits of each key concerned.
 */
struct key_policies {
    uint32_t guarded; /* the program's calls on memory under it check PKRU */
    uint32_t closed;  /* the kernel does not open it to reach the program's memory */
    uint32_t kept;    /* a signal handler has the interrupted code's rights to it */
};

/*
 * Each field says which lock guards it, by its name in docs/architecture.md, "Locks": for writing,
 * and unless it says otherwise for reading. A space that is not published yet needs none.
 */
struct address_space {
    uint32_t references; /* lock: none, atomic */
    uint32_t key_map;    /* lock: none, atomic; mm/space/keys.h */
    uint32_t rules;      /* lock: address space, none to read; enum space_rules */
    /* lock: address space and kernel; either of them to read, none to look */
    struct key_policies policies;
    uint32_t mdwe;        /* lock: address space; PR_MDWE_*: mm/policy/mdwe.h */
    uint32_t membarriers; /* lock: none, atomic; membarrier(2)'s commands that register, as given */
    bool lock_future;     /* lock: address space, none to read; mlockall(MCL_FUTURE) */
    bool lock_on_fault;   /* lock: address space, none to read; and MCL_ONFAULT */
    paddr_t root;         /* lock: none, constant; what it leads to: address space */
    struct cpu_set cpus; /* lock: none, atomic; CPUs that have the tables loaded (arch/mmu/tlb.h) */
    struct rwlock lock;
    struct vma_tree vmas;     /* lock: address space */
    uintptr_t brk_start, brk; /* lock: address space; the heap, [brk_start, brk) */
    uintptr_t vdso; /* lock: address space, none to read; the vDSO's image (kernel/vdso/), or 0 */
    uint64_t mapped_pages;   /* lock: address space, none to read; sum of the VMAs, in pages */
    uint64_t resident_pages; /* lock: none, atomic; leaves of 4 KiB in the tables */
    uint64_t peak_pages;  /* lock: none; the most that was seen: threads at once may miss a few */
    uint64_t stack_limit; /* lock: kernel, none to read; RLIMIT_STACK, bytes */
    uintptr_t gap_from;   /* lock: address space; mmap searches from here down */
    uint64_t gap_skipped; /* lock: address space; no gap above gap_from is larger */
    struct space_gather gather; /* lock: address space */
};

/* An empty address space with one reference, or NULL. */
struct address_space *space_create(void);

/*
 * A copy for fork(): the same VMAs, keys and execute-only key; private pages are shared until
 * one side writes. NULL when memory is out.
 */
struct address_space *space_copy(struct address_space *space);

void space_get(struct address_space *space);
/* Dropping the last reference frees all; by then no CPU but this one may have it loaded. */
void space_put(struct address_space *space);

/*
 * Loads the tables of a space on this CPU; NULL: the kernel's own, for a CPU that is idle or runs a
 * task without a space. So no CPU is interrupted for a space that it does not use, a halted CPU is
 * never woken for one, and a space without references is loaded nowhere.
 */
void space_load(struct address_space *space);

/* Whether this CPU has it loaded, as it has the running task's. */
bool space_is_loaded(const struct address_space *space);

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

/* Releases the lock, and destroys the VMAs that were taken out. */
void space_unlock_write(struct address_space *space);

/* ---- what the files behind these calls share; the lock is held ---- */

/* Leaves of this many pages were added, or (negative) removed. */
static inline void space_count_resident(struct address_space *space, int64_t pages)
{
    uint64_t now = __atomic_add_fetch(&space->resident_pages, (uint64_t)pages, __ATOMIC_RELAXED);

    if (pages > 0 && now > space->peak_pages)
        space->peak_pages = now;
}

/* Bits of a leaf of this VMA, whose page is owned or not. */
static inline uint64_t space_leaf_bits(const struct vma *vma, bool owned)
{
    uint64_t bits = PTE_U | PTE_A | PTE_D | pte_key_bits(vma->key);

    if (vma->prot)
        bits |= PTE_P;
    if (owned)
        bits |= PTE_OWNED;
    if (owned && (vma->prot & PROT_WRITE))
        bits |= PTE_W;
    if (!(vma->prot & PROT_EXEC))
        bits |= PTE_NX;
    return bits;
}

/*
 * RULES_ON_RANGES. The running thread is about to change or remove the VMAs of [start, end), and
 * to put memory under a key if that is not -1; nothing has been changed yet. The space's lock is
 * held for writing. An errno refuses the call, which returns it, and nothing has to be undone.
 */
EVENT(range_changes, int, struct address_space *space, uintptr_t start, uintptr_t end, int key);

/* To be asked for the whole range before any of it is changed. */
static inline int space_check_range_locked(struct address_space *space, uintptr_t start,
                                           uintptr_t end, int key)
{
    return space->rules & RULES_ON_RANGES ? ASK(range_changes, space, start, end, key) : 0;
}

/*
 * RULES_ON_PROTECTION. A VMA's protection is about to change from before to after; for a new VMA
 * both are the same. by_force: the protection stays, and the memory is about to be written to in
 * spite of it, as after says. The space's lock is held, for writing unless by_force. An errno
 * refuses it: VMAs at lower addresses that the call has changed already stay so.
 */
EVENT(protection_changes, int, const struct address_space *space, int before, int after,
      bool by_force);

static inline int space_check_protection_locked(const struct address_space *space, int before,
                                                int after, bool by_force)
{
    return space->rules & RULES_ON_PROTECTION
               ? ASK(protection_changes, space, before, after, by_force)
               : 0;
}

/* Takes a VMA out of the space, to be destroyed at the operation's end. */
void space_remove_vma_locked(struct address_space *space, struct vma *vma);

/* Takes all pages of the range out of the tables, to be freed at the operation's end. */
void space_zap_locked(struct address_space *space, uintptr_t start, uintptr_t end);

/*
 * The same for tables that [start, end) leaves unused: those that neither neighbour VMA needs.
 * next is the VMA above it, or NULL.
 */
void space_free_tables_locked(struct address_space *space, uintptr_t start, uintptr_t end,
                              struct vma *next);

/*
 * The flush: invalidates what has been gathered, on all CPUs that have the space loaded, and then
 * frees it. Each operation that removes or weakens leaves calls it before it releases the lock.
 */
void space_flush_gathered_locked(struct address_space *space);

static inline void space_flush_locked(struct address_space *space)
{
    const struct space_gather *gather = &space->gather;

    if (gather->batch.pages || gather->shared_count || !TAILQ_EMPTY(&gather->pages))
        space_flush_gathered_locked(space);
}

/* Leaf number of the run was old before: gathers its translation, if there may be one. */
void space_gather_leaf_locked(struct address_space *space, const struct pt_run *run,
                              unsigned int number, pte_t old);

/*
 * The page of zeros that a read of untouched anonymous memory maps. It is never freed, and leaves
 * that map it hold no reference: all CPUs would contend for the count.
 */
extern paddr_t space_zero_page;

static inline bool leaf_is_zero_page(pte_t leaf)
{
    return pte_address(leaf).value == space_zero_page.value;
}

/* Makes the zero page; at boot, after the page allocator. */
int space_init(void);

#endif
