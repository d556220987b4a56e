// SPDX-License-Identifier: MIT
/*
 * Mutexes. Whoever is woken first and finds the mutex free has it: there is no order.
 */
#include "kernel/mutex.h"

#include <stdbool.h>

#include "arch/bug.h"

void mutex_init(struct mutex *mutex)
{
    mutex->held = 0;
    wait_queue_init(&mutex->waiters);
}

static bool try_lock(void *context)
{
    struct mutex *mutex = context;

    return !__atomic_exchange_n(&mutex->held, 1, __ATOMIC_ACQUIRE);
}

void mutex_lock(struct mutex *mutex)
{
    if (!try_lock(mutex))
        wait_event_uninterruptible(&mutex->waiters, try_lock, mutex);
}

void mutex_unlock(struct mutex *mutex)
{
    assert(mutex->held);
    __atomic_store_n(&mutex->held, 0, __ATOMIC_RELEASE);
    wake_all(&mutex->waiters);
}
