// SPDX-License-Identifier: MIT
/*
 * futex(2): waiting on a word of user memory, without priority inheritance. Nothing here needs the
 * kernel lock.
 */
#include "kernel/futex/futex.h"

#include <linux/futex.h>

#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"
#include "kernel/task/wait_queue.h"
#include "kernel/time/time.h"

#define BUCKETS_SHIFT 8

static struct futex_bucket buckets[1 << BUCKETS_SHIFT];

void futex_init(void)
{
    for (unsigned int i = 0; i < 1 << BUCKETS_SHIFT; i++) {
        buckets[i].lock = (struct spinlock)SPINLOCK_INIT("futex");
        TAILQ_INIT(&buckets[i].waiters);
    }
}

/* ---- keys ---- */

int futex_key_make(uintptr_t address, bool is_private, bool write, struct futex_key *key)
{
    if (address % sizeof(uint32_t))
        return -EINVAL;
    if (!user_range_ok(address, sizeof(uint32_t)))
        return -EFAULT;
    *key = (struct futex_key){.owner = (uintptr_t)current()->space, .offset = address};
    return is_private ? 0 : ASK(futex_is_shared, address, write, key);
}

bool futex_key_equal(const struct futex_key *a, const struct futex_key *b)
{
    return a->scope == b->scope && a->owner == b->owner && a->offset == b->offset;
}

#define GOLDEN_RATIO 0x9e3779b97f4a7c15ul /* multiplying by it mixes low bits into high ones */

struct futex_bucket *futex_bucket_of(const struct futex_key *key)
{
    uint64_t hash = (key->owner * GOLDEN_RATIO ^ key->offset) * GOLDEN_RATIO;

    return &buckets[hash >> (64 - BUCKETS_SHIFT)];
}

/* ---- waiting ---- */

static int enter(struct futex_waiter *waiter, uintptr_t address, uint32_t value)
{
    uint32_t found;
    int error = user_word_try_load(address, &found);

    if (error)
        return error;
    if (found != value)
        return -EAGAIN;
    TAILQ_INSERT_TAIL(&waiter->bucket->waiters, waiter, link);
    return 0;
}

int futex_enter(struct futex_waiter *waiter, uintptr_t address, uint32_t value)
{
    int found, error;

    waiter->task = current();
    waiter->woken = false;
    waiter->bucket = futex_bucket_of(&waiter->key);
    do { /* a word that faults under the lock is loaded without it, and then tried again */
        spin_lock(&waiter->bucket->lock);
        error = enter(waiter, address, value);
        spin_unlock(&waiter->bucket->lock);
    } while (error == -EFAULT && !get_user_int(&found, address));
    return error;
}

/* A requeue may move the waiter until its bucket is locked: so look again under the lock. */
static struct futex_bucket *lock_bucket_of(const struct futex_waiter *waiter)
{
    for (;;) {
        struct futex_bucket *bucket = __atomic_load_n(&waiter->bucket, __ATOMIC_RELAXED);
        spin_lock(&bucket->lock);
        if (waiter->bucket == bucket)
            return bucket;
        spin_unlock(&bucket->lock);
    }
}

/* Taking the lock also waits for a waker, which still uses the task and the waiter. */
bool futex_leave(struct futex_waiter *waiter)
{
    struct futex_bucket *bucket = lock_bucket_of(waiter);

    if (!waiter->woken)
        TAILQ_REMOVE(&bucket->waiters, waiter, link);
    spin_unlock(&bucket->lock);
    return waiter->woken;
}

bool futex_was_woken(void *waiter)
{
    return __atomic_load_n(&((const struct futex_waiter *)waiter)->woken, __ATOMIC_ACQUIRE);
}

static int wait(struct futex_waiter *waiter, uintptr_t address, uint32_t value, uint64_t deadline)
{
    int error = futex_enter(waiter, address, value);

    if (error)
        return error;
    error = wait_event_until(NULL, futex_was_woken, waiter, deadline);
    return futex_leave(waiter) ? 0 : error;
}

