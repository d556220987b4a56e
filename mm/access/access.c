// SPDX-License-Identifier: MIT
#include "mm/access/access.h"

#include <asm/errno.h>
#include <asm/mman.h>

#include "arch/cpu/trap.h"
#include "arch/mmu/pkru.h"
#include "libc/include/string.h"
#include "mm/space/fault.h"

/*
 * What of PKRU counts: of the caller's own memory that under closed keys, and of another space
 * nothing, where a key's number is another key's.
 */
static uint32_t pkru_for(const struct address_space *space)
{
    uint32_t closed = space->policies.closed;

    return closed && space_is_loaded(space) ? read_pkru() & closed : 0;
}

/* Linux's check_vma_flags(), for enum page_access. */
static bool access_is_refused(const struct address_space *space, const struct vma *vma,
                              unsigned int access)
{
    int needed = access & PAGE_WRITE ? PROT_WRITE : PROT_READ;

    if (vma->prot & needed)
        return false;
    if (!(access & PAGE_FORCED) || !(vma->max_prot & needed))
        return true;
    if (!(access & PAGE_WRITE))
        return false;
    return (vma->flags & VMA_SHARED) ||
           space_check_protection_locked(space, vma->prot, vma->prot | PROT_WRITE, true);
}

/*
 * The memory behind an address: made or copied as an access of that kind would, if pkru allows it;
 * 0 asks no key. The byte there is *memory, good up to the end of its 4 KiB, until the space's lock
 * is let go: it is held to read, so nobody's own memory may be touched by usercopy meanwhile.
 * -EFAULT without the lock.
 */
static int lock_page(struct address_space *space, uintptr_t address, unsigned int access,
                     uint32_t pkru, char **memory)
{
    bool write = access & PAGE_WRITE;
    int error = -EFAULT;

    space_lock_read(space);
    struct vma *vma = vma_find(&space->vmas, address);
    if (vma_holds(vma, address) && !access_is_refused(space, vma, access) &&
        !key_denies(vma->key, pkru, write ? X86_PF_WRITE : 0))
        error = space_memory_locked(space, vma, address, write, memory);
    if (error)
        space_unlock_read(space);
    return error;
}

size_t space_transfer(struct address_space *space, uintptr_t address, void *to, const void *from,
                      size_t size, unsigned int access)
{
    size_t done = 0;

    while (done < size) {
        size_t rest = PAGE_SIZE - (address + done) % PAGE_SIZE;
        size_t count = rest < size - done ? rest : size - done;
        char *memory;
        if (lock_page(space, address + done, access, pkru_for(space), &memory))
            break;
        if (from)
            memcpy(memory, (const char *)from + done, count);
        else
            memcpy((char *)to + done, memory, count);
        space_unlock_read(space);
        done += count;
    }
    return done;
}
