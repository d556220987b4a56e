// SPDX-License-Identifier: MIT
/* pkey_query(): what is under a key, counted in the tables, and which threads have what rights. */
#include "arch/cpu/cpu.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/keys/rights.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/state.h"
#include "kernel/task/task.h"
#include "libc/include/latchkey/syscalls.h"
#include "mm/space/address_space.h"
#include "mm/space/keys.h"
#include "mm/table/page_table.h"

/* ---- memory ---- */

static int count_leaves(const struct pt_run *run, void *context)
{
    struct pkey_usage *usage = context;
    uint64_t *sum = run->level == 1 ? &usage->present_4k : &usage->present_2m;

    for (unsigned int i = 0; i < run->count; i++)
        if (!pte_is_empty(pt_load(&run->entries[i])))
            *sum += pte_level_size(run->level);
    return 0;
}

/* Adds what is under the key. */
static void measure(struct address_space *space, unsigned int key, struct pkey_usage *usage)
{
    struct pt_walk walk = {.visit = count_leaves, .context = usage, .level = 1};
    struct vma *vma;

    space_lock_read(space);
    RB_FOREACH (vma, vma_tree, &space->vmas) {
        if (vma->key != key)
            continue;
        usage->areas++;
        usage->mapped += vma->end - vma->start;
        pt_walk(space->root, vma->start, vma->end, &walk);
    }
    space_unlock_read(space);
}

static bool is_there(int key)
{
    return key_is_callers(key) ||
           (key >= 0 && key == keys_execute_only(&current()->space->key_map));
}

/* Programs made for a larger structure find zeros behind this one, and others a part of it. */
static int tell_usage(int key, uintptr_t out, size_t size)
{
    struct pkey_usage usage = {0};
    size_t common = size < sizeof(usage) ? size : sizeof(usage);

    measure(current()->space, (unsigned int)key, &usage);
    if (!key_is_callers(key))
        usage.flags |= PKEY_EXECUTE_ONLY;
    if (copy_to_user(out, &usage, common) || clear_user(out + common, size - common))
        return -EFAULT;
    return 0;
}

/* ---- threads ---- */

/* Each thread's PKRU, when it was asked for last. */
TASK_STATE(uint32_t, task_seen_pkru);

static uint32_t look(struct task *thread, uint32_t pkru)
{
    *task_state(thread, task_seen_pkru) = pkru;
    return pkru;
}

/* How many threads there are; what as many of them as there is room for may do goes to out. */
static long tell_threads(int key, uintptr_t out, size_t room)
{
    const struct task *thread;
    size_t count = 0;

    if (room)
        rights_visit(current_process(), NULL, look);
    TAILQ_FOREACH (thread, &current_process()->threads, thread) {
        if (thread->state == TASK_ZOMBIE)
            continue;
        struct pkey_thread told = {
            thread->tid, pkru_rights(*task_state(thread, task_seen_pkru), (unsigned int)key)};
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
