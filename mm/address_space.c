// SPDX-License-Identifier: MIT
/* Address spaces: making, copying, loading and freeing them. */
#include "mm/address_space.h"

#include <asm/errno.h>
#include <asm/mman.h>

#include "arch/bug.h"
#include "arch/cpu.h"
#include "arch/tlb.h"
#include "mm/kernel_map.h"
#include "mm/keys.h"
#include "mm/page.h"
#include "mm/page_table.h"
#include "mm/slab.h"

static struct slab_cache space_cache;
static struct page *zero_page;

int space_init(void)
{
    slab_cache_init(&space_cache, "address space", sizeof(struct address_space), 16);
    zero_page = page_alloc(0, PAGE_ZERO);
    return zero_page ? 0 : -ENOMEM;
}

paddr_t space_zero_page(void)
{
    return page_paddr(zero_page);
}

struct address_space *space_create(void)
{
    struct address_space *space = slab_alloc_zeroed(&space_cache);

    if (!space)
        return NULL;
    space->root = pt_alloc_table();
    if (space->root.value == 0) {
        slab_free(&space_cache, space);
        return NULL;
    }
    kernel_map_share(space->root);
    space->references = 1;
    space->key_map = KEY_MAP_INIT;
    space->lock.name = "address space";
    space->limits = (struct space_limits){UINT64_MAX, UINT64_MAX, STACK_LIMIT_DEFAULT};
    space->gap_from = MMAP_BASE;
    RB_INIT(&space->areas);
    return space;
}

uint64_t space_leaf_bits(const struct area *area, bool owned)
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

/* ---- freeing pages and tables ---- */

void space_flush(struct address_space *space, uintptr_t start, uintptr_t end)
{
    if (read_cr3() == space->root.value)
        tlb_flush_range(start, end, PAGE_SIZE);
}

static void free_gathered(struct address_space *space)
{
    for (unsigned int i = 0; i < space->gathered; i++)
        page_put(space->gather[i]);
    space->gathered = 0;
}

struct zap {
    struct address_space *space;
    uintptr_t start, end;
};

/* Clears entries; their pages wait in the gather array until the translations are gone. */
static int zap_run(const struct pt_run *run, void *context)
{
    struct zap *zap = context;
    struct address_space *space = zap->space;

    for (unsigned int i = 0; i < run->count; i++) {
        pte_t entry = run->entries[i];
        if (pte_is_empty(entry))
            continue;
        run->entries[i].value = 0;
        space->resident_pages -= pte_level_size(run->level) >> PAGE_SHIFT;
        if (space->gathered == GATHER_MAX) {
            space_flush(space, zap->start, zap->end);
            free_gathered(space);
        }
        space->gather[space->gathered++] = page_of(pte_address(entry));
    }
    return 0;
}

static void gather_table(struct page *page, void *context)
{
    struct zap *zap = context;

    if (zap->space->gathered == GATHER_MAX) {
        space_flush(zap->space, zap->start, zap->end);
        free_gathered(zap->space);
    }
    zap->space->gather[zap->space->gathered++] = page;
}

static void finish_zap(struct zap *zap)
{
    if (zap->space->gathered == 0)
        return;
    space_flush(zap->space, zap->start, zap->end);
    free_gathered(zap->space);
}

void space_zap_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
    struct zap zap = {space, start, end};
    struct pt_walk walk = {.visit = zap_run, .context = &zap, .flags = PT_SPLIT, .level = 1};
    int error = pt_walk(space->root, start, end, &walk);

    assert(!error); /* callers split what the range covers in part before they commit */
    finish_zap(&zap);
}

void space_free_tables_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
    struct area *next = area_find(&space->areas, end);
    struct area *previous =
        next ? RB_PREV(area_tree, &space->areas, next) : RB_MAX(area_tree, &space->areas);
    struct zap zap = {space, start, end};
    struct pt_walk walk = {.context = &zap,
                           .flags = PT_FREE_TABLES,
                           .level = 1,
                           .floor = previous ? previous->end : 0,
                           .ceiling = next ? next->start : USER_END + PAGE_SIZE,
                           .free_table = gather_table};

    pt_walk(space->root, start, end, &walk);
    finish_zap(&zap);
}

