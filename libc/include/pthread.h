// SPDX-License-Identifier: MIT
/*
 * Threads, as much of POSIX's as the programs here need: no attributes (each pointer to some must
 * be NULL), no cancellation, no times to wait until. Functions return 0 or an errno value. A new
 * thread has its creator's rights to protection keys, and its signal mask.
 */
#ifndef LIBC_PTHREAD_H
#define LIBC_PTHREAD_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

typedef struct libc_thread *pthread_t;

/* Zero-initialized, each is ready for use. */
typedef struct {
    uint32_t state;
} pthread_mutex_t;

typedef struct {
    uint32_t signals; /* counts them */
} pthread_cond_t;

typedef uint32_t pthread_once_t;

typedef struct {
    uint32_t count, waiting, rounds;
} pthread_barrier_t;

#define PTHREAD_MUTEX_INITIALIZER \
    {                             \
        0                         \
    }
#define PTHREAD_COND_INITIALIZER \
    {                            \
        0                        \
    }
#define PTHREAD_ONCE_INIT 0

#define PTHREAD_BARRIER_SERIAL_THREAD (-1)

/* EAGAIN when there is no memory or no room for another thread. Stacks have 256 KiB. */
int pthread_create(pthread_t *restrict thread, const void *attributes, void *(*function)(void *),
                   void *argument);
int pthread_join(pthread_t thread, void **result); /* once for each thread */
int pthread_detach(pthread_t thread);
pthread_t pthread_self(void);

/* From the first thread this ends that thread only; the process ends with its last one. */
_Noreturn void pthread_exit(void *result);

int pthread_kill(pthread_t thread, int number); /* ESRCH: it has ended */
int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old);

static inline int pthread_equal(pthread_t one, pthread_t other)
{
    return one == other;
}

int pthread_once(pthread_once_t *once, void (*function)(void));

int pthread_mutex_init(pthread_mutex_t *mutex, const void *attributes);
int pthread_mutex_lock(pthread_mutex_t *mutex);
int pthread_mutex_trylock(pthread_mutex_t *mutex); /* EBUSY: somebody has it */
int pthread_mutex_unlock(pthread_mutex_t *mutex);
int pthread_mutex_destroy(pthread_mutex_t *mutex);

int pthread_cond_init(pthread_cond_t *condition, const void *attributes);
int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex); /* may wake by itself */
int pthread_cond_signal(pthread_cond_t *condition);
int pthread_cond_broadcast(pthread_cond_t *condition);
int pthread_cond_destroy(pthread_cond_t *condition);

/* EINVAL for a count of 0. */
int pthread_barrier_init(pthread_barrier_t *barrier, const void *attributes, unsigned int count);
int pthread_barrier_wait(pthread_barrier_t *barrier); /* one gets PTHREAD_BARRIER_SERIAL_THREAD */
int pthread_barrier_destroy(pthread_barrier_t *barrier);

#endif
