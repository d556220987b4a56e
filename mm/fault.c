// SPDX-License-Identifier: MIT
#include "mm/fault.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <asm/siginfo.h>
#include <asm/signal.h>

#include "arch/cpu.h"
#include "arch/pkru.h"
#include "arch/trap.h"
#include "libc/include/string.h"
#include "mm/huge_pages.h"
#include "mm/mmap.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/page_table.h"

/* By a signal, which is SIGKILL where memory is out. */
static int refuse(struct fault_verdict *verdict, int signal, int code, const struct area *area)
{
    *verdict = (struct fault_verdict){signal, code, area ? area->key : 0};
    return -EFAULT;
}

/* ---- judging ---- */

/* Whether PKRU refuses the access to pages of this key. Fetches never ask. */
static bool key_denies(unsigned int key, uint32_t pkru, uint32_t error_code)
{
    uint32_t rights = pkru_rights(pkru, key);

    if (!cpu_state.pku || (error_code & X86_PF_INSTR))
        return false;
    return (rights & PKRU_AD) || ((rights & PKRU_WD) && (error_code & X86_PF_WRITE));
}

/* On x86, pages that may be written or executed may be read as well. */
static bool protection_denies(const struct area *area, uint32_t error_code)
{
    if (error_code & X86_PF_WRITE)
        return !(area->prot & PROT_WRITE);
    if (error_code & X86_PF_INSTR)
        return !(area->prot & PROT_EXEC);
    return !area->prot;
}

/* ---- resolving ---- */

static struct page *copy_of(struct page *source)
{
    struct page *page = page_alloc(0, PAGE_ANY);

    if (page)
        memcpy(page_address(page), page_address(source), PAGE_SIZE);
    return page;
}

/* What a fault works on: the entry for its address, and what was seen in it. */
struct fault {
    struct address_space *space;
    struct area *area;
    uintptr_t address;
    bool write;
    pte_t *entry;
    unsigned int level;
    pte_t seen;
    struct fault_verdict *verdict;
};

/* The space gets a page of its own: what fork() has to copy. Others may note the same at once. */
static void note_copy(const struct fault *fault)
{
    __atomic_store_n(&fault->area->has_copies, true, __ATOMIC_RELAXED);
}

/*
 * Finds the entry, making the tables on the way. Where the area wants large pages that is an entry
 * of level 2, unless there are small pages already.
 */
static bool find_entry(struct fault *fault)
{
    bool large = fault->area->flags & (AREA_HUGE | AREA_HUGETLB);
    paddr_t root = fault->space->root;

    fault->entry = pt_entry(root, fault->address, large ? 2 : 1, PT_CREATE, &fault->level);
    if (!fault->entry)
        return false;
    fault->seen = pt_load(fault->entry);
    if (fault->level == 1 || pte_is_empty(fault->seen) || pte_is_leaf(fault->seen, fault->level))
        return true;
    fault->entry = pt_entry(root, fault->address, 1, PT_CREATE, &fault->level);
    if (!fault->entry)
        return false;
    fault->seen = pt_load(fault->entry);
    return true;
}

/*
 * Puts a page, whose reference becomes the leaf's, into an entry that was empty. If another thread
 * was faster, its page counts, and the access is tried again.
 */
static void fill(const struct fault *fault, struct page *page, bool owned)
{
    uint64_t bits = space_leaf_bits(fault->area, owned) | (fault->level > 1 ? PTE_PS : 0);

    if (pt_replace(fault->entry, fault->seen, pte_make(page_paddr(page), bits)))
        space_count_resident(fault->space, 1l << (pte_level_shift(fault->level) - PAGE_SHIFT));
    else if (page_paddr(page).value != space_zero_page.value)
        page_put(page);
}

/*
 * A page of an object: shared, or a private copy; a private page that is only read stays the
 * object's. The size is looked at with the space's lock held: see truncate_object().
 */
static int map_object_page(struct fault *fault)
{
    const struct area *area = fault->area;
    bool shared = area->flags & AREA_SHARED;
    uint64_t index = area->object_page + ((fault->address - area->start) >> PAGE_SHIFT);
    struct page *page;

    if (index >= align_up(object_size(area->object), PAGE_SIZE) >> PAGE_SHIFT)
        return refuse(fault->verdict, SIGBUS, BUS_ADRERR, area);
    int error = object_page(area->object, index, true, &page);
    if (error)
        return refuse(fault->verdict, error == -ENOSPC ? SIGBUS : SIGKILL, BUS_ADRERR, area);
    if (fault->write && !shared) {
        struct page *copy = copy_of(page);
        page_put(page);
        if (!copy)
            return refuse(fault->verdict, SIGKILL, 0, area);
        note_copy(fault);
        page = copy;
    }
    if (fault->write && shared)
        object_written(area->object);
    fill(fault, page, shared || fault->write);
    return 0;
}

