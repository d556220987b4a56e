// SPDX-License-Identifier: MIT
/* Finding room for a mapping between those that there are. */
#include "mm/space/mmap.h"

#define MMAP_ROOM_MIN (128ul << 20)

uint64_t mmap_min_addr = 65536;

/* Lowest address that must stay free below an area: a stack keeps a gap to grow into. */
static uintptr_t guarded_start(const struct area *area)
{
    uintptr_t gap = area->flags & AREA_GROWS_DOWN ? STACK_GUARD_GAP : 0;

    return area->start > gap ? area->start - gap : 0;
}

bool space_is_free_locked(struct address_space *space, uintptr_t start, size_t size)
{
    struct area *next = area_find(&space->areas, start);

    return size <= USER_END && start <= USER_END - size &&
           (!next || start + size <= guarded_start(next));
}

/* Where mmap begins: below the room that the stack may grow into, as Linux clamps it. */
static uintptr_t mmap_top(const struct address_space *space)
{
    uint64_t room = align_up(space->stack_limit, PAGE_SIZE) + STACK_GUARD_GAP;

    if (space->stack_limit > MMAP_BASE / 6 * 5)
        room = MMAP_BASE / 6 * 5;
    if (room < MMAP_ROOM_MIN)
        room = MMAP_ROOM_MIN;
    return align_down(MMAP_BASE - room, PAGE_SIZE);
}

/*
 * From the top down, past the areas. Where the last search ended is remembered with the largest
 * gap that was too small, so that a program of a thousand areas does not pass them all each time.
 */
uintptr_t space_find_gap_locked(struct address_space *space, size_t size, uint64_t alignment)
{
    uintptr_t top = mmap_top(space);
    /* Nothing goes to page 0 that was not sent there. */
    uintptr_t lowest = align_up(mmap_min_addr ? mmap_min_addr : 1, PAGE_SIZE);

    if (size + alignment - PAGE_SIZE <= space->gap_skipped || space->gap_from > top) {
        space->gap_from = top;
        space->gap_skipped = 0;
    }
    uintptr_t ceiling = space->gap_from;
    struct area *area = area_find(&space->areas, ceiling);
    if (area && guarded_start(area) < ceiling)
        ceiling = guarded_start(area);
    area = area ? area->previous : RB_MAX(area_tree, &space->areas);
    for (;; area = area->previous) {
        uintptr_t floor = area && area->end > lowest ? area->end : lowest;
        uintptr_t start = ceiling >= size ? align_down(ceiling - size, alignment) : 0;
        if (floor <= ceiling && start >= floor) {
            space->gap_from = start;
            return start;
        }
        if (floor < ceiling && ceiling - floor > space->gap_skipped)
            space->gap_skipped = ceiling - floor;
        if (!area)
            return 0;
        ceiling = guarded_start(area);
    }
}

void space_note_gap_locked(struct address_space *space, const struct area *next)
{
    uintptr_t above = next ? next->start : MMAP_BASE;

    if (above > space->gap_from)
        space->gap_from = above;
}
