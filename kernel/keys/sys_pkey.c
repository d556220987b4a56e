// SPDX-License-Identifier: MIT
/*
 * Linux's three calls on keys, the two on the caller's own rights that were proposed for it and not
 * taken, and two on the rights of other threads. The path of pkey_mprotect is here ->
 * space_protect() -> one table walk -> one flush.
 */
#include "arch/cpu/cpu.h"
#include "arch/mmu/pkru.h"
#include "kernel/call/permission.h"
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

/* As on Linux, pages and PKRU stay as they are: the program must have dealt with both. */
PARALLEL_SYSCALL1(pkey_free, int, key)
{
    struct address_space *space = current()->space;
    int error = rights_check_key(space, key);

    return error ? error : keys_free(&space->key_map, key);
}

/* All 64 bits of prot count, but only the low 32 of key. */
PARALLEL_SYSCALL4(pkey_mprotect, uintptr_t, start, size_t, size, uint64_t, prot, int, key)
{
    return space_protect(current()->space, start, size, prot, key);
}

/* ---- the caller's own rights: each thread has its own, so no lock is taken ---- */

PARALLEL_SYSCALL1(pkey_get, int, key)
{
    return key_is_callers(key) ? (long)pkru_rights(read_pkru(), (unsigned int)key) : -EINVAL;
}

/* Not inlined: the call in it would cost a stack frame where there are no rules, too. */
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

/* ---- the rights of other threads: Latchkey's own ---- */

SYSCALL2(pkey_set_all, int, key, unsigned int, rights)
{
    if (rights & ~PKRU_RIGHTS || !key_is_callers(key))
        return -EINVAL;
    int error = rights_check_key(current()->space, key);
    if (!error)
        rights_set(current_process(), NULL, (unsigned int)key, rights);
    return error;
}

static long set_thread(struct task *thread, int key, uint32_t rights)
{
    const struct address_space *space = thread->space;

    if (!keys_is_allocated(&space->key_map, key))
        return -EINVAL;
    int error = rights_check_key(space, key);
    if (!error)
        rights_set(thread->process, thread, (unsigned int)key, rights);
    return error;
}

SYSCALL3(pkey_set_thread, int, key, unsigned int, rights, int, tid)
{
    struct task *thread = task_find(tid);

    if (rights & ~PKRU_RIGHTS || tid <= 0 || !cpu_state.pku)
        return -EINVAL;
    if (!thread || !thread->space || thread->state == TASK_ZOMBIE)
        return -ESRCH;
    if (!task_may_trace(thread))
        return -EPERM;
    return set_thread(thread, key, rights);
}
