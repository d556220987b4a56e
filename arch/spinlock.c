// SPDX-License-Identifier: MIT
/* Waiting for locks. */
#include "arch/spinlock.h"

#include "arch/bug.h"
#include "arch/cpu.h"
#include "arch/rwlock.h"
#include "arch/tlb.h"

void spin_relax(void)
{
    tlb_answer();
    cpu_relax();
}

void spin_lock_slow(struct spinlock *lock)
{
    uint32_t me = this_cpu_number() + 1;
    uint32_t free;

    assert(__atomic_load_n(&lock->holder, __ATOMIC_RELAXED) != me); /* it would wait for itself */
    do {
        while (__atomic_load_n(&lock->holder, __ATOMIC_RELAXED))
            spin_relax();
        free = 0;
    } while (!__atomic_compare_exchange_n(&lock->holder, &free, me, false, __ATOMIC_ACQUIRE,
                                          __ATOMIC_RELAXED));
}

void rwlock_read_slow(struct rwlock *lock)
{
    do {
        __atomic_fetch_sub(&lock->state, 1, __ATOMIC_RELAXED);
        while (__atomic_load_n(&lock->state, __ATOMIC_RELAXED) & ~RWLOCK_READERS)
            spin_relax();
    } while (__atomic_fetch_add(&lock->state, 1, __ATOMIC_ACQUIRE) & ~RWLOCK_READERS);
}

void rwlock_write_slow(struct rwlock *lock)
{
    uint32_t state = __atomic_load_n(&lock->state, __ATOMIC_RELAXED);

    assert(!rwlock_is_held(lock));
    for (;;) {
        if (state & ~RWLOCK_WAITING) {
            __atomic_fetch_or(&lock->state, RWLOCK_WAITING, __ATOMIC_RELAXED);
            spin_relax();
            state = __atomic_load_n(&lock->state, __ATOMIC_RELAXED);
        } else if (__atomic_compare_exchange_n(&lock->state, &state, RWLOCK_WRITER, false,
                                               __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            return;
        }
    }
}
