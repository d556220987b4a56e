// SPDX-License-Identifier: MIT
/*
 * futex(2): waiting on a word of user memory, without priority inheritance.
 *
 * A futex is known by where its word is: for a private one the address space and address, for a
 * shared one the physical address. Waiters hang in one of a few queues, chosen by a hash of that;
 * each tests for itself whether it was meant.
 */
#include <linux/futex.h>

#include "arch/clock.h"
#include "arch/spinlock.h"
#include "arch/usercopy.h"
#include "kernel/futex.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "mm/fault.h"
#include "mm/page.h"

#define BUCKETS 64

struct futex_key {
    uint64_t space; /* a private futex's address space, or 0 */
    uint64_t word;  /* its address, or the physical one of a shared futex */
};

struct futex_waiter {
    TAILQ_ENTRY(futex_waiter) link;
    struct futex_key key;
    uint32_t bits; /* woken by a wake that has one of them */
    bool woken;
    struct wait_queue queue;
};

struct bucket {
    TAILQ_HEAD(, futex_waiter) waiters;
};

static struct bucket buckets[BUCKETS];
static struct spinlock futex_lock = SPINLOCK_INIT("futex");

void futex_init(void)
{
    for (unsigned int i = 0; i < BUCKETS; i++)
        TAILQ_INIT(&buckets[i].waiters);
}

static struct bucket *bucket_of(const struct futex_key *key)
{
    return &buckets[(key->word >> 2 ^ key->space >> 6) % BUCKETS];
}

static int make_key(uintptr_t address, int operation, struct futex_key *key)
{
    char *word;

    if (address % sizeof(uint32_t))
        return -EINVAL;
    if (!user_range_ok(address, sizeof(uint32_t)))
        return -EFAULT;
    *key = (struct futex_key){(uintptr_t)current()->space, address};
    if (operation & FUTEX_PRIVATE_FLAG)
        return 0;
    int error = space_lock_page(current()->space, address, PAGE_WRITE, &word);
    if (error) /* a word that is only for reading can be waited for */
        error = space_lock_page(current()->space, address, PAGE_READ, &word);
    if (error)
        return error;
    *key = (struct futex_key){0, direct_map_paddr(word).value};
    space_unlock_page(current()->space);
    return 0;
}

static bool same_key(const struct futex_key *a, const struct futex_key *b)
{
    return a->space == b->space && a->word == b->word;
}

static bool was_woken(void *context)
{
    return ((struct futex_waiter *)context)->woken;
}

/* Takes a waiter out, if nobody has; true when it was woken. */
static bool leave(struct futex_waiter *waiter)
{
    spin_lock(&futex_lock);
    bool woken = waiter->woken;
    if (!woken)
        TAILQ_REMOVE(&bucket_of(&waiter->key)->waiters, waiter, link);
    spin_unlock(&futex_lock);
    return woken;
}

/* deadline: in clock_monotonic_ns(), or 0 for none. */
static long futex_wait(uintptr_t address, int operation, uint32_t value, uint32_t bits,
                       uint64_t deadline)
{
    struct futex_waiter waiter = {.bits = bits};
    uint32_t found;
    int error = make_key(address, operation, &waiter.key);

    if (error)
        return error;
    wait_queue_init(&waiter.queue);
    spin_lock(&futex_lock);
    TAILQ_INSERT_TAIL(&bucket_of(&waiter.key)->waiters, &waiter, link);
    spin_unlock(&futex_lock);
    /* In the queue first, then a look at the word: a wake in between is not lost. */
    if (copy_from_user(&found, address, sizeof(found)))
        error = -EFAULT;
    else if (found != value)
        error = -EAGAIN;
    else
        error = deadline ? wait_event_until(&waiter.queue, was_woken, &waiter, deadline)
                         : wait_event(&waiter.queue, was_woken, &waiter);
    return leave(&waiter) ? 0 : error;
}

static void wake(struct bucket *bucket, struct futex_waiter *waiter)
{
    TAILQ_REMOVE(&bucket->waiters, waiter, link);
    waiter->woken = true;
    wake_all(&waiter->queue);
}

