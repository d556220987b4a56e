// SPDX-License-Identifier: MIT
/*
 * pkey_release(2): freeing a key together with what is under it.
 *
 * With the lock to write no VMA comes under the key, changes or goes. The key is free only once
 * all CPUs have forgotten the pages that were under it, because the thread that pkey_alloc() gives
 * it to next has every right to it at once.
 */
#include <asm/errno.h>
#include <asm/mman.h>

#include "arch/cpu/cpu.h"
#include "kernel/call/syscall.h"
#include "kernel/keys/rights.h"
#include "kernel/task/task.h"
#include "libc/include/latchkey/syscalls.h"
#include "mm/space/keys.h"
#include "mm/space/mmap.h"

/* The first VMA under the key at or above an address, or NULL. */
static struct vma *vma_under(struct address_space *space, uint8_t key, uintptr_t address)
{
    struct vma *vma = vma_find(&space->vmas, address);

    while (vma && vma->key != key)
        vma = vma->next;
    return vma;
}

static void move_vmas(struct address_space *space, uint8_t key, uint8_t new_key, bool deny)
{
    struct vma *vma;
    uintptr_t at = 0;

    while ((vma = vma_under(space, key, at))) {
        space_set_rights_locked(space, vma, deny ? PROT_NONE : vma->prot, new_key);
        at = vma_merge(&space->vmas, vma)->end;
    }
    space_flush_locked(space);
}

static int release_locked(struct address_space *space, int key, unsigned int how, int new_key)
{
    if (!keys_is_allocated(&space->key_map, key))
        return -EINVAL;
    int error = rights_check_key(space, key);
    if (error)
        return error;
    if (how == PKEY_RELEASE_REFUSE) {
        if (vma_under(space, (uint8_t)key, 0))
            return -EBUSY;
        return keys_free(&space->key_map, key);
    }
    if (new_key == key ||
        (how == PKEY_RELEASE_MOVE && !keys_is_allocated(&space->key_map, new_key)))
        return -EINVAL;
    error = space_check_range_locked(space, 0, 0, new_key);
    if (error)
        return error;
    move_vmas(space, (uint8_t)key, (uint8_t)new_key, how == PKEY_RELEASE_DENY);
    return keys_free(&space->key_map, key);
}

PARALLEL_SYSCALL3(pkey_release, int, key, unsigned int, how, int, new_key)
{
    struct address_space *space = current()->space;
    int error;

    if (!cpu_state.pku || how > PKEY_RELEASE_MOVE || (how != PKEY_RELEASE_MOVE && new_key != 0))
        return -EINVAL;
    space_lock_write(space);
    error = release_locked(space, key, how, new_key);
    space_unlock_write(space);
    return error;
}