/* Also continues an interrupted wait. arguments: address, is_private, value and bits. */
static long futex_wait(const struct restart *call)
{
    uintptr_t address = call->arguments[0];
    struct futex_waiter waiter = {.bits = (uint32_t)call->arguments[3]};

    if (!waiter.bits)
        return -EINVAL;
    int error = futex_key_make(address, call->arguments[1], false, &waiter.key);
    if (!error)
        error = wait(&waiter, address, (uint32_t)call->arguments[2], call->deadline);
    if (error != -ERESTARTSYS || !call->deadline)
        return error;
    current()->restart = *call;
    return -ERESTART_BLOCK;
}

/* ---- waking ---- */

void futex_wake_waiter(struct futex_waiter *waiter)
{
    TAILQ_REMOVE(&waiter->bucket->waiters, waiter, link);
    __atomic_store_n(&waiter->woken, true, __ATOMIC_RELEASE);
    wake_task(waiter->task);
}

int futex_wake_locked(struct futex_bucket *bucket, const struct futex_key *key, int count,
                      uint32_t bits)
{
    struct futex_waiter *waiter, *next;
    int woken = 0;

    TAILQ_FOREACH_SAFE(waiter, &bucket->waiters, link, next)
    {
        if (!futex_key_equal(&waiter->key, key) || !(waiter->bits & bits))
            continue;
        futex_wake_waiter(waiter);
        if (++woken >= count)
            break;
    }
    return woken;
}

static long futex_wake(uintptr_t address, bool is_private, int count, uint32_t bits)
{
    struct futex_key key;

    if (!bits)
        return -EINVAL;
    int error = futex_key_make(address, is_private, false, &key);
    if (error)
        return error;
    struct futex_bucket *bucket = futex_bucket_of(&key);
    spin_lock(&bucket->lock);
    int woken = futex_wake_locked(bucket, &key, count, bits);
    spin_unlock(&bucket->lock);
    return woken;
}

void futex_wake_one(uintptr_t address)
{
    futex_wake(address, false, 1, FUTEX_BITSET_MATCH_ANY);
}

/* ---- futex ---- */

uint64_t futex_deadline(uint64_t ns, bool is_real)
{
    uint64_t deadline = is_real ? time_realtime_to_monotonic(ns) : ns;

    return deadline ? deadline : 1;
}

/* A wait's deadline: the timeout of FUTEX_WAIT is relative, that of FUTEX_WAIT_BITSET absolute. */
static int read_deadline(int operation, uintptr_t timeout, uint64_t *deadline)
{
    int command = operation & FUTEX_CMD_MASK;
    uint64_t ns;

    *deadline = 0;
    if (!timeout || (command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET))
        return 0;
    int error = time_from_user(timeout, &ns);
    if (error)
        return error;
    if (command == FUTEX_WAIT)
        ns += clock_monotonic_ns();
    *deadline = futex_deadline(ns, operation & FUTEX_CLOCK_REALTIME);
    return 0;
}

__attribute__((weak)) long futex_other_command(const struct futex_call *call)
{
    (void)call;
    return -ENOSYS;
}

PARALLEL_SYSCALL6(futex, uintptr_t, address, int, operation, uint32_t, value, uintptr_t, timeout,
                  uintptr_t, second, uint32_t, value3)
{
    int command = operation & FUTEX_CMD_MASK;
    bool is_private = operation & FUTEX_PRIVATE_FLAG;
    bool has_bits = command == FUTEX_WAIT_BITSET || command == FUTEX_WAKE_BITSET;
    uint32_t bits = has_bits ? value3 : FUTEX_BITSET_MATCH_ANY;
    uint64_t deadline;
    int error = read_deadline(operation, timeout, &deadline);

    if (error)
        return error;
    if ((operation & FUTEX_CLOCK_REALTIME) && command != FUTEX_WAIT_BITSET)
        return -ENOSYS;
    switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        return futex_wait(
            &(struct restart){futex_wait, deadline, {address, is_private, value, bits}});
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
        return futex_wake(address, is_private, (int)value, bits);
    default:
        return futex_other_command(&(struct futex_call){
            .address = address,
            .second = second,
            .command = command,
            .is_private = is_private,
            .count = (int)value,
            .more = (int)timeout,
            .value3 = value3,
        });
    }
}
