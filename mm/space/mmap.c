// SPDX-License-Identifier: MIT
/* mmap and brk: finding room between the VMAs that there are, and making VMAs there. */
#include "mm/space/mmap.h"

#include <asm/errno.h>
#include <asm/mman.h>

#include "mm/page/page.h"
#include "mm/space/keys.h"

#define MMAP_ROOM_MIN (128ul << 20)

uint64_t mmap_min_addr = 65536;

/* ---- finding room ---- */

/* Lowest address that must stay free below a VMA: a stack keeps a gap to grow into. */
static uintptr_t guarded_start(const struct vma *vma)
{
    uintptr_t gap = vma->flags & VMA_GROWS_DOWN ? STACK_GUARD_GAP : 0;

    return vma->start > gap ? vma->start - gap : 0;
}

bool space_is_free_locked(struct address_space *space, uintptr_t start, size_t size)
{
    struct vma *next = vma_find(&space->vmas, start);

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
 * From the top down, past the VMAs. Where the last search ended is remembered, and the largest gap
 * that was too small, so that not every search passes all VMAs of a program with a thousand.
 */
uintptr_t space_find_gap_locked(struct address_space *space, size_t size, uint64_t alignment)
{
    uintptr_t top = mmap_top(space);
    /* Only a fixed mapping gets page 0. */
    uintptr_t lowest = align_up(mmap_min_addr ? mmap_min_addr : 1, PAGE_SIZE);

    if (size + alignment - PAGE_SIZE <= space->gap_skipped || space->gap_from > top) {
        space->gap_from = top;
        space->gap_skipped = 0;
    }
    uintptr_t ceiling = space->gap_from;
    struct vma *vma = vma_find(&space->vmas, ceiling);
    if (vma && guarded_start(vma) < ceiling)
        ceiling = guarded_start(vma);
    vma = vma ? vma->previous : RB_MAX(vma_tree, &space->vmas);
    for (;; vma = vma->previous) {
        uintptr_t floor = vma && vma->end > lowest ? vma->end : lowest;
        uintptr_t start = ceiling >= size ? align_down(ceiling - size, alignment) : 0;
        if (floor <= ceiling && start >= floor) {
            space->gap_from = start;
            return start;
        }
        if (floor < ceiling && ceiling - floor > space->gap_skipped)
            space->gap_skipped = ceiling - floor;
        if (!vma)
            return 0;
        ceiling = guarded_start(vma);
    }
}

void space_note_gap_locked(struct address_space *space, const struct vma *next)
{
    uintptr_t above = next ? next->start : MMAP_BASE;

    if (above > space->gap_from)
        space->gap_from = above;
}

/* ---- choosing the place ---- */

/* Checks the place of a fixed mapping. */
static int check_place_locked(struct address_space *space, const struct map_request *request,
                              size_t size)
{
    uintptr_t start = request->address;

    if (size > USER_END || start > USER_END - size)
        return -ENOMEM;
    if (start % vma_alignment(request->vma_flags))
        return -EINVAL;
    if (start < request->lowest)
        return -EPERM;
    struct vma *vma = request->no_replace ? vma_find(&space->vmas, start) : NULL;
    return vma && vma->start < start + size ? -EEXIST : 0;
}

int space_check_place(struct address_space *space, const struct map_request *request)
{
    if (space->vmas.count > max_map_count) /* without the lock: it is checked again with it */
        return -ENOMEM;
    if (!request->fixed)
        return request->size > USER_END ? -ENOMEM : 0;
    space_lock_read(space);
    int error = check_place_locked(space, request,
                                   align_up(request->size, vma_alignment(request->vma_flags)));
    space_unlock_read(space);
    return error;
}

/* The place that a hint asks for; one below vm.mmap_min_addr is raised to that for any user. */
static uintptr_t round_hint(const struct map_request *request)
{
    uintptr_t hint = align_down(request->address, PAGE_SIZE);

    if (hint && hint < mmap_min_addr)
        hint = align_up(mmap_min_addr, PAGE_SIZE);
    return align_up(hint, vma_alignment(request->vma_flags));
}

static int choose_address(struct address_space *space, const struct map_request *request,
                          size_t size, uintptr_t *start)
{
    uint64_t alignment = vma_alignment(request->vma_flags);

    *start = request->address;
    if (request->fixed)
        return check_place_locked(space, request, size);
    if (size > USER_END)
        return -ENOMEM;
    *start = round_hint(request);
    if (*start && space_is_free_locked(space, *start, size))
        return 0;
    if (request->find_gap_locked)
        *start = request->find_gap_locked(space, size);
    else
        *start = space_find_gap_locked(space, size, alignment);
    return *start ? 0 : -ENOMEM;
}

/* ---- making the VMA ---- */

/* A mapping that could never be filled is refused, as Linux's overcommit heuristic does. */
static bool is_absurd(const struct map_request *request, size_t size)
{
    return vma_is_data(request->prot, request->vma_flags) && !request->no_reserve &&
           size >> PAGE_SHIFT > page_count_total();
}

/* Exactly PROT_EXEC means execute-only, by a key; if no key is free the pages are readable. */
static uint8_t key_for_mapping(struct address_space *space, int prot)
{
    int key = prot == PROT_EXEC ? keys_take_execute_only(&space->key_map) : 0;

    return key < 0 ? 0 : (uint8_t)key;
}

static int map_locked(struct address_space *space, const struct map_request *request, size_t size,
                      uintptr_t *address)
{
    uintptr_t start;

    if (space->vmas.count > max_map_count)
        return -ENOMEM;
    int error = choose_address(space, request, size, &start);
    if (!error && is_absurd(request, size))
        error = -ENOMEM;
    if (!error)
        error = space_check_growth_locked(
            space, size, vma_is_data(request->prot, request->vma_flags) ? size : 0);
    if (error)
        return error;
    error = space_check_protection_locked(space, request->prot, request->prot, false);
    if (!error)
        error = space_check_range_locked(space, start, start + size, -1);
    if (error)
        return error;
    struct vma *vma = vma_create(&(struct vma){
        .start = start,
        .end = start + size,
        .prot = request->prot & PROT_RWX,
        .max_prot = request->max_prot,
        .flags = request->vma_flags | (space->lock_future ? VMA_LOCKED : 0),
        .name = request->name,
        .object = request->object,
        .object_page = request->object_page,
    });
    if (!vma)
        return -ENOMEM;
    if (vma->flags & VMA_HUGETLB)
        error = page_pool()->reserve((unsigned int)(size / HUGE_PAGE_SIZE));
    if (!error && (vma->flags & VMA_HUGETLB))
        vma->flags |= VMA_RESERVED;
    if (!error && request->fixed)
        error = space_unmap_locked(space, start, start + size);
    if (error) {
        vma_destroy(vma);
        return error;
    }
    /* Nothing can fail from here on: an execute-only key that is taken stays taken. */
    vma->key = key_for_mapping(space, request->prot);
    vma_insert(&space->vmas, vma);
    space->mapped_pages += size >> PAGE_SHIFT;
    vma_merge(&space->vmas, vma);
    *address = start;
    return 0;
}

int space_map(struct address_space *space, const struct map_request *request, uintptr_t *address)
{
    size_t size = align_up(request->size, vma_alignment(request->vma_flags));
    int error;

    if (size == 0)
        return -ENOMEM;
    space_lock_write(space);
    error = map_locked(space, request, size, address);
    space_flush_locked(space);
    space_unlock_write(space);
    return error;
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
        return space_check_range_locked(space, new_page, old_page, -1) == 0 &&
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
    space_flush_locked(space);
    space_unlock_write(space);
    return result;
}
