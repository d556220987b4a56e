// SPDX-License-Identifier: MIT
#include "mm/fault.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <asm/siginfo.h>
#include <asm/signal.h>

#include "arch/cpu.h"
#include "arch/pkru.h"
#include "arch/tlb.h"
#include "arch/trap.h"
#include "libc/include/string.h"
#include "mm/huge_pages.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/page_table.h"

static int refuse(struct fault_verdict *verdict, int signal, int code, const struct area *area)
{
    *verdict = (struct fault_verdict){signal, code, area ? area->key : 0};
    return -EFAULT;
}

/* ---- judging ---- */

/* A stack grows by a fault below it, as far as its limit and the area below let it. */
static bool grow_stack(struct address_space *space, struct area *area, uintptr_t address)
{
    uintptr_t start = align_down(address, PAGE_SIZE);
    struct area *below = RB_PREV(area_tree, &space->areas, area);

    if (!(area->flags & AREA_GROWS_DOWN) || area->end - start > space->limits.stack ||
        start < USER_MIN || (below && below->end + STACK_GUARD_GAP > start))
        return false;
    space->mapped_pages += (area->start - start) >> PAGE_SHIFT;
    area->start = start;
    return true;
}

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

static int set_leaf(const struct pt_run *run, void *context)
{
    run->entries[0] = *(pte_t *)context;
    return 0;
}

static int install(struct address_space *space, uintptr_t address, pte_t leaf, unsigned int level)
{
    struct pt_walk walk = {.visit = set_leaf, .context = &leaf, .flags = PT_CREATE, .level = level};

    return pt_walk(space->root, address, address + pte_level_size(level), &walk);
}

/*
 * The page for a missing leaf of a mapped object, and whether it is this space's own:
 * shared, or a private copy; a private page that is only read stays the object's.
 */
static int object_fault(const struct area *area, uintptr_t address, bool write, struct page **page,
                        bool *owned, struct fault_verdict *verdict)
{
    uint64_t index = area->object_page + ((address - area->start) >> PAGE_SHIFT);
    struct page *found;

    *owned = (area->flags & AREA_SHARED) || write;
    if (index >= align_up(area->object->size, PAGE_SIZE) >> PAGE_SHIFT)
        return refuse(verdict, SIGBUS, BUS_ADRERR, area);
    if (object_page(area->object, index, true, &found))
        return refuse(verdict, SIGKILL, 0, area);
    *page = found;
    if (write && !(area->flags & AREA_SHARED)) {
        *page = copy_of(found);
        page_put(found);
        if (!*page)
            return refuse(verdict, SIGKILL, 0, area);
    }
    return 0;
}

static int anonymous_fault(const struct area *area, bool write, struct page **page, bool *owned,
                           struct fault_verdict *verdict)
{
    *owned = write;
    *page = write ? page_alloc(0, PAGE_ZERO) : page_of(space_zero_page());
    if (!*page)
        return refuse(verdict, SIGKILL, 0, area);
    if (!write)
        page_get(*page);
    return 0;
}

/* Maps a page of 2 MiB where the area wants such pages and holds all of it. */
static bool map_huge(struct address_space *space, const struct area *area, uintptr_t address)
{
    uintptr_t start = align_down(address, pte_level_size(2));
    struct pt_path path;

    if (!(area->flags & AREA_HUGE) || area->object || start < area->start ||
        start + pte_level_size(2) > area->end)
        return false;
    pt_read_path(space->root, start, &path);
    if (path.level == 1) /* there are small pages already */
        return false;
    struct page *block = page_alloc(PAGE_ORDER_2M, PAGE_ZERO);
    if (!block)
        return false;
    pte_t leaf = pte_make(page_paddr(block), space_leaf_bits(area, true) | PTE_PS);
    if (install(space, start, leaf, 2)) {
        page_put(block);
        return false;
    }
    space->resident_pages += 1u << PAGE_ORDER_2M;
    return true;
}

/* A page of the pool, which an area without a promise may have to do without. */
static int map_hugetlb(struct address_space *space, const struct area *area, uintptr_t address,
                       struct fault_verdict *verdict)
{
    struct page *page = huge_page_take();

    if (!page)
        return refuse(verdict, SIGBUS, BUS_ADRERR, area);
    pte_t leaf = pte_make(page_paddr(page), space_leaf_bits(area, true) | PTE_PS);
    if (install(space, align_down(address, HUGE_PAGE_SIZE), leaf, 2)) {
        page_put(page);
        return refuse(verdict, SIGKILL, 0, area);
    }
    space->resident_pages += 1u << PAGE_ORDER_2M;
    return 0;
}

