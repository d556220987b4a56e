// SPDX-License-Identifier: MIT
/* Latchkey's calls on the rights of other threads. */
#include "arch/cpu/cpu.h"
#include "arch/mmu/pkru.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/keys/rights.h"
#include "kernel/task/task.h"
#include "mm/space/address_space.h"
#include "mm/space/keys.h"

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
    if (!permission_rules()->may_trace(thread))
        return -EPERM;
    return set_thread(thread, key, rights);
}
