// SPDX-License-Identifier: MIT
/* Address spaces: making, loading and freeing them. */
#include "mm/address_space.h"

#include <asm/errno.h>

#include "arch/bug.h"
#include "arch/percpu.h"
#include "mm/kernel_map.h"
#include "mm/keys.h"
#include "mm/page.h"
#include "mm/page_table.h"
#include "mm/slab.h"

static struct slab_cache space_cache;

paddr_t space_zero_page;

int space_init(void)
{
    slab_cache_init(&space_cache, "address space", sizeof(struct address_space), 16);
    area_init();
    struct page *page = page_alloc(0, PAGE_ZERO);
    if (!page)
        return -ENOMEM;
    space_zero_page = page_paddr(page);
    return 0;
}

struct address_space *space_create(void)
{
    struct address_space *space = slab_alloc_zeroed(&space_cache);

    if (!space)
        return NULL;
    struct page *root = page_alloc(0, PAGE_ANY);
    if (!root) {
        slab_free(&space_cache, space);
        return NULL;
    }
    space->root = page_paddr(root);
    kernel_map_share(space->root);
    space->references = 1;
    space->key_map = KEY_MAP_INIT;
    space->lock.name = "address space";
    space->limits = (struct space_limits){UINT64_MAX, UINT64_MAX, STACK_LIMIT_DEFAULT};
    space->gap_from = MMAP_BASE;
    RB_INIT(&space->areas);
    TAILQ_INIT(&space->gather.pages);
    return space;
}

/* ---- gathering ---- */

static void free_gathered(struct space_gather *gather)
{
    struct page *page;

    while ((page = TAILQ_FIRST(&gather->pages))) {
        TAILQ_REMOVE(&gather->pages, page, link);
        page_put(page);
    }
    for (unsigned int i = 0; i < gather->shared_count; i++)
        page_put(gather->shared[i]);
    gather->shared_count = 0;
}

static inline void finish_locked(struct address_space *space)
{
    struct space_gather *gather = &space->gather;

    if (gather->batch.pages) {
        tlb_flush(&space->cpus, &gather->batch);
        gather->batch.pages = 0;
        gather->batch.count = 0;
    }
    tlb_check_flushed(&space->cpus);
    free_gathered(gather);
}

void space_finish_locked(struct address_space *space)
{
    finish_locked(space);
}

void space_remove_area_locked(struct address_space *space, struct area *area)
{
    area_remove(&space->areas, area);
    RB_LEFT(area, link) = space->gather.areas;
    space->gather.areas = area;
}

void space_unlock_write(struct address_space *space)
{
    struct area *area = space->gather.areas;

    finish_locked(space);
    space->gather.areas = NULL;
    rwlock_write_unlock(&space->lock);
    while (area) {
        struct area *next = RB_LEFT(area, link);
        area_destroy(area);
        area = next;
    }
}

static void gather_page(struct address_space *space, struct page *page)
{
    struct space_gather *gather = &space->gather;

    /* The only reference was the leaf's, and new ones come from leaves and objects alone. */
    if (__atomic_load_n(&page->references, __ATOMIC_RELAXED) == 1) {
        TAILQ_INSERT_TAIL(&gather->pages, page, link);
        return;
    }
    if (gather->shared_count == GATHER_SHARED_MAX)
        space_finish_locked(space);
    gather->shared[gather->shared_count++] = page;
}

void space_gather_leaf_locked(struct address_space *space, const struct pt_run *run,
                              unsigned int number, pte_t old)
{
    uintptr_t at = run->address + number * pte_level_size(run->level);

    tlb_check_change(&space->cpus, at, old, run->entries[number]);
    if (pte_is_present(old))
        tlb_batch_add(&space->gather.batch, at);
}

void space_gather_run_locked(struct address_space *space, const struct pt_run *run,
                             unsigned int leaves)
{
    struct tlb_batch *batch = &space->gather.batch;
    uint64_t size = pte_level_size(run->level);
    uintptr_t at = run->address;

    if (tlb_batch_is_all(batch) || leaves == 0)
        return;
    if (leaves > TLB_FLUSH_ALL_PAGES) {
        tlb_batch_add_all(batch);
    } else if (leaves == run->count) {
        tlb_batch_add_pages(batch, at, leaves, size);
    } else {
        for (unsigned int i = 0; i < run->count; i++, at += size)
            if (!pte_is_empty(run->entries[i]))
                tlb_batch_add_pages(batch, at, 1, size);
    }
}

/* ---- freeing pages and tables ---- */

static int zap_run(const struct pt_run *run, void *context)
{
    struct address_space *space = context;
    uint64_t zapped = 0;

    for (unsigned int i = 0; i < run->count; i++) {
        pte_t entry = run->entries[i];
        if (pte_is_empty(entry))
            continue;
        run->entries[i].value = 0;
        space_gather_leaf_locked(space, run, i, entry);
        if (!leaf_is_zero_page(entry))
            gather_page(space, page_of(pte_address(entry)));
        zapped++;
    }
    if (zapped)
        space_count_resident(space,
                             -(int64_t)(zapped << (pte_level_shift(run->level) - PAGE_SHIFT)));
    return 0;
}

