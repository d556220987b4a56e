// SPDX-License-Identifier: MIT
/*
 * mlock and its kin. Nothing is ever swapped, so a locked area differs in what it refuses: its
 * pages are there from the start and are not given back by advice.
 */
#include <asm/errno.h>
#include <asm/mman.h>
#include <asm/signal.h>

#include "arch/cpu.h"
#include "arch/pkru.h"
#include "arch/trap.h"
#include "mm/fault.h"
#include "mm/mmap.h"

/* Up to the first hole, which is -ENOMEM. Pages of the pool are never locked. */
static int set_locked(struct address_space *space, uintptr_t start, uintptr_t end, bool lock)
{
    while (start < end) {
        struct area *area = area_find(&space->areas, start);
        if (!area_holds(area, start))
            return -ENOMEM;
        uintptr_t stop = area->end < end ? area->end : end;
        if (!(area->flags & AREA_HUGETLB) &&
            space_set_flag_locked(space, start, stop, AREA_LOCKED, lock ? AREA_LOCKED : 0))
            return -ENOMEM;
        start = stop;
    }
    return 0;
}

/* What a page is brought in by: a write where that will make a private page. */
static uint32_t access_to(struct address_space *space, uintptr_t address)
{
    space_lock_read(space);
    struct area *area = area_find(&space->areas, address);
    bool writes =
        area_holds(area, address) && (area->prot & PROT_WRITE) && !(area->flags & AREA_SHARED);
    space_unlock_read(space);
    return X86_PF_USER | (writes ? X86_PF_WRITE : 0);
}

/* -EAGAIN where memory is out, -ENOMEM where a page may not be touched. */
static int bring_in(struct address_space *space, uintptr_t start, uintptr_t end)
{
    uint32_t pkru = cpu_state.pku ? read_pkru() : 0;
    struct fault_verdict verdict;

    for (; start < end; start += PAGE_SIZE)
        if (space_fault(space, start, access_to(space, start), pkru, &verdict))
            return verdict.signal == SIGKILL ? -EAGAIN : -ENOMEM;
    return 0;
}

static int change_range(struct address_space *space, uintptr_t start, size_t size, bool lock,
                        bool now)
{
    uintptr_t from = align_down(start, PAGE_SIZE);
    uintptr_t end = align_up(start + size, PAGE_SIZE);
    int error;

    if (end < from)
        return -EINVAL;
    space_lock_write(space);
    error = set_locked(space, from, end, lock);
    space_unlock_write(space);
    return error || !now ? error : bring_in(space, from, end);
}

int space_lock_range(struct address_space *space, uintptr_t start, size_t size, bool on_fault)
{
    return change_range(space, start, size, true, !on_fault);
}

int space_unlock_range(struct address_space *space, uintptr_t start, size_t size)
{
    return change_range(space, start, size, false, false);
}

static void lock_areas(struct address_space *space, bool lock)
{
    struct area *area;

    space_lock_write(space);
    RB_FOREACH (area, area_tree, &space->areas) {
        if (!(area->flags & AREA_HUGETLB))
            area->flags = (uint8_t)(lock ? area->flags | AREA_LOCKED : area->flags & ~AREA_LOCKED);
        area = area_merge(&space->areas, area);
    }
    space_unlock_write(space);
}

/* Those that cannot be brought in are passed over, as by Linux. */
static void bring_in_all(struct address_space *space)
{
    struct area *area;

    for (uintptr_t at = 0, end; at < USER_END; at = end) {
        space_lock_read(space);
        area = area_find(&space->areas, at);
        uintptr_t start = area ? area->start : USER_END;
        end = area ? area->end : USER_END;
        space_unlock_read(space);
        bring_in(space, start > at ? start : at, end);
    }
}

void space_lock_all(struct address_space *space, int flags)
{
    space->lock_future = flags & MCL_FUTURE;
    space->lock_on_fault = flags & MCL_ONFAULT;
    if (!(flags & MCL_CURRENT))
        return;
    lock_areas(space, true);
    if (!(flags & MCL_ONFAULT))
        bring_in_all(space);
}

void space_unlock_all(struct address_space *space)
{
    space->lock_future = false;
    lock_areas(space, false);
}

void space_populate(struct address_space *space, uintptr_t start, size_t size)
{
    bring_in(space, start, align_up(start + size, PAGE_SIZE));
}

uint64_t space_locked_outside(struct address_space *space, uintptr_t start, uintptr_t end)
{
    struct area *area;
    uint64_t sum = 0;

    space_lock_read(space);
    RB_FOREACH (area, area_tree, &space->areas) {
        uintptr_t from = area->start > start ? area->start : start;
        uintptr_t to = area->end < end ? area->end : end;
        if (area->flags & AREA_LOCKED)
            sum += area->end - area->start - (from < to ? to - from : 0);
    }
    space_unlock_read(space);
    return sum;
}

bool space_has_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
    bool found = false;

    space_lock_read(space);
    for (struct area *area = area_find(&space->areas, start); area && area->start < end && !found;
         area = area->next)
        found = area->flags & AREA_LOCKED;
    space_unlock_read(space);
    return found;
}
