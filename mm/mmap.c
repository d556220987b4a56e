// SPDX-License-Identifier: MIT
/* mmap, munmap and brk: finding room, making areas, and taking them away. */
#include "mm/mmap.h"

#include <asm/errno.h>
#include <asm/mman.h>

#include "mm/huge_pages.h"
#include "mm/keys.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/page_table.h"

#define MMAP_ROOM_MIN (128ul << 20)

uint64_t mmap_min_addr = 65536;

/* Where MAP_32BIT looks for room. */
#define LOW_START (1ul << 30)
#define LOW_END   (2ul << 30)

#define PROT_RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

/* ---- finding room ---- */

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
    uint64_t room = align_up(space->limits.stack, PAGE_SIZE) + STACK_GUARD_GAP;

    if (space->limits.stack > MMAP_BASE / 6 * 5)
        room = MMAP_BASE / 6 * 5;
    if (room < MMAP_ROOM_MIN)
        room = MMAP_ROOM_MIN;
    return align_down(MMAP_BASE - room, PAGE_SIZE);
}

/* Nothing goes to page 0 that was not sent there. */
static uintptr_t lowest_gap(void)
{
    uint64_t lowest = align_up(mmap_min_addr, PAGE_SIZE);

    return lowest ? lowest : PAGE_SIZE;
}

/*
 * From the top down, past the areas. Where the last search ended is remembered with the largest
 * gap that was too small, so that a program of a thousand areas does not pass them all each time.
 */
uintptr_t space_find_gap_locked(struct address_space *space, size_t size, uint64_t alignment)
{
    uintptr_t top = mmap_top(space);
    uintptr_t lowest = lowest_gap();

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

/* From the bottom up; 0 when there is none. */
static uintptr_t find_low_gap_locked(struct address_space *space, size_t size)
{
    uintptr_t lowest = lowest_gap();
    uintptr_t start = lowest > LOW_START ? lowest : LOW_START;
    struct area *area = area_find(&space->areas, start);

    while (area && start + size > guarded_start(area)) {
        start = area->end;
        area = area->next;
    }
    return start < LOW_END && start + size <= LOW_END ? start : 0;
}

/* A gap has come to be below an area (NULL: above all), or has grown: it is looked at again. */
static void note_gap(struct address_space *space, const struct area *next)
{
    uintptr_t above = next ? next->start : MMAP_BASE;

    if (above > space->gap_from)
        space->gap_from = above;
}

/* What a mapping's bounds are multiples of. */
static uint64_t alignment_of(const struct map_request *request)
{
    return request->area_flags & AREA_HUGETLB ? HUGE_PAGE_SIZE : PAGE_SIZE;
}

/* Of a fixed mapping. */
static int check_place_locked(struct address_space *space, const struct map_request *request,
                              size_t size)
{
    uintptr_t start = request->address;

    if (size > USER_END || start > USER_END - size)
        return -ENOMEM;
    if (start % alignment_of(request))
        return -EINVAL;
    if (start < request->lowest)
        return -EPERM;
    struct area *area = request->no_replace ? area_find(&space->areas, start) : NULL;
    return area && area->start < start + size ? -EEXIST : 0;
}

int space_check_place(struct address_space *space, const struct map_request *request)
{
    if (space->areas.count > max_map_count) /* without the lock: it is asked again with it */
        return -ENOMEM;
    if (!request->fixed)
        return request->size > USER_END ? -ENOMEM : 0;
    space_lock_read(space);
    int error = check_place_locked(space, request, align_up(request->size, alignment_of(request)));
    space_unlock_read(space);
    return error;
}

/* Where a hint asks for. One below vm.mmap_min_addr means that, whoever asks. */
static uintptr_t round_hint(const struct map_request *request)
{
    uintptr_t hint = align_down(request->address, PAGE_SIZE);

    if (hint && hint < mmap_min_addr)
        hint = align_up(mmap_min_addr, PAGE_SIZE);
    return align_up(hint, alignment_of(request));
}

static int choose_address(struct address_space *space, const struct map_request *request,
                          size_t size, uintptr_t *start)
{
    uint64_t alignment = alignment_of(request);

    *start = request->address;
    if (request->fixed)
        return check_place_locked(space, request, size);
    if (size > USER_END)
        return -ENOMEM;
    *start = round_hint(request);
    if (*start && space_is_free_locked(space, *start, size))
        return 0;
    if (request->low && alignment == PAGE_SIZE)
        *start = find_low_gap_locked(space, size);
    else
        *start = space_find_gap_locked(space, size, alignment);
    return *start ? 0 : -ENOMEM;
}

/* ---- unmapping ---- */

int space_split_large_locked(struct address_space *space, uintptr_t at)
{
    struct pt_walk split = {.flags = PT_SPLIT, .level = 1};
    unsigned int level;
    uintptr_t start = align_down(at, pte_level_size(2));

    if (at == start)
        return 0;
    pte_t *entry = pt_entry(space->root, at, 1, 0, &level);
    if (!entry || level == 1)
        return 0;
    /* No CPU may have the large page and the small ones at the same time. */
    tlb_batch_add(&space->gather.batch, start);
    return pt_walk(space->root, at, at + PAGE_SIZE, &split);
}

int space_split_at_locked(struct address_space *space, uintptr_t at)
{
    struct area *area = area_find(&space->areas, at);
    struct area *upper;

    if (!area || area->start >= at)
        return 0;
    if (at % area_alignment(area))
        return -EINVAL;
    if (space_split_large_locked(space, at))
        return -ENOMEM;
    return area_split(&space->areas, area, at, &upper);
}

int space_split_bounds_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
    int error = space_split_at_locked(space, start);

    return error ? error : space_split_at_locked(space, end);
}

