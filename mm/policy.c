// SPDX-License-Identifier: MIT
#include "mm/policy.h"

#include <asm/errno.h>

#include "arch/cpu.h"
#include "libc/include/latchkey/syscalls.h"
#include "mm/address_space.h"
#include "mm/keys.h"

#define POLICIES (PKEY_GUARDED | PKEY_CLOSED | PKEY_KEPT)

static void change_mask(uint32_t *mask, unsigned int key, bool has)
{
    *mask = pkru_with_rights(*mask, key, has ? PKRU_AD | PKRU_WD : 0);
}

static void store(struct key_policies *policies, unsigned int key, unsigned int of_key)
{
    change_mask(&policies->guarded, key, of_key & PKEY_GUARDED);
    change_mask(&policies->closed, key, of_key & PKEY_CLOSED);
    change_mask(&policies->kept, key, of_key & PKEY_KEPT);
    change_mask(&policies->any, key, of_key);
}

static unsigned int load(const struct key_policies *policies, unsigned int key)
{
    return (pkru_rights(policies->guarded, key) ? PKEY_GUARDED : 0) |
           (pkru_rights(policies->closed, key) ? PKEY_CLOSED : 0) |
           (pkru_rights(policies->kept, key) ? PKEY_KEPT : 0);
}

static int change_locked(struct address_space *space, int key, unsigned int set, unsigned int clear)
{
    if (!keys_is_allocated(&space->key_map, key))
        return -EINVAL;
    unsigned int before = load(&space->policies, (unsigned int)key);
    if (!set && !clear)
        return (int)before;
    if (pkru_rights(read_pkru(), (unsigned int)key))
        return -EACCES;
    store(&space->policies, (unsigned int)key, (before | set) & ~clear);
    return (int)before;
}

int space_change_policies(struct address_space *space, int key, unsigned int set,
                          unsigned int clear)
{
    if (!cpu_state.pku || ((set | clear) & ~(unsigned int)POLICIES) || (set & clear))
        return -EINVAL;
    space_lock_write(space);
    int result = change_locked(space, key, set, clear);
    space_unlock_write(space);
    return result;
}

void space_forget_policies(struct address_space *space, int key)
{
    space_lock_write(space);
    store(&space->policies, (unsigned int)key, 0);
    space_unlock_write(space);
}

int space_ask_guards_locked(struct address_space *space, uintptr_t start, uintptr_t end, int key)
{
    uint32_t denied = read_pkru() & space->policies.guarded;
    struct area *area;

    if (!denied)
        return 0;
    if (key >= 0 && pkru_rights(denied, (unsigned int)key))
        return -EACCES;
    for (area = area_find(&space->areas, start); area && area->start < end; area = area->next)
        if (pkru_rights(denied, area->key))
            return -EACCES;
    return 0;
}
