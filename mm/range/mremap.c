// SPDX-License-Identifier: MIT
/*
 * mremap: growing, shrinking and moving. A mapping that moves takes its pages, its key and its
 * rights along: the leaves are carried from the old place to the new one as they are.
 */
#include <asm/errno.h>
#include <linux/mman.h>

#include "arch/cpu/bug.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"
#include "mm/object/object.h"
#include "mm/space/mmap.h"
#include "mm/table/page_table.h"

#define REMAP_FLAGS (MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)

/* Arguments of mremap(2). */
struct remap {
    uintptr_t start;
    size_t old_size, new_size; /* bytes, rounded up to pages */
    int flags;                 /* MREMAP_* */
    uintptr_t wanted;          /* with MREMAP_FIXED; a hint with MREMAP_DONTUNMAP */
    uintptr_t lowest;          /* what is wanted below it is -EPERM */
};

struct carry {
    struct address_space *space;
    intptr_t distance; /* from the old place to the new one */
};

/* Moves leaves; the tables at the new place have been made. */
static int carry_run(const struct pt_run *run, void *context)
{
    struct carry *carry = context;
    uint64_t step = pte_level_size(run->level);
    unsigned int level;

    for (unsigned int i = 0; i < run->count; i++) {
        uintptr_t to = run->address + i * step + (uintptr_t)carry->distance;
        pte_t leaf = run->entries[i];
        if (pte_is_empty(leaf))
            continue;
        pte_t *target = pt_entry(carry->space->root, to, run->level, 0, &level);
        assert(target && level == run->level);
        *target = leaf;
        run->entries[i].value = 0;
        space_gather_leaf_locked(carry->space, run, i, leaf);
    }
    return 0;
}

/* What can fail about carrying leaves: splitting large ones, and making tables. */
static int prepare_tables(struct address_space *space, const struct vma *vma, uintptr_t start,
                          uintptr_t target, size_t size)
{
    struct pt_walk make = {.flags = PT_CREATE, .level = vma->flags & VMA_HUGETLB ? 2 : 1};
    struct pt_walk split = {.flags = PT_SPLIT_ALL, .level = 1};
    int error = 0;

    if (!(vma->flags & VMA_HUGETLB))
        error = pt_walk(space->root, start, start + size, &split);
    return error ? error : pt_walk(space->root, target, target + size, &make);
}

/* How many VMAs must be left to make, as Linux sees it: of a move, and of one to a given place. */
#define AREAS_OF_MOVE    3
#define AREAS_OF_MOVE_TO 5

static bool has_too_many(const struct address_space *space, unsigned int further)
{
    return space->vmas.count + further >= max_map_count;
}

/* Moves a VMA of its own, [VMA->start, VMA->end), to target, where room has been made. */
static int move_vma(struct address_space *space, struct vma *vma, const struct remap *remap,
                    uintptr_t target)
{
    size_t carried = remap->old_size < remap->new_size ? remap->old_size : remap->new_size;
    struct carry carry = {space, (intptr_t)(target - remap->start)};
    struct pt_walk walk = {.visit = carry_run, .context = &carry, .level = 1};
    struct vma template = *vma;

    if (has_too_many(space, AREAS_OF_MOVE))
        return -ENOMEM;
    template.start = target;
    template.end = target + remap->new_size;
    template.object_page += (remap->start - vma->start) >> PAGE_SHIFT;
    struct vma *moved = vma_create(&template);
    if (!moved)
        return -ENOMEM;
    moved->flags &= (uint8_t)~VMA_RESERVED;
    if (prepare_tables(space, vma, remap->start, target, carried)) {
        space_free_tables_locked(space, target, target + remap->new_size,
                                 vma_find(&space->vmas, target + remap->new_size));
        vma_destroy(moved);
        return -ENOMEM;
    }
    pt_walk(space->root, remap->start, remap->start + carried, &walk);
    if (space->vdso - remap->start < carried)
        __atomic_store_n(&space->vdso, space->vdso + (uintptr_t)carry.distance, __ATOMIC_RELAXED);
    vma_insert(&space->vmas, moved);
    space->mapped_pages += remap->new_size >> PAGE_SHIFT;
    if (remap->old_size && !(remap->flags & MREMAP_DONTUNMAP))
        space_unmap_locked(space, remap->start, remap->start + remap->old_size);
    vma_merge(&space->vmas, moved);
    return 0;
}

static int grow_in_place(struct address_space *space, struct vma *vma, size_t by, uintptr_t lowest)
{
    if (vma->start < lowest || !space_is_free_locked(space, vma->end, by))
        return -ENOMEM;
    space->mapped_pages += by >> PAGE_SHIFT;
    vma->end += by;
    vma_merge(&space->vmas, vma);
    return 0;
}

/* Checks that a mapping may become as large as is wanted; Linux's vma_to_resize(). */
static int check_resize(struct address_space *space, const struct vma *vma,
                        const struct remap *remap)
{
    if (remap->old_size == 0 && !(vma->flags & VMA_SHARED))
        return -EINVAL;
    if (remap->old_size > vma->end - remap->start)
        return -EFAULT;
    if (remap->new_size <= remap->old_size && !(remap->flags & MREMAP_DONTUNMAP))
        return 0;
    uint64_t more = remap->new_size - remap->old_size;
    return space_check_growth_locked(space, more, !(vma->flags & VMA_SHARED) ? more : 0);
}