static long wake_key(const struct futex_key *key, unsigned int count, uint32_t bits)
{
    struct bucket *bucket = bucket_of(key);
    struct futex_waiter *waiter, *next;
    long woken = 0;

    spin_lock(&futex_lock);
    TAILQ_FOREACH_SAFE(waiter, &bucket->waiters, link, next)
    {
        if (woken >= (long)count)
            break;
        if (!same_key(&waiter->key, key) || !(waiter->bits & bits))
            continue;
        wake(bucket, waiter);
        woken++;
    }
    spin_unlock(&futex_lock);
    return woken;
}

static long futex_wake(uintptr_t address, int operation, unsigned int count, uint32_t bits)
{
    struct futex_key key;
    int error = make_key(address, operation, &key);

    if (error)
        return error;
    return wake_key(&key, count, bits);
}

/* Wakes up to count waiters, and lets up to more others wait at a second word instead. */
static long futex_requeue(uintptr_t address, uintptr_t second, int operation, int count, int more,
                          const uint32_t *expected)
{
    struct futex_key from, to;
    struct futex_waiter *waiter, *next;
    uint32_t found;
    long moved = 0;
    int error;

    if (count < 0 || more < 0)
        return -EINVAL;
    error = make_key(address, operation, &from);
    if (!error)
        error = make_key(second, operation, &to);
    if (error)
        return error;
    if (expected) {
        if (copy_from_user(&found, address, sizeof(found)))
            return -EFAULT;
        if (found != *expected)
            return -EAGAIN;
    }
    long woken = wake_key(&from, (unsigned int)count, FUTEX_BITSET_MATCH_ANY);
    spin_lock(&futex_lock);
    TAILQ_FOREACH_SAFE(waiter, &bucket_of(&from)->waiters, link, next)
    {
        if (moved >= more || !same_key(&waiter->key, &from))
            continue;
        TAILQ_REMOVE(&bucket_of(&from)->waiters, waiter, link);
        waiter->key = to;
        TAILQ_INSERT_TAIL(&bucket_of(&to)->waiters, waiter, link);
        moved++;
    }
    spin_unlock(&futex_lock);
    return woken + moved;
}

void futex_wake_one(uintptr_t address)
{
    futex_wake(address, FUTEX_PRIVATE_FLAG, 1, FUTEX_BITSET_MATCH_ANY);
    futex_wake(address, 0, 1, FUTEX_BITSET_MATCH_ANY);
}

/* The moment that a wait ends by itself: FUTEX_WAIT's time is from now, FUTEX_WAIT_BITSET's is not.
 */
static int read_deadline(int operation, uintptr_t timeout, uint64_t *deadline)
{
    uint64_t ns;

    *deadline = 0;
    if (!timeout)
        return 0;
    int error = time_from_user(timeout, &ns);
    if (error)
        return error;
    uint64_t now = clock_monotonic_ns();
    if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT)
        ns += now;
    else if (operation & FUTEX_CLOCK_REALTIME)
        ns = time_realtime_to_monotonic(ns);
    *deadline = ns ? ns : 1;
    return 0;
}

SYSCALL6(futex, uintptr_t, address, int, operation, uint32_t, value, uintptr_t, timeout, uintptr_t,
         second, uint32_t, value3)
{
    uint64_t deadline;
    int error;

    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT)
            value3 = FUTEX_BITSET_MATCH_ANY;
        error = read_deadline(operation, timeout, &deadline);
        if (error || !value3)
            return error ? error : -EINVAL;
        return futex_wait(address, operation, value, value3, deadline);
    case FUTEX_WAKE:
        return futex_wake(address, operation, value, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAKE_BITSET:
        return value3 ? futex_wake(address, operation, value, value3) : -EINVAL;
    case FUTEX_REQUEUE:
        return futex_requeue(address, second, operation, (int)value, (int)timeout, NULL);
    case FUTEX_CMP_REQUEUE:
        return futex_requeue(address, second, operation, (int)value, (int)timeout, &value3);
    default:
        return -ENOSYS;
    }
}
