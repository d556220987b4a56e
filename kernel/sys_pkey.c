// SPDX-License-Identifier: MIT
/*
 * The calls on keys that Linux has not: those on rights that were proposed and not taken, those for
 * all threads, and policies.
 */
#include "arch/cpu.h"
#include "arch/pkru.h"
#include "arch/usercopy.h"
#include "kernel/kernel_lock.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/vdso.h"
#include "mm/address_space.h"
#include "mm/keys.h"
#include "mm/usage.h"

#define ALL_RIGHTS (PKRU_AD | PKRU_WD)

static bool is_callers(int key)
{
    return cpu_state.pku && keys_is_allocated(&current()->space->key_map, key);
}

/* ---- the caller's own rights: each thread has its own, so no lock is taken ---- */

PARALLEL_SYSCALL1(pkey_get, int, key)
{
    return is_callers(key) ? (long)pkru_rights(read_pkru(), (unsigned int)key) : -EINVAL;
}

PARALLEL_SYSCALL2(pkey_set, int, key, uint64_t, rights)
{
    if (rights & ~(uint64_t)ALL_RIGHTS || !is_callers(key))
        return -EINVAL;
    if (policy_denies(&current()->space->policies, key))
        return -EACCES;
    pkru_change((unsigned int)key, (uint32_t)rights);
    return 0;
}

/* ---- other threads' rights ---- */

SYSCALL2(pkey_set_all, int, key, unsigned int, rights)
{
    if (rights & ~ALL_RIGHTS || !is_callers(key))
        return -EINVAL;
    if (policy_denies(&current()->space->policies, key))
        return -EACCES;
    rights_set(current_process(), NULL, (unsigned int)key, rights);
    return 0;
}

/*
 * What the caller's PKRU says of a key of another address space is nothing, so there a policy
 * denies everybody.
 */
static bool is_denied(const struct address_space *space, int key)
{
    if (space == current()->space)
        return policy_denies(&space->policies, key);
    return pkru_rights(space->policies.any, (unsigned int)key);
}

static long set_thread(struct task *thread, int key, uint32_t rights)
{
    const struct address_space *space = thread->space;

    if (!keys_is_allocated(&space->key_map, key))
        return -EINVAL;
    if (is_denied(space, key))
        return -EACCES;
    rights_set(thread->process, thread, (unsigned int)key, rights);
    return 0;
}

SYSCALL3(pkey_set_thread, int, key, unsigned int, rights, int, tid)
{
    struct task *thread = task_find(tid);

    if (rights & ~ALL_RIGHTS || tid <= 0 || !cpu_state.pku)
        return -EINVAL;
    if (!thread || !thread->space || thread->state == TASK_ZOMBIE)
        return -ESRCH;
    if (!credentials_may_trace(thread))
        return -EPERM;
    return set_thread(thread, key, rights);
}

/* ---- what is said of a key ---- */

SYSCALL3(pkey_policy, int, key, unsigned int, set, unsigned int, clear)
{
    long before = space_change_policies(current()->space, key, set, clear);

    if (before >= 0 && (set & PKEY_CLOSED) && !(before & PKEY_CLOSED))
        vdso_close(current()->space);
    return before;
}

/* ---- what is known of a key ---- */

static bool is_there(int key)
{
    return is_callers(key) || (key >= 0 && key == keys_execute_only(&current()->space->key_map));
}

/* Programs made for a larger structure find zeros behind this one, and others a part of it. */
static int tell_usage(int key, uintptr_t out, size_t size)
{
    struct pkey_usage usage = {0};
    size_t common = size < sizeof(usage) ? size : sizeof(usage);

    space_measure_key(current()->space, (unsigned int)key, &usage);
    if (!is_callers(key))
        usage.flags |= PKEY_EXECUTE_ONLY;
    if (copy_to_user(out, &usage, common) || clear_user(out + common, size - common))
        return -EFAULT;
    return 0;
}

/* How many threads there are; what as many of them as there is room for may do goes to out. */
static long tell_threads(int key, uintptr_t out, size_t room)
{
    const struct task *thread;
    size_t count = 0;

    if (room)
        rights_look(current_process());
    TAILQ_FOREACH (thread, &current_process()->threads, thread) {
        if (thread->state == TASK_ZOMBIE)
            continue;
        struct pkey_thread told = {thread->tid,
                                   pkru_rights(thread->rights.seen, (unsigned int)key)};
        if (count < room && copy_to_user(out + count * sizeof(told), &told, sizeof(told)))
            return -EFAULT;
        count++;
    }
    return (long)count;
}

PARALLEL_SYSCALL5(pkey_query, int, key, uintptr_t, usage, size_t, size, uintptr_t, threads, size_t,
                  room)
{
    if (size && (size < PKEY_USAGE_LEAST || size > PAGE_SIZE))
        return -EINVAL;
    if (!is_there(key))
        return -EBADF;
    int error = size ? tell_usage(key, usage, size) : 0;
    if (error)
        return error;
    kernel_lock();
    long result = tell_threads(key, threads, room);
    kernel_unlock();
    return result;
}