/* Takes away what a smaller size leaves over, of as many VMAs as it lies in. */
static int unmap_tail(struct address_space *space, const struct remap *remap)
{
    if (remap->old_size > USER_END - remap->start)
        return -EINVAL;
    return space_unmap_locked(space, remap->start + remap->new_size,
                              remap->start + remap->old_size);
}

/* Where the mapping goes: 0 where it is wanted, -EPERM, -ENOMEM. */
static int choose_target(struct address_space *space, const struct vma *vma,
                         const struct remap *remap, uintptr_t *target)
{
    uint64_t alignment = vma_alignment(vma->flags);

    *target = remap->wanted;
    if (!(remap->flags & MREMAP_FIXED) &&
        (!*target || *target % alignment ||
         !space_is_free_locked(space, *target, remap->new_size))) {
        *target = space_find_gap_locked(space, remap->new_size, alignment);
        return *target ? 0 : -ENOMEM;
    }
    return *target < remap->lowest ? -EPERM : 0;
}

static int remap_to(struct address_space *space, struct vma *vma, struct remap *remap,
                    uintptr_t *result)
{
    struct remap kept = *remap;
    uintptr_t target;
    int error;

    if (has_too_many(space, AREAS_OF_MOVE_TO))
        return -ENOMEM;
    if (kept.old_size > kept.new_size)
        kept.old_size = kept.new_size;
    error = check_resize(space, vma, &kept); /* before anything is taken away */
    if (!error)
        error = choose_target(space, vma, remap, &target);
    if (error)
        return error;
    if (remap->flags & MREMAP_FIXED) {
        error = space_unmap_locked(space, target, target + remap->new_size);
        if (error)
            return error;
    }
    if (remap->old_size > remap->new_size) {
        error = unmap_tail(space, remap);
        if (error)
            return error;
        remap->old_size = remap->new_size;
    }
    vma = vma_find(&space->vmas, remap->start);
    *result = target;
    return move_vma(space, vma, remap, target);
}

/* Both what moves, of which there is one page at least, and what is in the way. */
static int check_ranges(struct address_space *space, const struct remap *remap)
{
    uint64_t room = USER_END - remap->start;
    uint64_t size = remap->old_size ? remap->old_size : PAGE_SIZE;
    int error = space_check_range_locked(space, remap->start,
                                         remap->start + (size < room ? size : room), -1);

    if (error || !(remap->flags & MREMAP_FIXED))
        return error;
    return space_check_range_locked(space, remap->wanted, remap->wanted + remap->new_size, -1);
}

static int remap_locked(struct address_space *space, struct remap *remap, uintptr_t *result)
{
    struct vma *vma = vma_find(&space->vmas, remap->start);
    int error;

    if (!vma_holds(vma, remap->start))
        return -EFAULT;
    if ((remap->old_size | remap->new_size | remap->start) % vma_alignment(vma->flags))
        return -EINVAL;
    error = check_ranges(space, remap);
    if (error)
        return error;
    if (remap->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
        return remap_to(space, vma, remap, result);
    *result = remap->start;
    if (remap->old_size >= remap->new_size)
        return remap->old_size == remap->new_size ? 0 : unmap_tail(space, remap);
    error = check_resize(space, vma, remap);
    if (error)
        return error;
    if (remap->old_size == vma->end - remap->start && !(vma->flags & VMA_HUGETLB) &&
        !grow_in_place(space, vma, remap->new_size - remap->old_size, remap->lowest))
        return 0;
    if (!(remap->flags & MREMAP_MAYMOVE))
        return -ENOMEM;
    *result = space_find_gap_locked(space, remap->new_size, vma_alignment(vma->flags));
    return *result ? move_vma(space, vma, remap, *result) : -ENOMEM;
}

/* What is asked of a target, with MREMAP_DONTUNMAP of 0 too. */
static int check_target(const struct remap *remap)
{
    if (remap->wanted % PAGE_SIZE)
        return -EINVAL;
    if (remap->new_size > USER_END || remap->wanted > USER_END - remap->new_size)
        return -EINVAL;
    if (remap->start + remap->old_size > remap->wanted &&
        remap->wanted + remap->new_size > remap->start)
        return -EINVAL;
    return 0;
}

static int remap_range(struct address_space *space, struct remap *remap, uintptr_t *result)
{
    int flags = remap->flags;
    int error;

    if ((flags & ~REMAP_FLAGS) || ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE)))
        return -EINVAL;
    if ((flags & MREMAP_DONTUNMAP) &&
        (!(flags & MREMAP_MAYMOVE) || remap->old_size != remap->new_size))
        return -EINVAL;
    if (remap->start % PAGE_SIZE || remap->new_size == 0)
        return -EINVAL;
    if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
        error = check_target(remap);
        if (error)
            return error;
    }
    space_lock_write(space);
    error = remap_locked(space, remap, result);
    space_flush_locked(space);
    space_unlock_write(space);
    return error;
}

PARALLEL_SYSCALL5(mremap, uintptr_t, start, size_t, old_size, size_t, new_size, int, flags,
                  uintptr_t, wanted)
{
    struct remap remap = {
        .start = start,
        .old_size = align_up(old_size, PAGE_SIZE),
        .new_size = align_up(new_size, PAGE_SIZE),
        .flags = flags,
        .wanted = wanted,
        .lowest = credentials_lowest_address(),
    };
    uintptr_t result = 0;
    int error = remap_range(current()->space, &remap, &result);

    return error ? error : (long)result;
}
