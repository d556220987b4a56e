// SPDX-License-Identifier: MIT
/*
 * What threads wait for each other with; each is a word that futex(2) sleeps on. Only one process
 * may use it.
 */
#include <pthread.h>

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libc/internal.h"

/* A sleep that ends early is no error: who sleeps looks again. */
void libc_futex_wait(const uint32_t *word, uint32_t value, int flags)
{
    int saved = errno;

    syscall(__NR_futex, word, FUTEX_WAIT | flags, value, NULL);
    errno = saved;
}

static void wait_while(const uint32_t *word, uint32_t value)
{
    libc_futex_wait(word, value, FUTEX_PRIVATE_FLAG);
}

static void wake(uint32_t *word, int count)
{
    syscall(__NR_futex, word, FUTEX_WAKE_PRIVATE, count);
}

/* ---- mutexes: the second one of U. Drepper, "Futexes Are Tricky" ---- */

enum {
    FREE,
    TAKEN,
    CONTENDED, /* taken, and somebody may sleep */
};

int pthread_mutex_init(pthread_mutex_t *mutex, const void *attributes)
{
    mutex->state = FREE;
    return attributes == NULL ? 0 : EINVAL;
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    uint32_t state = FREE;

    return __atomic_compare_exchange_n(&mutex->state, &state, TAKEN, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED)
               ? 0
               : EBUSY;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (pthread_mutex_trylock(mutex) == 0)
        return 0;
    while (__atomic_exchange_n(&mutex->state, CONTENDED, __ATOMIC_ACQUIRE) != FREE)
        wait_while(&mutex->state, CONTENDED);
    return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (__atomic_exchange_n(&mutex->state, FREE, __ATOMIC_RELEASE) == CONTENDED)
        wake(&mutex->state, 1);
    return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    return mutex->state == FREE ? 0 : EBUSY;
}

/* ---- condition variables: a count of signals, which sleeps begin from under the mutex ---- */

int pthread_cond_init(pthread_cond_t *condition, const void *attributes)
{
    condition->signals = 0;
    return attributes == NULL ? 0 : EINVAL;
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    uint32_t signals = __atomic_load_n(&condition->signals, __ATOMIC_RELAXED);

    pthread_mutex_unlock(mutex);
    wait_while(&condition->signals, signals);
    return pthread_mutex_lock(mutex);
}

static int signal_to(pthread_cond_t *condition, int count)
{
    __atomic_fetch_add(&condition->signals, 1, __ATOMIC_RELEASE);
    wake(&condition->signals, count);
    return 0;
}

int pthread_cond_signal(pthread_cond_t *condition)
{
    return signal_to(condition, 1);
}

int pthread_cond_broadcast(pthread_cond_t *condition)
{
    return signal_to(condition, INT_MAX);
}

int pthread_cond_destroy(pthread_cond_t *condition)
{
    (void)condition;
    return 0;
}

/* ---- barriers ---- */

int pthread_barrier_init(pthread_barrier_t *barrier, const void *attributes, unsigned int count)
{
    *barrier = (pthread_barrier_t){.count = count};
    return attributes == NULL && count > 0 ? 0 : EINVAL;
}

/* The last one empties the barrier before it lets the others go, who may come back at once. */
int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    uint32_t round = __atomic_load_n(&barrier->rounds, __ATOMIC_ACQUIRE);

    if (__atomic_add_fetch(&barrier->waiting, 1, __ATOMIC_ACQ_REL) == barrier->count) {
        __atomic_store_n(&barrier->waiting, 0, __ATOMIC_RELAXED);
        __atomic_fetch_add(&barrier->rounds, 1, __ATOMIC_RELEASE);
        wake(&barrier->rounds, INT_MAX);
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    while (__atomic_load_n(&barrier->rounds, __ATOMIC_ACQUIRE) == round)
        wait_while(&barrier->rounds, round);
    return 0;
}

int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    return barrier->waiting == 0 ? 0 : EBUSY;
}

/* ---- once ---- */

enum {
    NEVER,
    RUNNING,
    DONE,
};

int pthread_once(pthread_once_t *once, void (*function)(void))
{
    uint32_t state = NEVER;

    if (__atomic_compare_exchange_n(once, &state, RUNNING, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_ACQUIRE)) {
        function();
        __atomic_store_n(once, DONE, __ATOMIC_RELEASE);
        wake(once, INT_MAX);
    }
    while (__atomic_load_n(once, __ATOMIC_ACQUIRE) == RUNNING)
        wait_while(once, RUNNING);
    return 0;
}
