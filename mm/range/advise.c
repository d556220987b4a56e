// SPDX-License-Identifier: MIT
/* madvise: what changes pages or VMAs; other advice is taken and nothing follows from it. */
#include <asm/errno.h>
#include <asm/mman.h>
#include <asm/siginfo.h>
#include <asm/signal.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/trap.h"
#include "arch/mmu/pkru.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"
#include "mm/hole/holes.h"
#include "mm/range/range.h"
#include "mm/space/fault.h"
#include "mm/space/mmap.h"

int space_set_flag_locked(struct address_space *space, uintptr_t start, uintptr_t end,
                          unsigned int flag, unsigned int value)
{
    struct vma *vma;

    if (space_split_bounds_locked(space, start, end))
        return -EAGAIN;
    vma = vma_find(&space->vmas, start);
    vma->flags = (uint8_t)((vma->flags & ~flag) | value);
    vma_merge(&space->vmas, vma);
    return 0;
}

/* MADV_REMOVE: what has the object mapped finds zeros. */
static int clear_object(const struct vma *vma, uintptr_t start, uintptr_t end)
{
    uint64_t from = (vma->object_page << PAGE_SHIFT) + (start - vma->start);

    if (!vma->object)
        return -EINVAL;
    if (!(vma->flags & VMA_SHARED) || !(vma->max_prot & PROT_WRITE))
        return -EACCES;
    object_clear(vma->object, from, from + (end - start));
    return 0;
}

/* Whether a VMA refuses advice that would take its pages. */
static bool keeps_pages(const struct vma *vma, int advice)
{
    switch (advice) {
    case MADV_FREE:
        return vma->object || (vma->flags & (VMA_LOCKED | VMA_HUGETLB));
    case MADV_COLD:
    case MADV_PAGEOUT:
        return vma->flags & (VMA_LOCKED | VMA_HUGETLB);
    case MADV_DONTNEED:
    case MADV_REMOVE:
        return vma->flags & VMA_LOCKED;
    default:
        return false;
    }
}

static int advise_vma(struct address_space *space, struct vma *vma, uintptr_t start, uintptr_t end,
                      int advice)
{
    if (keeps_pages(vma, advice))
        return -EINVAL;
    switch (advice) {
    case MADV_REMOVE:
        return clear_object(vma, start, end);
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
    case MADV_FREE:
        if (page_pool() &&
            (page_pool()->split_locked(space, start) || page_pool()->split_locked(space, end)))
            return -ENOMEM;
        space_zap_locked(space, start, end);
        return 0;
    case MADV_HUGEPAGE:
        return space_set_flag_locked(space, start, end, VMA_HUGE, VMA_HUGE);
    case MADV_NOHUGEPAGE:
        return space_set_flag_locked(space, start, end, VMA_HUGE, 0);
    case MADV_DONTFORK:
        return space_set_flag_locked(space, start, end, VMA_NO_FORK, VMA_NO_FORK);
    case MADV_DOFORK:
        return space_set_flag_locked(space, start, end, VMA_NO_FORK, 0);
    case MADV_WIPEONFORK:
        if (vma->object || (vma->flags & VMA_SHARED))
            return -EINVAL;
        return space_set_flag_locked(space, start, end, VMA_WIPE, VMA_WIPE);
    case MADV_KEEPONFORK:
        return space_set_flag_locked(space, start, end, VMA_WIPE, 0);
    default:
        return 0;
    }
}

/* Whether memory, or what a child gets of it, is another after it. */
static bool changes_contents(int advice)
{
    switch (advice) {
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
    case MADV_FREE:
    case MADV_REMOVE:
    case MADV_DONTFORK:
    case MADV_DOFORK:
    case MADV_WIPEONFORK:
    case MADV_KEEPONFORK:
        return true;
    default:
        return false;
    }
}

static int advise_locked(struct address_space *space, uintptr_t start, uintptr_t end, int advice)
{
    bool hole = false;

    if (changes_contents(advice) && space_check_range_locked(space, start, end, -1))
        return -EACCES;
    while (start < end) {
        struct vma *vma = vma_find(&space->vmas, start);
        if (!vma || vma->start >= end) {
            hole = true;
            break;
        }
        if (vma->start > start) {
            hole = true;
            start = vma->start;
        }
        uintptr_t stop = vma->end < end ? vma->end : end;
        int error = advise_vma(space, vma, start, stop, advice);
        if (error)
            return error;
        start = stop;
    }
    return hole ? -ENOMEM : 0;
}

/* Whether the page's VMA is for reading: the CPU also reads what may only be written or executed.
 */
static bool is_readable(struct address_space *space, uintptr_t address)
{
    space_lock_read(space);
    struct vma *vma = vma_find(&space->vmas, address);
    bool result = !vma_holds(vma, address) || (vma->prot & PROT_READ);
    space_unlock_read(space);
    return result;
}

/* MADV_POPULATE_*: as if each page were read or written here, without its content changing. */
static int populate(struct address_space *space, uintptr_t start, uintptr_t end, uint32_t access)
{
    uint32_t pkru = cpu_state.pku ? read_pkru() : 0;
    struct fault_verdict verdict;

    for (; start < end; start += PAGE_SIZE) {
        if (access != X86_PF_WRITE && !is_readable(space, start))
            return -EINVAL;
        if (!space_fault(space, start, X86_PF_USER | access, pkru, &verdict))
            continue;
        if (verdict.signal == SIGSEGV)
            return verdict.code == SEGV_MAPERR ? -ENOMEM : -EINVAL;
        return verdict.signal == SIGBUS ? -EFAULT : -ENOMEM;
    }
    return 0;
}

PARALLEL_SYSCALL3(madvise, uintptr_t, start, size_t, size, int, advice)
{
    struct address_space *space = current()->space;
    uintptr_t end = start + align_up(size, PAGE_SIZE);
    int error;

    switch (advice) {
    case MADV_NORMAL:
    case MADV_RANDOM:
    case MADV_SEQUENTIAL:
    case MADV_WILLNEED:
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
    case MADV_FREE:
    case MADV_REMOVE:
    case MADV_COLD:
    case MADV_PAGEOUT:
    case MADV_MERGEABLE:
    case MADV_UNMERGEABLE:
    case MADV_HUGEPAGE:
    case MADV_NOHUGEPAGE:
    case MADV_DONTFORK:
    case MADV_DOFORK:
    case MADV_WIPEONFORK:
    case MADV_KEEPONFORK:
    case MADV_DONTDUMP:
    case MADV_DODUMP:
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE:
        break;
    default:
        return -EINVAL;
    }
    if (start % PAGE_SIZE || end < start)
        return -EINVAL;
    if (end == start)
        return size ? -EINVAL : 0;
    if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
        return populate(space, start, end, advice == MADV_POPULATE_WRITE ? X86_PF_WRITE : 0);
    space_lock_write(space);
    error = advise_locked(space, start, end, advice);
    space_flush_locked(space);
    space_unlock_write(space);
    return error;
}
