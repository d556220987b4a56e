// SPDX-License-Identifier: MIT
#include "mm/policy/mdwe.h"

#include <asm/errno.h>
#include <asm/mman.h>

#include "libc/include/latchkey/mdwe.h"
#include "mm/space/address_space.h"
#include "mm/space/mmap.h"

static bool is_writable_code(int prot)
{
    return (prot & PROT_WRITE) && (prot & PROT_EXEC);
}

static bool has_writable_code(struct address_space *space)
{
    struct vma *vma;

    RB_FOREACH (vma, vma_tree, &space->vmas)
        if (is_writable_code(vma->prot))
            return true;
    return false;
}

static void store_locked(struct address_space *space, uint32_t flags)
{
    space->mdwe = flags;
    if (flags)
        space->rules |= RULES_ON_PROTECTION;
}

int space_set_mdwe(struct address_space *space, uint32_t flags)
{
    int error = 0;

    space_lock_write(space);
    if (space->mdwe && space->mdwe != flags)
        error = -EPERM;
    else if ((flags & PR_MDWE_REFUSE_WRITE_EXEC) && has_writable_code(space))
        error = -EBUSY;
    else
        store_locked(space, flags);
    space_unlock_write(space);
    return error;
}

/* A new space, after fork() or exec, gets what the old one hands on. */
static void inherit(struct address_space *space, const struct address_space *old, bool is_copy)
{
    (void)is_copy;
    if (old && !(old->mdwe & PR_MDWE_NO_INHERIT))
        store_locked(space, old->mdwe);
}

ATTACH(space_is_made, inherit);

/*
 * Through /proc/self/mem code would be written that no mapping lets anybody write. What another
 * process writes, a debugger, is not concerned.
 */
static bool refuses_patch(const struct address_space *space, int prot)
{
    return (space->mdwe & PR_MDWE_REFUSE_WRITE_EXEC) && (prot & PROT_EXEC) &&
           space_is_loaded(space);
}

static bool refuses_protection(const struct address_space *space, int before, int after)
{
    if (is_writable_code(after))
        return true;
    return (space->mdwe & PR_MDWE_REFUSE_EXEC_GAIN) && (after & PROT_EXEC) && !(before & PROT_EXEC);
}

static int judge(const struct address_space *space, int before, int after, bool by_force)
{
    bool refused = by_force ? refuses_patch(space, before)
                            : space->mdwe && refuses_protection(space, before, after);

    return refused ? -EACCES : 0;
}

ATTACH(protection_changes, judge);
