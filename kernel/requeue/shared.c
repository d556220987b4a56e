// SPDX-License-Identifier: MIT
/*
 * Which word is the same futex as which other, for those that are not said to be private. One in
 * private memory is not known by its page, which copy-on-write may replace.
 */
#include <asm/errno.h>
#include <asm/mman.h>

#include "arch/mmu/usercopy.h"
#include "kernel/futex/futex.h"
#include "kernel/requeue/user_word.h"
#include "kernel/task/task.h"
#include "mm/object/object.h"
#include "mm/space/address_space.h"

enum futex_scope {
    FUTEX_PRIVATE,   /* a word of one address space, by its address */
    FUTEX_SHARED,    /* of private memory: the same, but never equal to a private one */
    FUTEX_OF_OBJECT, /* of a file or shared memory: the object, and where the word is in it */
};

static int key_in_vma(const struct vma *vma, uintptr_t address, bool read_only,
                      struct futex_key *key)
{
    if (vma->object && ((vma->flags & VMA_SHARED) || read_only)) {
        uint64_t start = vma->object_page << PAGE_SHIFT;
        *key = (struct futex_key){FUTEX_OF_OBJECT, vma->object->number,
                                  start + (address - vma->start)};
        return 0;
    }
    key->scope = FUTEX_SHARED;
    return read_only ? -EFAULT : 0;
}

/*
 * As on Linux, a word that cannot be written is read: from a page that is there as its key allows,
 * from one that is not there only if the VMA, too, may be read and is not execute-only.
 */
static int make_shared(uintptr_t address, bool write, struct futex_key *key)
{
    struct address_space *space = current()->space;
    uint32_t value;
    bool is_there = user_word_try_load(address, &value) == 0;
    bool read_only = user_word_prepare(address) != 0;

    if (read_only && (write || user_word_load(address, &value)))
        return -EFAULT;
    space_lock_read(space);
    const struct vma *vma = vma_find(&space->vmas, address);
    int error = vma_holds(vma, address) && (is_there || vma->prot & PROT_READ)
                    ? key_in_vma(vma, address, read_only, key)
                    : -EFAULT;
    space_unlock_read(space);
    return error;
}

ATTACH(futex_is_shared, make_shared);
