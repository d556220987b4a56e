// SPDX-License-Identifier: MIT
/*
 * Spinlocks that know their name and who holds them.
 *
 * The room owns the locks for which a CPU waits by spinning, and the checks on them. It leaves
 * locks for which a task sleeps, and the kernel lock, to kernel/task/.
 *
 * The kernel is not preempted while it runs, so a lock is held for a few instructions and needs no
 * priority. A lock that an interrupt handler takes, too, is taken with interrupts off, by the
 * _irqsave form, because the handler could interrupt its holder and wait for ever; handlers take no
 * other locks.
 *
 * A CPU that waits for a lock answers other CPUs' TLB shootdowns meanwhile, even with interrupts
 * off: the holder may be waiting for that answer. So a lock that is held with interrupts on may be
 * held across a shootdown (arch/mmu/tlb.h).
 *
 * A build with DEBUG=1 also checks the order in which locks are taken, and counts (lock_check.c).
 */
#ifndef ARCH_LOCK_SPINLOCK_H
#define ARCH_LOCK_SPINLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/check.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"

struct lock_check {
#ifdef LATCHKEY_DEBUG
    struct lock_class *class; /* NULL until it is first taken; all locks of one name are one */
#endif
};

/* Before waiting for the lock, and before releasing it. */
DEBUG_HOOK(void, , lock_check_take, struct lock_check *check, const char *name);
DEBUG_HOOK(void, , lock_check_release, struct lock_check *check);
/* The class with this number, in the order of their first use; false when there is none. */
DEBUG_HOOK(bool, false, lock_check_read, unsigned int number, const char **name, uint64_t *taken);

struct spinlock {
    union {
        struct {
            uint16_t holder; /* the CPU's number + 1, or 0 */
            uint16_t next;   /* the same, of one that has waited long and has the lock reserved */
        };
        uint32_t word; /* both; all that another CPU writes while we wait */
    };
    const char *name;
    const void *owner; /* return address of the taker, for the panic report */
    struct lock_check check;
};

#define SPINLOCK_INIT(lock_name) \
    {                            \
        .name = (lock_name)      \
    }

/* Waits until the lock can be taken, and takes it. */
void spin_lock_slow(struct spinlock *lock);

static inline void spin_lock(struct spinlock *lock)
{
    uint32_t free = 0;

    lock_check_take(&lock->check, lock->name);
    if (!__atomic_compare_exchange_n(&lock->word, &free, this_cpu_number() + 1, false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        spin_lock_slow(lock);
    lock->owner = __builtin_return_address(0);
}

static inline void spin_unlock(struct spinlock *lock)
{
    lock_check_release(&lock->check);
    __atomic_store_n(&lock->holder, (uint16_t)0, __ATOMIC_RELEASE);
}

/* Whether this CPU holds the lock. */
static inline bool spin_is_held(const struct spinlock *lock)
{
    return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == this_cpu_number() + 1;
}

static inline uint64_t spin_lock_irqsave(struct spinlock *lock)
{
    uint64_t flags = irq_save();
    spin_lock(lock);
    return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *lock, uint64_t flags)
{
    spin_unlock(lock);
    irq_restore(flags);
}

#endif