int space_unmap_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
    struct area *area = area_find(&space->areas, start);

    if (!area || area->start >= end)
        return 0;
    if (area->start != start || area->end != end) {
        int error = space_split_bounds_locked(space, start, end);
        if (error)
            return error;
        area = area_find(&space->areas, start);
    }
    space_zap_locked(space, start, end);
    if (space->vdso - start < end - start) /* what comes there next is another's code */
        __atomic_store_n(&space->vdso, 0, __ATOMIC_RELAXED);
    while (area && area->start < end) {
        struct area *next = area->next;
        space->mapped_pages -= (area->end - area->start) >> PAGE_SHIFT;
        space_remove_area_locked(space, area);
        area = next;
    }
    space_free_tables_locked(space, start, end, area);
    note_gap(space, area);
    return 0;
}

int space_unmap(struct address_space *space, uintptr_t start, size_t size)
{
    uintptr_t end = start + align_up(size, PAGE_SIZE);
    int error;

    if (start % PAGE_SIZE || start > USER_END || size > USER_END - start || size == 0)
        return -EINVAL;
    space_lock_write(space);
    error = space_check_guards_locked(space, start, end, -1);
    if (!error)
        error = space_unmap_locked(space, start, end);
    space_unlock_write(space);
    return error;
}

/* ---- mapping ---- */

int space_check_data_locked(struct address_space *space, uint64_t bytes)
{
    struct area *area;
    uint64_t sum = bytes;

    if (space->limits.data == UINT64_MAX)
        return 0;
    RB_FOREACH (area, area_tree, &space->areas)
        if (area_is_data(area->prot, area->flags))
            sum += area->end - area->start;
    return sum > space->limits.data ? -ENOMEM : 0;
}

int space_check_limits_locked(struct address_space *space, uint64_t bytes, bool data)
{
    if ((space->mapped_pages << PAGE_SHIFT) + bytes > space->limits.size)
        return -ENOMEM;
    return data ? space_check_data_locked(space, bytes) : 0;
}

/* A mapping that could never be filled is refused, as Linux's overcommit heuristic does. */
static bool is_absurd(const struct map_request *request, size_t size)
{
    return area_is_data(request->prot, request->area_flags) && !request->no_reserve &&
           size >> PAGE_SHIFT > page_count_total();
}

/* Exactly PROT_EXEC means execute-only, by a key; with none left the pages can be read. */
static uint8_t key_for_mapping(struct address_space *space, int prot)
{
    int key = prot == PROT_EXEC ? keys_take_execute_only(&space->key_map) : 0;

    return key < 0 ? 0 : (uint8_t)key;
}

