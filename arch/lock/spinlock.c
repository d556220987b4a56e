// SPDX-License-Identifier: MIT
/* Waiting for locks. */
#include "arch/lock/spinlock.h"

#include "arch/cpu/bug.h"
#include "arch/lock/rwlock.h"
#include "arch/mmu/tlb.h"

/* After so many pauses, tens of microseconds, a waiter reserves the lock for itself. */
#define LONG_WAIT 1000

static bool exchange(struct spinlock *lock, uint32_t expected, uint32_t desired)
{
    return __atomic_compare_exchange_n(&lock->word, &expected, desired, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

/* Takes a lock that is free and not reserved for another CPU. */
static bool try_take(struct spinlock *lock, uint32_t me)
{
    uint32_t word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

    return (word == 0 || word == me << 16) && exchange(lock, word, me);
}

static void put_down_as_next(struct spinlock *lock, uint32_t me)
{
    uint32_t word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

    if (word >> 16 == 0)
        exchange(lock, word, word | me << 16);
}

/*
 * The first to come takes the lock, so that a waiter whose virtual CPU is not running holds nobody
 * up, as it would in a queue. But a CPU that takes a lock again and again could keep another from
 * it for ever, so one that has waited for long reserves it.
 */
void spin_lock_slow(struct spinlock *lock)
{
    uint32_t me = this_cpu_number() + 1;

    assert(!spin_is_held(lock)); /* it would wait for itself */
    for (unsigned int pauses = 0; !try_take(lock, me); pauses++) {
        if (pauses >= LONG_WAIT)
            put_down_as_next(lock, me);
        spin_relax();
    }
}

void rwlock_read_slow(struct rwlock *lock)
{
    do {
        /* Gives way first: a waiting writer would wait for this reader, too. */
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
