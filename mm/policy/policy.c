// SPDX-License-Identifier: MIT
/*
 * pkey_policy(2): what a process says about its keys that Linux has no word for. Its guards are
 * asked before VMAs change, and whoever lacks a right to a key that has policies neither frees it
 * nor sets rights to it by a call. What is closed and kept the rooms below look at in the masks.
 *
 * The room owns this call, pkey_release(2) and MDWE: rules that go beyond Linux's on keys, or are
 * asked for by one process. It leaves the masks of closed and kept keys to whom they concern
 * (mm/space/address_space.h), and Linux's own calls on keys to kernel/keys/.
 */
#include <asm/errno.h>

#include "arch/cpu/cpu.h"
#include "kernel/call/syscall.h"
#include "kernel/keys/rights.h"
#include "kernel/task/task.h"
#include "kernel/vdso/vdso.h"
#include "libc/include/latchkey/syscalls.h"
#include "mm/space/address_space.h"
#include "mm/space/keys.h"
#include "mm/space/mmap.h"

#define POLICIES (PKEY_GUARDED | PKEY_CLOSED | PKEY_KEPT)

static void change_mask(uint32_t *mask, unsigned int key, bool has)
{
    *mask = pkru_with_rights(*mask, key, has ? PKRU_RIGHTS : 0);
}

static void store(struct key_policies *policies, unsigned int key, unsigned int of_key)
{
    change_mask(&policies->guarded, key, of_key & PKEY_GUARDED);
    change_mask(&policies->closed, key, of_key & PKEY_CLOSED);
    change_mask(&policies->kept, key, of_key & PKEY_KEPT);
}

static unsigned int load(const struct key_policies *policies, unsigned int key)
{
    return (pkru_rights(policies->guarded, key) ? PKEY_GUARDED : 0) |
           (pkru_rights(policies->closed, key) ? PKEY_CLOSED : 0) |
           (pkru_rights(policies->kept, key) ? PKEY_KEPT : 0);
}

static uint32_t policies_any(const struct address_space *space)
{
    return space->policies.guarded | space->policies.closed | space->policies.kept;
}

static void store_locked(struct address_space *space, unsigned int key, unsigned int of_key)
{
    store(&space->policies, key, of_key);
    space->rules &= ~(uint32_t)(RULES_ON_RANGES | RULES_ON_KEYS);
    if (space->policies.guarded)
        space->rules |= RULES_ON_RANGES;
    if (policies_any(space))
        space->rules |= RULES_ON_KEYS;
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
    store_locked(space, (unsigned int)key, (before | set) & ~clear);
    return (int)before;
}

/* The policies that the key had, before those in set came and those in clear went. */
static int change(struct address_space *space, int key, unsigned int set, unsigned int clear)
{
    if (!cpu_state.pku || ((set | clear) & ~(unsigned int)POLICIES) || (set & clear))
        return -EINVAL;
    space_lock_write(space);
    int result = change_locked(space, key, set, clear);
    space_unlock_write(space);
    return result;
}

SYSCALL3(pkey_policy, int, key, unsigned int, set, unsigned int, clear)
{
    int before = change(current()->space, key, set, clear);

    if (before >= 0 && (set & PKEY_CLOSED) && !(before & PKEY_CLOSED))
        vdso_close(current()->space);
    return before;
}

/* What was said of the key before is forgotten. */
static void forget(struct address_space *space, int key)
{
    space_lock_write(space);
    store_locked(space, (unsigned int)key, 0);
    space_unlock_write(space);
}

ATTACH(key_is_given_out, forget);

/* A copy has the same keys, a program none. */
static void copy(struct address_space *space, const struct address_space *old, bool is_copy)
{
    if (!is_copy)
        return;
    space->policies = old->policies;
    space->rules |= old->rules & (RULES_ON_RANGES | RULES_ON_KEYS);
}

ATTACH(space_is_made, copy);

/*
 * What the caller's PKRU says of a key of another address space is nothing, so there a policy
 * denies everybody.
 */
static int ask_key(const struct address_space *space, int key)
{
    uint32_t denied = policies_any(space);

    if (space == current()->space)
        denied &= read_pkru();
    return key >= 0 && key < PKEY_COUNT && pkru_rights(denied, (unsigned int)key) ? -EACCES : 0;
}

ATTACH(key_changes, ask_key);

/* Handlers run with the kept rights of whom they interrupt, so who lacks them makes none. */
static int ask_handlers(const struct address_space *space)
{
    return read_pkru() & space->policies.kept ? -EACCES : 0;
}

ATTACH(handlers_change, ask_handlers);

static int ask_guards(struct address_space *space, uintptr_t start, uintptr_t end, int key)
{
    uint32_t denied = read_pkru() & space->policies.guarded;
    struct vma *vma;

    if (!denied)
        return 0;
    if (key >= 0 && pkru_rights(denied, (unsigned int)key))
        return -EACCES;
    for (vma = vma_find(&space->vmas, start); vma && vma->start < end; vma = vma->next)
        if (pkru_rights(denied, vma->key))
            return -EACCES;
    return 0;
}

ATTACH(range_changes, ask_guards);
