// SPDX-License-Identifier: MIT
#include "mm/space/vma.h"

#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/types.h"
#include "mm/object/object.h"
#include "mm/page/slab.h"

RB_GENERATE(vma_tree, vma, link, vma_compare)

static struct slab_cache vma_cache;

uint64_t max_map_count = 65530;

int vma_compare(const struct vma *a, const struct vma *b)
{
    return a->start < b->start ? -1 : a->start > b->start;
}

void vma_init(void)
{
    slab_cache_init(&vma_cache, "area", sizeof(struct vma), 16);
}

struct vma *vma_create(const struct vma *template)
{
    struct vma *vma = slab_alloc(&vma_cache);
    if (!vma)
        return NULL;
    *vma = *template;
    if (vma->object)
        object_get(vma->object);
    return vma;
}

__attribute__((weak)) const struct page_pool *page_pool(void)
{
    return NULL;
}

void vma_destroy(struct vma *vma)
{
    if (vma->object)
        object_put(vma->object);
    if (vma->flags & VMA_RESERVED)
        page_pool()->unreserve((unsigned int)((vma->end - vma->start) / HUGE_PAGE_SIZE));
    slab_free(&vma_cache, vma);
}

void vma_insert(struct vma_tree *tree, struct vma *vma)
{
    RB_INSERT(vma_tree, tree, vma);
    tree->count++;
    vma->next = RB_NEXT(vma_tree, tree, vma);
    vma->previous = vma->next ? vma->next->previous : RB_PREV(vma_tree, tree, vma);
    if (vma->next)
        vma->next->previous = vma;
    if (vma->previous)
        vma->previous->next = vma;
    tree->found = vma;
}

void vma_remove(struct vma_tree *tree, struct vma *vma)
{
    RB_REMOVE(vma_tree, tree, vma);
    tree->count--;
    if (vma->next)
        vma->next->previous = vma->previous;
    if (vma->previous)
        vma->previous->next = vma->next;
    if (tree->found == vma)
        tree->found = NULL;
}

struct vma *vma_search(struct vma_tree *tree, uintptr_t address)
{
    struct vma *vma = RB_ROOT(tree);
    struct vma *best = NULL;

    while (vma) {
        if (vma->end > address) {
            best = vma;
            if (vma->start <= address) {
                __atomic_store_n(&tree->found, vma, __ATOMIC_RELAXED);
                break;
            }
            vma = RB_LEFT(vma, link);
        } else {
            vma = RB_RIGHT(vma, link);
        }
    }
    return best;
}

int vma_split(struct vma_tree *tree, struct vma *vma, uintptr_t at)
{
    assert(vma->start < at && at < vma->end);
    struct vma *new = tree->count < max_map_count ? vma_create(vma) : NULL;
    if (!new)
        return -ENOMEM;
    new->start = at;
    new->object_page += (at - vma->start) >> PAGE_SHIFT;
    vma->end = at;
    vma_insert(tree, new);
    return 0;
}

static bool agree(const struct vma *lower, const struct vma *upper)
{
    return lower->prot == upper->prot && lower->max_prot == upper->max_prot &&
           lower->key == upper->key && lower->flags == upper->flags && lower->name == upper->name &&
           lower->object == upper->object &&
           (!lower->object ||
            lower->object_page + ((lower->end - lower->start) >> PAGE_SHIFT) == upper->object_page);
}

static struct vma *merge_pair(struct vma_tree *tree, struct vma *lower, struct vma *upper)
{
    vma_remove(tree, upper);
    lower->end = upper->end;
    lower->has_copies |= upper->has_copies;
    upper->flags &= (uint8_t)~VMA_RESERVED; /* the lower one has taken over its reservation */
    vma_destroy(upper);
    return lower;
}

struct vma *vma_merge(struct vma_tree *tree, struct vma *vma)
{
    struct vma *next = vma->next;
    struct vma *previous = vma->previous;

    if (next && vma->end == next->start && agree(vma, next))
        merge_pair(tree, vma, next);
    if (previous && previous->end == vma->start && agree(previous, vma))
        vma = merge_pair(tree, previous, vma);
    return vma;
}
