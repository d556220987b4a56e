// SPDX-License-Identifier: MIT
#include "mm/space/area.h"

#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/types.h"
#include "mm/object/object.h"
#include "mm/page/slab.h"

RB_GENERATE(area_tree, area, link, area_compare)

static struct slab_cache area_cache;

uint64_t max_map_count = 65530;

int area_compare(const struct area *a, const struct area *b)
{
    return a->start < b->start ? -1 : a->start > b->start;
}

void area_init(void)
{
    slab_cache_init(&area_cache, "area", sizeof(struct area), 16);
}

struct area *area_create(const struct area *template)
{
    struct area *area = slab_alloc(&area_cache);
    if (!area)
        return NULL;
    *area = *template;
    if (area->object)
        object_get(area->object);
    return area;
}

__attribute__((weak)) const struct page_pool *page_pool(void)
{
    return NULL;
}

void area_destroy(struct area *area)
{
    if (area->object)
        object_put(area->object);
    if (area->flags & AREA_RESERVED)
        page_pool()->unreserve((unsigned int)((area->end - area->start) / HUGE_PAGE_SIZE));
    slab_free(&area_cache, area);
}

void area_insert(struct area_tree *tree, struct area *area)
{
    RB_INSERT(area_tree, tree, area);
    tree->count++;
    area->next = RB_NEXT(area_tree, tree, area);
    area->previous = area->next ? area->next->previous : RB_PREV(area_tree, tree, area);
    if (area->next)
        area->next->previous = area;
    if (area->previous)
        area->previous->next = area;
    tree->found = area;
}

void area_remove(struct area_tree *tree, struct area *area)
{
    RB_REMOVE(area_tree, tree, area);
    tree->count--;
    if (area->next)
        area->next->previous = area->previous;
    if (area->previous)
        area->previous->next = area->next;
    if (tree->found == area)
        tree->found = NULL;
}

struct area *area_search(struct area_tree *tree, uintptr_t address)
{
    struct area *area = RB_ROOT(tree);
    struct area *best = NULL;

    while (area) {
        if (area->end > address) {
            best = area;
            if (area->start <= address) {
                __atomic_store_n(&tree->found, area, __ATOMIC_RELAXED);
                break;
            }
            area = RB_LEFT(area, link);
        } else {
            area = RB_RIGHT(area, link);
        }
    }
    return best;
}

int area_split(struct area_tree *tree, struct area *area, uintptr_t at)
{
    assert(area->start < at && at < area->end);
    struct area *new = tree->count < max_map_count ? area_create(area) : NULL;
    if (!new)
        return -ENOMEM;
    new->start = at;
    new->object_page += (at - area->start) >> PAGE_SHIFT;
    area->end = at;
    area_insert(tree, new);
    return 0;
}

static bool agree(const struct area *lower, const struct area *upper)
{
    return lower->prot == upper->prot && lower->max_prot == upper->max_prot &&
           lower->key == upper->key && lower->flags == upper->flags && lower->name == upper->name &&
           lower->object == upper->object &&
           (!lower->object ||
            lower->object_page + ((lower->end - lower->start) >> PAGE_SHIFT) == upper->object_page);
}

static struct area *merge_pair(struct area_tree *tree, struct area *lower, struct area *upper)
{
    area_remove(tree, upper);
    lower->end = upper->end;
    lower->has_copies |= upper->has_copies;
    upper->flags &= (uint8_t)~AREA_RESERVED; /* the lower one has taken over its reservation */
    area_destroy(upper);
    return lower;
}

struct area *area_merge(struct area_tree *tree, struct area *area)
{
    struct area *next = area->next;
    struct area *previous = area->previous;

    if (next && area->end == next->start && agree(area, next))
        merge_pair(tree, area, next);
    if (previous && previous->end == area->start && agree(previous, area))
        area = merge_pair(tree, previous, area);
    return area;
}
