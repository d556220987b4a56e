// SPDX-License-Identifier: MIT
/*
 * prctl(PR_SET_MDWE), "memory deny write execute": code that has been subverted, or a mistake, gets
 * no memory that is writable and executable. What is said once is said for good.
 */
#include <asm/errno.h>
#include <asm/mman.h>

#include "libc/include/latchkey/mdwe.h"
#include "mm/address_space.h"

static bool is_writable_code(int prot)
{
    return (prot & PROT_WRITE) && (prot & PROT_EXEC);
}

static bool has_writable_code(struct address_space *space)
{
    struct area *area;

    RB_FOREACH (area, area_tree, &space->areas)
        if (is_writable_code(area->prot))
            return true;
    return false;
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
        space->mdwe = flags;
    space_unlock_write(space);
    return error;
}

void space_inherit_mdwe(struct address_space *space, const struct address_space *old)
{
    if (old && !(old->mdwe & PR_MDWE_NO_INHERIT))
        space->mdwe = old->mdwe;
}

bool space_refuses_exec_locked(const struct address_space *space, int before, int after)
{
    if (is_writable_code(after))
        return true;
    return (space->mdwe & PR_MDWE_REFUSE_EXEC_GAIN) && (after & PROT_EXEC) && !(before & PROT_EXEC);
}

/*
 * Through /proc/self/mem code would be written that no mapping lets anybody write. What another
 * process writes, a debugger, is not concerned.
 */
bool space_refuses_patch_locked(const struct address_space *space, int prot)
{
    return (space->mdwe & PR_MDWE_REFUSE_WRITE_EXEC) && (prot & PROT_EXEC) &&
           space_is_loaded(space);
}