/* ---- copying ---- */

struct copy {
    struct address_space *child;
    bool shared;
    const struct pt_run *from;
};

/* The child's run of the same addresses gets what the parent's holds. */
static int fill_child_run(const struct pt_run *run, void *context)
{
    struct copy *copy = context;

    for (unsigned int i = 0; i < run->count; i++) {
        pte_t entry = copy->from->entries[i];
        if (pte_is_empty(entry))
            continue;
        page_get(page_of(pte_address(entry)));
        run->entries[i] = entry;
        copy->child->resident_pages += pte_level_size(run->level) >> PAGE_SHIFT;
    }
    return 0;
}

static bool run_is_empty(const struct pt_run *run)
{
    for (unsigned int i = 0; i < run->count; i++)
        if (!pte_is_empty(run->entries[i]))
            return false;
    return true;
}

static int copy_run(const struct pt_run *run, void *context)
{
    struct copy *copy = context;
    struct pt_walk walk = {
        .visit = fill_child_run, .context = copy, .flags = PT_CREATE, .level = run->level};

    if (run_is_empty(run))
        return 0;
    if (!copy->shared)
        for (unsigned int i = 0; i < run->count; i++)
            run->entries[i].value &= ~(PTE_W | PTE_OWNED);
    copy->from = run;
    return pt_walk(copy->child->root, run->address,
                   run->address + run->count * pte_level_size(run->level), &walk);
}

static int copy_area(struct address_space *space, struct address_space *child,
                     const struct area *area)
{
    struct copy copy = {.child = child, .shared = area->flags & AREA_SHARED};
    struct pt_walk walk = {.visit = copy_run, .context = &copy, .level = 1};
    struct area *twin = area_create(area);

    if (!twin)
        return -ENOMEM;
    /* Large pages are shared as small ones, so that either side can write and unmap a part. */
    if (!(area->flags & AREA_HUGETLB))
        walk.flags = PT_SPLIT_ALL;
    twin->flags &= (uint8_t)~AREA_RESERVED;
    RB_INSERT(area_tree, &child->areas, twin);
    return pt_walk(space->root, area->start, area->end, &walk);
}

struct address_space *space_copy(struct address_space *space)
{
    struct address_space *child = space_create();
    struct area *area;
    int error = 0;

    if (!child)
        return NULL;
    spin_lock(&space->lock);
    child->key_map = __atomic_load_n(&space->key_map, __ATOMIC_RELAXED);
    child->brk_start = space->brk_start;
    child->brk = space->brk;
    child->mapped_pages = space->mapped_pages;
    child->limits = space->limits;
    RB_FOREACH (area, area_tree, &space->areas) {
        error = copy_area(space, child, area);
        if (error)
            break;
    }
    space_flush(space, 0, USER_END);
    spin_unlock(&space->lock);
    if (error) {
        space_put(child);
        return NULL;
    }
    return child;
}

/* ---- life ---- */

void space_get(struct address_space *space)
{
    __atomic_fetch_add(&space->references, 1, __ATOMIC_RELAXED);
}

void space_put(struct address_space *space)
{
    struct area *area;

    if (__atomic_sub_fetch(&space->references, 1, __ATOMIC_ACQ_REL))
        return;
    RB_FOREACH (area, area_tree, &space->areas)
        space_zap_locked(space, area->start, area->end);
    while ((area = RB_MIN(area_tree, &space->areas))) {
        RB_REMOVE(area_tree, &space->areas, area);
        area_destroy(area);
    }
    space_free_tables_locked(space, 0, USER_END);
    assert(space->resident_pages == 0);
    page_put(page_of(space->root));
    slab_free(&space_cache, space);
}

void space_load(struct address_space *space)
{
    paddr_t root = space ? space->root : kernel_map_root();

    if (read_cr3() != root.value)
        load_cr3(root);
}