void space_zap_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
    struct pt_walk walk = {.visit = zap_run, .context = space, .flags = PT_SPLIT, .level = 1};
    int error = pt_walk(space->root, start, end, &walk);

    assert(!error); /* callers split what the range covers in part before they commit */
}

static void gather_table(struct page *page, void *context)
{
    gather_page(context, page);
}

/* Those of [start, end) that nothing outside [floor, ceiling) uses; seldom any. */
static __attribute__((noinline)) void free_tables(struct address_space *space, uintptr_t start,
                                                  uintptr_t end, uintptr_t floor, uintptr_t ceiling)
{
    struct pt_walk walk = {.context = space,
                           .flags = PT_FREE_TABLES,
                           .level = 1,
                           .floor = floor,
                           .ceiling = ceiling,
                           .free_table = gather_table};

    pt_walk(space->root, start, end, &walk);
}

void space_free_tables_locked(struct address_space *space, uintptr_t start, uintptr_t end,
                              struct area *next)
{
    struct area *previous = next ? next->previous : RB_MAX(area_tree, &space->areas);
    uintptr_t floor = previous ? previous->end : 0;
    uintptr_t ceiling = next ? next->start : USER_END + PAGE_SIZE;
    uint64_t size = pte_level_size(2); /* that one table of the lowest level is for */

    /* Tables at either end that a neighbour uses too stay: often all there are. */
    start = floor > align_down(start, size) ? align_up(start, size) : align_down(start, size);
    end = ceiling < align_up(end, size) ? align_down(end, size) : align_up(end, size);
    if (start < end)
        free_tables(space, start, end, floor, ceiling);
}

/* ---- life ---- */

void space_get(struct address_space *space)
{
    __atomic_fetch_add(&space->references, 1, __ATOMIC_RELAXED);
}

/* The space is loaded nowhere, so there is nothing to gather. Tables are left empty. */
static int release_run(const struct pt_run *run, void *context)
{
    struct address_space *space = context;
    pte_t *entries = run->entries;
    unsigned int count = run->count;
    uint64_t released = 0;

    for (unsigned int i = 0; i < count; i++) {
        pte_t entry = entries[i];
        if (pte_is_empty(entry))
            continue;
        entries[i].value = 0;
        if (!leaf_is_zero_page(entry))
            page_put(page_of(pte_address(entry)));
        released++;
    }
    space->resident_pages -= released << (pte_level_shift(run->level) - PAGE_SHIFT);
    return 0;
}

/*
 * Frees all pages, and each table with the last area that has a part in it. Areas without a gap
 * between them, as those of a program's file, are gone through as one.
 */
static void release_pages(struct address_space *space)
{
    struct pt_walk walk = {
        .visit = release_run, .context = space, .flags = PT_FREE_TABLES, .level = 1};
    struct area *area = RB_MIN(area_tree, &space->areas);

    while (area) {
        uintptr_t start = area->start;
        uintptr_t end;
        do {
            end = area->end;
            area = area->next;
        } while (area && area->start == end);
        walk.ceiling = area ? area->start : USER_END + PAGE_SIZE;
        pt_walk(space->root, start, end, &walk);
    }
    assert(space->resident_pages == 0);
}

/* All areas of a tree that is not used any more, so it need not stay in order. */
static void destroy_areas(struct area *root)
{
    if (!root)
        return;
    destroy_areas(RB_LEFT(root, link));
    destroy_areas(RB_RIGHT(root, link));
    area_destroy(root);
}

void space_put(struct address_space *space)
{
    if (__atomic_sub_fetch(&space->references, 1, __ATOMIC_ACQ_REL))
        return;
    if (space_is_loaded(space))
        space_load(NULL);
    assert(cpu_set_is_empty(&space->cpus));
    release_pages(space);
    destroy_areas(RB_ROOT(&space->areas));
    page_put(page_of(space->root));
    slab_free(&space_cache, space);
}

bool space_may_write_shared(struct address_space *space, const struct memory_object *object)
{
    struct area *area;
    bool found = false;

    space_lock_read(space);
    RB_FOREACH (area, area_tree, &space->areas)
        found |=
            area->object == object && (area->flags & AREA_SHARED) && (area->max_prot & PROT_WRITE);
    space_unlock_read(space);
    return found;
}

void space_load(struct address_space *space)
{
    if (space)
        tlb_load(space->root, &space->cpus);
    else
        tlb_load(kernel_map_root(), NULL);
}

bool space_is_loaded(const struct address_space *space)
{
    return this_cpu()->tlb.space == &space->cpus;
}