static int map_anonymous_page(struct fault *fault)
{
    struct page *page = fault->write ? page_alloc(0, PAGE_ZERO) : page_of(space_zero_page);

    if (!page)
        return refuse(fault->verdict, SIGKILL, 0, fault->area);
    fill(fault, page, fault->write);
    return 0;
}

/* A page of the pool, which an area without a promise may have to do without. */
static int map_pool_page(struct fault *fault)
{
    struct page *page = huge_page_take();

    if (!page)
        return refuse(fault->verdict, SIGBUS, BUS_ADRERR, fault->area);
    fill(fault, page, true);
    return 0;
}

/* A page of 2 MiB where the area holds all of it; false when it must be a small one. */
static bool map_large_page(struct fault *fault)
{
    const struct area *area = fault->area;
    uintptr_t start = align_down(fault->address, pte_level_size(2));

    if (fault->level == 1 || area->object || start < area->start ||
        start + pte_level_size(2) > area->end)
        return false;
    struct page *block = page_alloc(PAGE_ORDER_2M, PAGE_ZERO);
    if (block)
        fill(fault, block, true);
    return block;
}

static int map_missing(struct fault *fault)
{
    const struct area *area = fault->area;

    if (area->flags & AREA_HUGETLB)
        return map_pool_page(fault);
    if (map_large_page(fault))
        return 0;
    if (fault->level > 1) {
        fault->entry = pt_entry(fault->space->root, fault->address, 1, PT_CREATE, &fault->level);
        if (!fault->entry)
            return refuse(fault->verdict, SIGKILL, 0, area);
        fault->seen = pt_load(fault->entry);
        if (!pte_is_empty(fault->seen)) /* another thread was faster */
            return 0;
    }
    return area->object ? map_object_page(fault) : map_anonymous_page(fault);
}

static bool is_exclusive(const struct area *area, const struct page *page)
{
    if (area->flags & AREA_HUGETLB)
        return huge_page_is_exclusive(page);
    return __atomic_load_n(&page->references, __ATOMIC_ACQUIRE) == 1;
}

static struct page *copy_for(const struct fault *fault, struct page *source)
{
    if (leaf_is_zero_page(fault->seen))
        return page_alloc(0, PAGE_ZERO);
    if (!(fault->area->flags & AREA_HUGETLB))
        return copy_of(source);
    struct page *page = huge_page_take();
    if (page)
        memcpy(page_address(page), page_address(source), HUGE_PAGE_SIZE);
    return page;
}

/*
 * A leaf of this space gets another page than it had. The old one may be freed when no CPU has the
 * old translation any more; nor may this thread write to the new one before others see it.
 */
static void replace_page(const struct fault *fault, struct page *old, pte_t new)
{
    struct tlb_batch batch = {0};
    uintptr_t start = align_down(fault->address, pte_level_size(fault->level));

    tlb_check_change(&fault->space->cpus, start, fault->seen, new);
    tlb_batch_add(&batch, start);
    tlb_flush(&fault->space->cpus, &batch);
    if (!leaf_is_zero_page(fault->seen))
        page_put(old);
}

/*
 * A write to a page that others may see too: copy it, unless the others have gone. Two threads may
 * do this at once: the one whose leaf is in place first wins. The other one may have copied a page
 * that was freed meanwhile, or found it exclusive; but then the leaf is no longer what it saw, and
 * it cannot become that again, since leaves are taken away with the lock to write only.
 */
static int copy_on_write(const struct fault *fault)
{
    const struct area *area = fault->area;
    struct page *old = page_of(pte_address(fault->seen));
    bool keep = !leaf_is_zero_page(fault->seen) && is_exclusive(area, old);
    struct page *page = keep ? old : copy_for(fault, old);

    if (!page)
        return refuse(fault->verdict, area->flags & AREA_HUGETLB ? SIGBUS : SIGKILL, BUS_ADRERR,
                      area);
    note_copy(fault);
    uint64_t bits = space_leaf_bits(area, true) | (fault->seen.value & PTE_PS);
    pte_t new = pte_make(page_paddr(page), bits);
    bool won = pt_replace(fault->entry, fault->seen, new);
    if (won && !keep)
        replace_page(fault, old, new);
    else if (!won && !keep)
        page_put(page);
    return 0;
}

