// SPDX-License-Identifier: MIT
/*
 * Spinlocks that many CPUs may hold for reading, or one for writing.
 *
 *    31        30        29                     0
 *   +---------+---------+------------------------+
 *   | writer  | a writer| readers: holders, and  |
 *   | has it  | waits   | some about to give way |
 *   +---------+---------+------------------------+
 *
 * A waiting writer keeps new readers out, so it waits only for those that have the lock; for that
 * reason a reader must not take the lock a second time. All else is as with spinlocks (spinlock.h):
 * names, answering shootdowns while waiting, checks in a build with DEBUG=1. Interrupt handlers
 * never take these locks, which are held with interrupts on.
 */
#ifndef ARCH_LOCK_RWLOCK_H
#define ARCH_LOCK_RWLOCK_H

#include "arch/lock/spinlock.h"

#define RWLOCK_WRITER  (1u << 31)
#define RWLOCK_WAITING (1u << 30)
#define RWLOCK_READERS (RWLOCK_WAITING - 1)

struct rwlock {
    uint32_t state;
    uint32_t holder; /* the writer: its CPU's number + 1, or 0 */
    const char *name;
    const void *owner; /* return address of the last writer, for the panic report */
    struct lock_check check;
};

void rwlock_read_slow(struct rwlock *lock);
void rwlock_write_slow(struct rwlock *lock);

static inline void rwlock_read(struct rwlock *lock)
{
    lock_check_take(&lock->check, lock->name);
    if (__atomic_fetch_add(&lock->state, 1, __ATOMIC_ACQUIRE) & ~RWLOCK_READERS)
        rwlock_read_slow(lock);
}

static inline void rwlock_read_unlock(struct rwlock *lock)
{
    lock_check_release(&lock->check);
    __atomic_fetch_sub(&lock->state, 1, __ATOMIC_RELEASE);
}

/* Whether this CPU has the lock for writing. */
static inline bool rwlock_is_held(const struct rwlock *lock)
{
    return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == this_cpu_number() + 1;
}

static inline void rwlock_write(struct rwlock *lock)
{
    uint32_t free = 0;

    lock_check_take(&lock->check, lock->name);
    if (!__atomic_compare_exchange_n(&lock->state, &free, RWLOCK_WRITER, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        rwlock_write_slow(lock);
    lock->holder = this_cpu_number() + 1;
    lock->owner = __builtin_return_address(0);
}

static inline void rwlock_write_unlock(struct rwlock *lock)
{
    lock_check_release(&lock->check);
    lock->holder = 0;
    __atomic_fetch_and(&lock->state, ~RWLOCK_WRITER, __ATOMIC_RELEASE);
}

#endif
