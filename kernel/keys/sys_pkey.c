// SPDX-License-Identifier: MIT
/*
 * Linux's three calls on keys, and the two on the caller's own rights that were proposed for it and
 * not taken. The path of pkey_mprotect is here -> space_protect() -> one table walk -> one flush.
 */
#include "arch/cpu/cpu.h"
#include "arch/mmu/pkru.h"
#include "kernel/call/syscall.h"
#include "kernel/keys/rights.h"
#include "kernel/task/task.h"
#include "mm/space/keys.h"
#include "mm/space/mmap.h"

/* ---- Linux's calls ---- */

PARALLEL_SYSCALL2(pkey_alloc, uint64_t, flags, uint64_t, rights)
{
    struct address_space *space = current()->space;

    if (flags)
        return -EINVAL;
    if (rights & ~(uint64_t)(PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE))
        return -EINVAL;
    int key = keys_alloc(&space->key_map);
    if (key < 0)
        return key;
    if (space->rules & RULES_ON_KEYS)
        TELL(key_is_given_out, space, key);
    pkru_change((unsigned int)key, (uint32_t)rights);
    return key;
}

PARALLEL_SYSCALL1(pkey_free, int, key)
{
    struct address_space *space = current()->space;
    int error = rights_check_key(space, key);

    return error ? error : keys_free(&space->key_map, key);
}

/* All 64 bits of prot count; of the key's, the low 32. */
PARALLEL_SYSCALL4(pkey_mprotect, uintptr_t, start, size_t, size, uint64_t, prot, int, key)
{
    return space_protect(current()->space, start, size, prot, key);
}

/* ---- the caller's own rights: each thread has its own, so no lock is taken ---- */

PARALLEL_SYSCALL1(pkey_get, int, key)
{
    return key_is_callers(key) ? (long)pkru_rights(read_pkru(), (unsigned int)key) : -EINVAL;
}

/* Apart, because the call costs others a frame of their own. */
static __attribute__((noinline)) long set_if_allowed(int key, uint32_t rights)
{
    int error = rights_ask_key(current()->space, key);

    if (!error)
        pkru_change((unsigned int)key, rights);
    return error;
}

PARALLEL_SYSCALL2(pkey_set, int, key, uint64_t, rights)
{
    if (rights & ~(uint64_t)PKRU_RIGHTS || !key_is_callers(key))
        return -EINVAL;
    if (current()->space->rules & RULES_ON_KEYS)
        return set_if_allowed(key, (uint32_t)rights);
    pkru_change((unsigned int)key, (uint32_t)rights);
    return 0;
}