/*
 * Makes sure that there is a leaf of the area's rights, with a page of its own for a write; unless
 * another thread changed the entry meanwhile, and then it is to be tried again. What is there
 * already was made by another thread, or by this one while its CPU had an older translation: the
 * fault has dropped that (SDM vol. 3A, 4.10.4.1).
 */
static int resolve(struct address_space *space, struct area *area, uintptr_t address, bool write,
                   struct fault_verdict *verdict)
{
    struct fault fault = {
        .space = space, .area = area, .address = address, .write = write, .verdict = verdict};

    if (!find_entry(&fault))
        return refuse(verdict, SIGKILL, 0, area);
    if (pte_is_empty(fault.seen))
        return map_missing(&fault);
    if (write && !(fault.seen.value & PTE_OWNED))
        return copy_on_write(&fault);
    return 0;
}

/* The area holds the address. */
static int judge(struct address_space *space, struct area *area, uintptr_t address,
                 uint32_t error_code, uint32_t pkru, struct fault_verdict *verdict)
{
    if (key_denies(area->key, pkru, error_code))
        return refuse(verdict, SIGSEGV, SEGV_PKUERR, area);
    if (protection_denies(area, error_code))
        return refuse(verdict, SIGSEGV, SEGV_ACCERR, area);
    return resolve(space, area, address, error_code & X86_PF_WRITE, verdict);
}

/* No area holds the address, but there may be a stack above that can grow: that is a change. */
static int fault_below(struct address_space *space, uintptr_t address, uint32_t error_code,
                       uint32_t pkru, struct fault_verdict *verdict)
{
    int error;

    space_lock_write(space);
    struct area *area = area_find(&space->areas, address);
    if (area && (area_holds(area, address) || space_grow_stack_locked(space, area, address)))
        error = judge(space, area, address, error_code, pkru, verdict);
    else
        error = refuse(verdict, SIGSEGV, SEGV_MAPERR, NULL);
    space_unlock_write(space);
    return error;
}

int space_fault(struct address_space *space, uintptr_t address, uint32_t error_code, uint32_t pkru,
                struct fault_verdict *verdict)
{
    int error = 0;

    space_lock_read(space);
    struct area *area = area_find(&space->areas, address);
    bool holds = area_holds(area, address);
    bool may_grow = !holds && area && (area->flags & AREA_GROWS_DOWN);
    if (holds)
        error = judge(space, area, address, error_code, pkru, verdict);
    else if (!may_grow)
        error = refuse(verdict, SIGSEGV, SEGV_MAPERR, NULL);
    space_unlock_read(space);
    return may_grow ? fault_below(space, address, error_code, pkru, verdict) : error;
}

/* Linux's check_vma_flags(), for enum page_access. */
static bool access_is_refused(const struct address_space *space, const struct area *area,
                              unsigned int access)
{
    int needed = access & PAGE_WRITE ? PROT_WRITE : PROT_READ;

    if (area->prot & needed)
        return false;
    if (!(access & PAGE_FORCED) || !(area->max_prot & needed))
        return true;
    if (!(access & PAGE_WRITE))
        return false;
    return (area->flags & AREA_SHARED) || space_refuses_patch_locked(space, area->prot);
}

/* The byte behind an address, if there is a leaf as such an access needs it. */
static char *memory_at(const struct address_space *space, uintptr_t address, bool write)
{
    unsigned int level;
    pte_t leaf;

    if (!pt_query(space->root, address, &leaf, &level) || (write && !(leaf.value & PTE_OWNED)))
        return NULL;
    return (char *)direct_map(pte_address(leaf)) + address % pte_level_size(level);
}

int space_lock_page(struct address_space *space, uintptr_t address, unsigned int access,
                    uint32_t pkru, char **memory)
{
    struct fault_verdict verdict = {0};
    bool write = access & PAGE_WRITE;
    int error = -EFAULT;

    space_lock_read(space);
    struct area *area = area_find(&space->areas, address);
    if (area_holds(area, address) && !access_is_refused(space, area, access) &&
        !key_denies(area->key, pkru, write ? X86_PF_WRITE : 0))
        do {
            error = resolve(space, area, address, write, &verdict);
            *memory = error ? NULL : memory_at(space, address, write);
        } while (!error && !*memory);
    if (!error)
        return 0;
    space_unlock_read(space);
    return verdict.signal == SIGKILL ? -ENOMEM : error;
}
