// SPDX-License-Identifier: MIT
/* Address spaces: making, loading and freeing them. */
#include "mm/space/address_space.h"

#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/percpu.h"
#include "mm/page/page.h"
#include "mm/page/slab.h"
#include "mm/space/keys.h"
#include "mm/table/kernel_map.h"
#include "mm/table/page_table.h"

static struct slab_cache space_cache;

paddr_t space_zero_page;

int space_init(void)
{
    slab_cache_init(&space_cache, "address space", sizeof(struct address_space), 16);
    vma_init();
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
    space->stack_limit = STACK_LIMIT_DEFAULT;
    space->gap_from = MMAP_BASE;
    RB_INIT(&space->vmas);
    TAILQ_INIT(&space->gather.pages);
    return space;
}

void space_get(struct address_space *space)
{
    __atomic_fetch_add(&space->references, 1, __ATOMIC_RELAXED);
}

/* No CPU has the space loaded, so there is nothing to invalidate. Tables are left empty. */
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
 * Frees all pages, and each table with the last VMA that uses it (floor is 0: all below is freed).
 * VMAs without a gap between them, like those of a program's file, are walked as one.
 */
static void release_pages(struct address_space *space)
{
    struct pt_walk walk = {
        .visit = release_run, .context = space, .flags = PT_FREE_TABLES, .level = 1};
    struct vma *vma = RB_MIN(vma_tree, &space->vmas);

    while (vma) {
        uintptr_t start = vma->start;
        uintptr_t end;
        do {
            end = vma->end;
            vma = vma->next;
        } while (vma && vma->start == end);
        walk.ceiling = vma ? vma->start : USER_END + PAGE_SIZE;
        pt_walk(space->root, start, end, &walk);
    }
    assert(space->resident_pages == 0);
}

void space_put(struct address_space *space)
{
    if (__atomic_sub_fetch(&space->references, 1, __ATOMIC_ACQ_REL))
        return;
    if (space_is_loaded(space))
        space_load(NULL);
    assert(cpu_set_is_empty(&space->cpus));
    release_pages(space);
    for (struct vma *vma = RB_MIN(vma_tree, &space->vmas), *next; vma; vma = next) {
        next = vma->next;
        vma_destroy(vma);
    }
    page_put(page_of(space->root));
    slab_free(&space_cache, space);
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
