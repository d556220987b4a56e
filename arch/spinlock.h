// SPDX-License-Identifier: MIT
/*
 * Spinlocks that know their name and who holds them.
 *
 * The kernel is not preempted while it runs, so a lock is held for a few instructions and needs
 * no priority. A lock that an interrupt handler also takes is taken with interrupts off, by the
 * _irqsave form; no other lock may be taken by an interrupt handler.
 */
#ifndef ARCH_SPINLOCK_H
#define ARCH_SPINLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct spinlock {
    uint32_t held; /* 0 or 1; the only word that another CPU writes while we wait */
    const char *name;
    const void *owner; /* return address of the taker, for the panic report */
};

#define SPINLOCK_INIT(lock_name) \
    {                            \
        .name = (lock_name)      \
    }

static inline void spin_lock(struct spinlock *lock)
{
    while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE))
        while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED))
            __builtin_ia32_pause();
    lock->owner = __builtin_return_address(0);
}

static inline void spin_unlock(struct spinlock *lock)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

static inline bool spin_is_held(const struct spinlock *lock)
{
    return __atomic_load_n(&lock->held, __ATOMIC_RELAXED);
}

/* RFLAGS as they were; interrupts are off afterwards. */
static inline uint64_t irq_save(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
    return flags;
}

static inline void irq_restore(uint64_t flags)
{
    __asm__ volatile("pushq %0; popfq" : : "r"(flags) : "memory", "cc");
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
