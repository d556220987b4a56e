// SPDX-License-Identifier: MIT
/*
 * mlock and its kin. Nothing is ever swapped, so a locked VMA differs in what it refuses: its
 * pages are there from the start and are not given back by advice.
 */
#include <asm/signal.h>
#include <linux/mman.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/trap.h"
#include "arch/mmu/pkru.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/task/process.h"
#include "kernel/task/task.h"
#include "mm/range/range.h"
#include "mm/space/fault.h"
#include "mm/space/mmap.h"

/* ---- ranges ---- */

/* Up to the first hole, which is -ENOMEM. Pages of the pool are never locked. */
static int set_locked(struct address_space *space, uintptr_t start, uintptr_t end, bool lock)
{
    while (start < end) {
        struct vma *vma = vma_find(&space->vmas, start);
        if (!vma_holds(vma, start))
            return -ENOMEM;
        uintptr_t stop = vma->end < end ? vma->end : end;
        if (!(vma->flags & VMA_HUGETLB) &&
            space_set_flag_locked(space, start, stop, VMA_LOCKED, lock ? VMA_LOCKED : 0))
            return -ENOMEM;
        start = stop;
    }
    return 0;
}

/* What a page is brought in by: a write where that will make a private page. */
static uint32_t access_to(struct address_space *space, uintptr_t address)
{
    space_lock_read(space);
    struct vma *vma = vma_find(&space->vmas, address);
    bool writes = vma_holds(vma, address) && (vma->prot & PROT_WRITE) && !(vma->flags & VMA_SHARED);
    space_unlock_read(space);
    return X86_PF_USER | (writes ? X86_PF_WRITE : 0);
}

/* As a touch would: -ENOMEM where one is not allowed, -EAGAIN when memory is out. */
static int bring_in(struct address_space *space, uintptr_t start, uintptr_t end)
{
    uint32_t pkru = cpu_state.pku ? read_pkru() : 0;
    struct fault_verdict verdict;

    for (; start < end; start += PAGE_SIZE)
        if (space_fault(space, start, access_to(space, start), pkru, &verdict))
            return verdict.signal == SIGKILL ? -EAGAIN : -ENOMEM;
    return 0;
}

static void bring_in_mapping(struct address_space *space, uintptr_t start, uintptr_t end)
{
    bring_in(space, start, end);
}

ATTACH(mapping_populates, bring_in_mapping);

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
    space_flush_locked(space);
    space_unlock_write(space);
    return error || !now ? error : bring_in(space, from, end);
}

/* What mappings from now on begin with. */
static void set_future(struct address_space *space, int flags)
{
    space_lock_write(space);
    space->lock_future = flags & MCL_FUTURE;
    space->lock_on_fault = flags & MCL_ONFAULT;
    space_unlock_write(space);
}

static void lock_vmas(struct address_space *space, bool lock)
{
    struct vma *vma;

    space_lock_write(space);
    RB_FOREACH (vma, vma_tree, &space->vmas) {
        if (!(vma->flags & VMA_HUGETLB))
            vma->flags = (uint8_t)(lock ? vma->flags | VMA_LOCKED : vma->flags & ~VMA_LOCKED);
        vma = vma_merge(&space->vmas, vma);
    }
    space_unlock_write(space);
}

/* Those that cannot be brought in are passed over, as by Linux. */
static void bring_in_all(struct address_space *space)
{
    struct vma *vma;

    for (uintptr_t at = 0, end; at < USER_END; at = end) {
        space_lock_read(space);
        vma = vma_find(&space->vmas, at);
        uintptr_t start = vma ? vma->start : USER_END;
        end = vma ? vma->end : USER_END;
        space_unlock_read(space);
        bring_in(space, start > at ? start : at, end);
    }
}

/* ---- the limit ---- */

/* How many bytes are locked outside of the range. */
static uint64_t locked_outside(struct address_space *space, uintptr_t start, uintptr_t end)
{
    struct vma *vma;
    uint64_t sum = 0;

    space_lock_read(space);
    RB_FOREACH (vma, vma_tree, &space->vmas) {
        uintptr_t from = vma->start > start ? vma->start : start;
        uintptr_t to = vma->end < end ? vma->end : end;
        if (vma->flags & VMA_LOCKED)
            sum += vma->end - vma->start - (from < to ? to - from : 0);
    }
    space_unlock_read(space);
    return sum;
}

/* RLIMIT_MEMLOCK, in bytes, for those whom it is for. With 0 nothing may be locked at all. */
static uint64_t lock_limit(void)
{
    if (task_may(CAP_IPC_LOCK))
        return UINT64_MAX;
    return current_process()->limits[RLIMIT_MEMLOCK].rlim_cur;
}

/* Whether so many bytes may be locked, besides those that are, but for those of that range. */
static bool may_lock(uint64_t bytes, uintptr_t start, uintptr_t end)
{
    uint64_t limit = lock_limit();

    return limit == UINT64_MAX ||
           (bytes <= limit && locked_outside(current()->space, start, end) <= limit - bytes);
}

/* What is mapped locked, because it is asked for or by mlockall(MCL_FUTURE). */
static int check_mapping(struct map_request *request, int *flags)
{
    const struct address_space *space = current()->space;
    bool by_flag = *flags & MAP_LOCKED;

    if (!by_flag && !space->lock_future)
        return 0;
    if (by_flag && !lock_limit())
        return -EPERM;
    if (!may_lock(align_up(request->size, PAGE_SIZE), 0, 0))
        return -EAGAIN;
    if (by_flag && !(*flags & MAP_HUGETLB))
        request->vma_flags |= VMA_LOCKED;
    if (space->lock_future && !space->lock_on_fault)
        *flags |= MAP_POPULATE;
    return 0;
}

ATTACH(mapping_begins, check_mapping);

/* ---- the calls ---- */

static long lock_range(uintptr_t start, size_t size, bool on_fault)
{
    uintptr_t from = align_down(start, PAGE_SIZE);
    uint64_t bytes = align_up(size + (start - from), PAGE_SIZE);

    if (!lock_limit())
        return -EPERM;
    if (!may_lock(bytes, from, from + bytes))
        return -ENOMEM;
    return change_range(current()->space, start, size, true, !on_fault);
}

PARALLEL_SYSCALL2(mlock, uintptr_t, start, size_t, size)
{
    return lock_range(start, size, false);
}

PARALLEL_SYSCALL3(mlock2, uintptr_t, start, size_t, size, int, flags)
{
    if (flags & ~MLOCK_ONFAULT)
        return -EINVAL;
    return lock_range(start, size, flags & MLOCK_ONFAULT);
}

PARALLEL_SYSCALL2(munlock, uintptr_t, start, size_t, size)
{
    return change_range(current()->space, start, size, false, false);
}

PARALLEL_SYSCALL1(mlockall, int, flags)
{
    struct address_space *space = current()->space;

    if (flags == 0 || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
        return -EINVAL;
    if (!lock_limit())
        return -EPERM;
    if ((flags & MCL_CURRENT) && space->mapped_pages > lock_limit() >> PAGE_SHIFT)
        return -ENOMEM;
    set_future(space, flags);
    if (!(flags & MCL_CURRENT))
        return 0;
    lock_vmas(space, true);
    if (!(flags & MCL_ONFAULT))
        bring_in_all(space);
    return 0;
}

PARALLEL_SYSCALL0(munlockall)
{
    set_future(current()->space, 0);
    lock_vmas(current()->space, false);
    return 0;
}
