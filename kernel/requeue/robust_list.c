// SPDX-License-Identifier: MIT
/*
 * Robust futexes: a task tells where it keeps the list of locks that it holds (set_robust_list),
 * and when it ends, each of them is marked with FUTEX_OWNER_DIED and one who waits for it woken.
 */
#include <linux/futex.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/futex/futex.h"
#include "kernel/keys/rights.h"
#include "kernel/process/events.h"
#include "kernel/requeue/user_word.h"
#include "kernel/task/state.h"
#include "kernel/task/task.h"

struct held_locks {
    uintptr_t head; /* user address of the list of locks that the task holds, or 0 */
    uint32_t pkru;  /* rights_now() when it was named */
};

TASK_STATE(struct held_locks, task_held_locks);

/* An entry's lowest bit says that its lock hands down priorities, which the kernel would see to. */
#define ENTRY_PI 1ul

static bool read_entry(uintptr_t address, uintptr_t *entry)
{
    return !copy_from_user(entry, address, sizeof(*entry));
}

static uintptr_t without_pi(uintptr_t entry)
{
    return entry & ~ENTRY_PI;
}

/*
 * Marks a lock that the running task has, and wakes one waiter. An operation on a lock that was
 * pending may just have let it go, and not have woken anybody. False: no lock can be there.
 */
static bool unlock_word(uintptr_t address, bool is_pi, bool is_pending)
{
    uint32_t value, next;
    int error;

    if (address % sizeof(value) || user_word_load(address, &value))
        return false;
    do {
        uint32_t owner = value & FUTEX_TID_MASK;
        if (is_pending && !is_pi && !owner) {
            futex_wake_one(address);
            return true;
        }
        if (owner != (uint32_t)current()->tid)
            return true;
        next = (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
        error = user_word_replace(address, &value, next);
    } while (error == -EAGAIN);
    if (!error && !is_pi && (value & FUTEX_WAITERS))
        futex_wake_one(address);
    return !error;
}

/* The entry whose operation is pending may be on the list as well; it is not seen to twice. */
static bool walk(uintptr_t end, uintptr_t entry, uintptr_t offset, uintptr_t pending)
{
    for (unsigned int i = 0; i < ROBUST_LIST_LIMIT && without_pi(entry) != end; i++) {
        uintptr_t next;
        bool goes_on = read_entry(without_pi(entry), &next); /* before another thread frees it */
        if (without_pi(entry) != without_pi(pending) &&
            !unlock_word(without_pi(entry) + offset, entry & ENTRY_PI, false))
            return false;
        if (!goes_on)
            return false;
        entry = next;
    }
    return true;
}

/* The list is the program's: one that is circular, too long, or not there does no harm. */
static void let_go_of_all(uintptr_t address)
{
    struct robust_list_head head;

    if (!address || copy_from_user(&head, address, sizeof(head)))
        return;
    uintptr_t offset = (uintptr_t)head.futex_offset;
    uintptr_t pending = (uintptr_t)head.list_op_pending;
    if (walk(address, (uintptr_t)head.list.next, offset, pending) && without_pi(pending))
        unlock_word(without_pi(pending) + offset, pending & ENTRY_PI, true);
}

static void leave(void)
{
    struct held_locks *locks = task_state(current(), task_held_locks);
    uintptr_t address = locks->head;
    uint32_t own = rights_lower(locks->pkru);

    locks->head = 0;
    let_go_of_all(address);
    rights_restore(own);
}

ATTACH(thread_leaves_space, leave);

SYSCALL2(set_robust_list, uintptr_t, head, size_t, size)
{
    if (size != sizeof(struct robust_list_head))
        return -EINVAL;
    *task_state(current(), task_held_locks) = (struct held_locks){head, rights_now()};
    return 0;
}

SYSCALL3(get_robust_list, int, tid, uintptr_t, head, uintptr_t, size)
{
    struct task *task = tid ? task_find(tid) : current();
    size_t bytes = sizeof(struct robust_list_head);

    if (!task)
        return -ESRCH;
    if (!task_may_trace(task))
        return -EPERM;
    const struct held_locks *locks = task_state(task, task_held_locks);
    if (copy_to_user(size, &bytes, sizeof(bytes)) ||
        copy_to_user(head, &locks->head, sizeof(locks->head)))
        return -EFAULT;
    return 0;
}