static int map_missing(struct address_space *space, const struct area *area, uintptr_t address,
                       bool write, struct fault_verdict *verdict)
{
    struct page *page;
    bool owned;
    int error;

    if (area->flags & AREA_HUGETLB)
        return map_hugetlb(space, area, address, verdict);
    if (map_huge(space, area, address))
        return 0;
    if (area->object)
        error = object_fault(area, address, write, &page, &owned, verdict);
    else
        error = anonymous_fault(area, write, &page, &owned, verdict);
    if (error)
        return error;
    pte_t leaf = pte_make(page_paddr(page), space_leaf_bits(area, owned));
    if (install(space, align_down(address, PAGE_SIZE), leaf, 1)) {
        page_put(page);
        return refuse(verdict, SIGKILL, 0, area);
    }
    space->resident_pages++;
    return 0;
}

static bool is_exclusive(const struct area *area, const struct page *page)
{
    if (area->flags & AREA_HUGETLB)
        return huge_page_is_exclusive(page);
    return __atomic_load_n(&page->references, __ATOMIC_ACQUIRE) == 1;
}

static struct page *copy_for(const struct area *area, struct page *source)
{
    if (!(area->flags & AREA_HUGETLB))
        return copy_of(source);
    struct page *page = huge_page_take();
    if (page)
        memcpy(page_address(page), page_address(source), HUGE_PAGE_SIZE);
    return page;
}

/* A write to a page that others may see too: copy it, unless the others have gone. */
static int copy_on_write(struct address_space *space, const struct area *area, uintptr_t address,
                         pte_t leaf, unsigned int level, struct fault_verdict *verdict)
{
    struct page *old = page_of(pte_address(leaf));
    struct page *page = is_exclusive(area, old) ? old : copy_for(area, old);
    uintptr_t start = align_down(address, pte_level_size(level));

    if (!page)
        return refuse(verdict, area->flags & AREA_HUGETLB ? SIGBUS : SIGKILL, BUS_ADRERR, area);
    uint64_t bits = space_leaf_bits(area, true) | (leaf.value & PTE_PS);
    install(space, start, pte_make(page_paddr(page), bits), level);
    space_flush(space, start, start + PAGE_SIZE);
    if (page != old)
        page_put(old);
    return 0;
}

/* Makes sure that there is a leaf of the area's rights, with a page of its own for a write. */
static int resolve(struct address_space *space, const struct area *area, uintptr_t address,
                   bool write, struct fault_verdict *verdict)
{
    unsigned int level;
    pte_t leaf;

    if (!pt_query(space->root, address, &leaf, &level))
        return map_missing(space, area, address, write, verdict);
    if (write && !(leaf.value & PTE_OWNED))
        return copy_on_write(space, area, address, leaf, level, verdict);
    /* There already: another thread was faster, or this CPU had an older translation. */
    space_flush(space, align_down(address, PAGE_SIZE), align_down(address, PAGE_SIZE) + PAGE_SIZE);
    return 0;
}

int space_fault(struct address_space *space, uintptr_t address, uint32_t error_code, uint32_t pkru,
                struct fault_verdict *verdict)
{
    int error;

    spin_lock(&space->lock);
    struct area *area = area_find(&space->areas, address);
    if (!area || (!area_holds(area, address) && !grow_stack(space, area, address)))
        error = refuse(verdict, SIGSEGV, SEGV_MAPERR, NULL);
    else if (key_denies(area->key, pkru, error_code))
        error = refuse(verdict, SIGSEGV, SEGV_PKUERR, area);
    else if (protection_denies(area, error_code))
        error = refuse(verdict, SIGSEGV, SEGV_ACCERR, area);
    else
        error = resolve(space, area, address, error_code & X86_PF_WRITE, verdict);
    spin_unlock(&space->lock);
    return error;
}

/* Linux's check_vma_flags(), for enum page_access. */
static bool access_is_refused(const struct area *area, unsigned int access)
{
    int needed = access & PAGE_WRITE ? PROT_WRITE : PROT_READ;

    if (area->prot & needed)
        return false;
    if (!(access & PAGE_FORCED) || !(area->max_prot & needed))
        return true;
    return (access & PAGE_WRITE) && (area->flags & AREA_SHARED);
}

int space_get_page(struct address_space *space, uintptr_t address, unsigned int access,
                   struct page **block, char **memory)
{
    struct fault_verdict verdict = {0};
    unsigned int level;
    pte_t leaf;
    int error = -EFAULT;

    spin_lock(&space->lock);
    struct area *area = area_find(&space->areas, address);
    if (area_holds(area, address) && !access_is_refused(area, access))
        error = resolve(space, area, address, access & PAGE_WRITE, &verdict);
    if (!error && pt_query(space->root, address, &leaf, &level)) {
        *block = page_of(pte_address(leaf));
        *memory = (char *)page_address(*block) + address % pte_level_size(level);
        page_get(*block);
    } else if (verdict.signal == SIGKILL) {
        error = -ENOMEM;
    }
    spin_unlock(&space->lock);
    return error;
}
