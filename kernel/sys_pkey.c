// SPDX-License-Identifier: MIT
/*
 * What the calls for protection keys were to be when they were proposed, and Linux did not take:
 * rights read and changed by a system call. Each thread has its own, so neither takes a lock.
 */
#include "arch/cpu.h"
#include "arch/pkru.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "mm/address_space.h"
#include "mm/keys.h"

static bool is_callers(int key)
{
    return cpu_state.pku && keys_is_allocated(&current()->space->key_map, key);
}

PARALLEL_SYSCALL1(pkey_get, int, key)
{
    return is_callers(key) ? (long)pkru_rights(read_pkru(), (unsigned int)key) : -EINVAL;
}

PARALLEL_SYSCALL2(pkey_set, int, key, uint64_t, rights)
{
    if (rights & ~(uint64_t)(PKRU_AD | PKRU_WD) || !is_callers(key))
        return -EINVAL;
    if (policy_denies(&current()->space->policies, key))
        return -EACCES;
    pkru_change((unsigned int)key, (uint32_t)rights);
    return 0;
}