static int map_locked(struct address_space *space, const struct map_request *request, size_t size,
                      uintptr_t *address)
{
    uintptr_t start;

    if (space->areas.count > max_map_count)
        return -ENOMEM;
    int error = choose_address(space, request, size, &start);
    if (!error && is_absurd(request, size))
        error = -ENOMEM;
    if (!error)
        error = space_check_limits_locked(space, size,
                                          area_is_data(request->prot, request->area_flags));
    if (error)
        return error;
    if (space->mdwe && space_refuses_exec_locked(space, request->prot, request->prot))
        return -EACCES;
    error = space_check_guards_locked(space, start, start + size, -1);
    if (error)
        return error;
    struct area *area = area_alloc();
    if (!area)
        return -ENOMEM;
    *area = (struct area){
        .start = start,
        .end = start + size,
        .prot = request->prot & PROT_RWX,
        .max_prot = request->max_prot,
        .flags = request->area_flags | (space->lock_future ? AREA_LOCKED : 0),
        .name = request->name,
        .object = request->object,
        .object_page = request->object_page,
    };
    if (area->object)
        object_get(area->object);
    if (area->flags & AREA_HUGETLB)
        error = huge_pages_reserve((unsigned int)(size / HUGE_PAGE_SIZE));
    if (!error && (area->flags & AREA_HUGETLB))
        area->flags |= AREA_RESERVED;
    if (!error && request->fixed)
        error = space_unmap_locked(space, start, start + size);
    if (error) {
        area_destroy(area);
        return error;
    }
    area->key = key_for_mapping(space, request->prot);
    area_insert(&space->areas, area);
    space->mapped_pages += size >> PAGE_SHIFT;
    area_merge(&space->areas, area);
    *address = start;
    return 0;
}

int space_map(struct address_space *space, const struct map_request *request, uintptr_t *address)
{
    size_t size = align_up(request->size, alignment_of(request));
    int error;

    if (size == 0)
        return -ENOMEM;
    space_lock_write(space);
    error = map_locked(space, request, size, address);
    space_unlock_write(space);
    return error;
}

void space_exchange_object(struct address_space *space, struct memory_object *old,
                           struct memory_object *new)
{
    struct area *area;

    space_lock_write(space);
    RB_FOREACH (area, area_tree, &space->areas) {
        if (area->object != old)
            continue;
        space_zap_locked(space, area->start, area->end);
        object_get(new);
        area->object = new;
        area->has_copies = false;
        object_put(old);
    }
    space_unlock_write(space);
}

/* ---- stacks ---- */

/* Whether a stack may begin there. What cannot be touched below it is its guard itself. */
static bool leaves_gap(const struct area *below, uintptr_t start)
{
    return !below || (below->flags & AREA_GROWS_DOWN) || !below->prot ||
           below->end + STACK_GUARD_GAP <= start;
}

bool space_grow_stack_locked(struct address_space *space, struct area *area, uintptr_t address)
{
    uintptr_t start = align_down(address, PAGE_SIZE);

    if (!(area->flags & AREA_GROWS_DOWN) || area->end - start > space->limits.stack ||
        start < mmap_min_addr || !leaves_gap(area->previous, start) ||
        space_check_limits_locked(space, area->start - start, false))
        return false;
    space->mapped_pages += (area->start - start) >> PAGE_SHIFT;
    area->start = start;
    return true;
}

/* ---- the heap ---- */

static bool move_brk(struct address_space *space, uintptr_t end, uintptr_t lowest)
{
    uintptr_t old_page = align_up(space->brk, PAGE_SIZE);
    uintptr_t new_page = align_up(end, PAGE_SIZE);
    struct map_request request = {
        .address = old_page,
        .size = new_page - old_page,
        .prot = PROT_READ | PROT_WRITE,
        .max_prot = PROT_RWX,
        .fixed = true,
        .lowest = lowest,
        .name = "[heap]",
    };
    uintptr_t address;

    if (new_page < old_page)
        return space_check_guards_locked(space, new_page, old_page, -1) == 0 &&
               space_unmap_locked(space, new_page, old_page) == 0;
    if (new_page == old_page)
        return true;
    return space_is_free_locked(space, old_page, new_page - old_page) &&
           map_locked(space, &request, request.size, &address) == 0;
}

uintptr_t space_brk(struct address_space *space, uintptr_t end, uintptr_t lowest)
{
    space_lock_write(space);
    if (end >= space->brk_start && end <= USER_END && move_brk(space, end, lowest))
        space->brk = end;
    uintptr_t result = space->brk;
    space_unlock_write(space);
    return result;
}
