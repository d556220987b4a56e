// SPDX-License-Identifier: MIT
#include "kernel/futex_queue.h"

#include <asm/errno.h>
#include <linux/futex.h>

#include "arch/spinlock.h"
#include "arch/user_word.h"
#include "kernel/futex.h"
#include "kernel/sched.h"
#include "kernel/task.h"

#define BUCKETS_SHIFT 8

TAILQ_HEAD(waiter_list, futex_waiter);

struct futex_bucket {
    struct spinlock lock;
    struct waiter_list waiters;
} __attribute__((aligned(64)));

static struct futex_bucket buckets[1 << BUCKETS_SHIFT];

void futex_init(void)
{
    for (unsigned int i = 0; i < 1 << BUCKETS_SHIFT; i++) {
        buckets[i].lock = (struct spinlock)SPINLOCK_INIT("futex");
        TAILQ_INIT(&buckets[i].waiters);
    }
}

/* ---- buckets ---- */

#define GOLDEN_RATIO 0x9e3779b97f4a7c15ul /* spreads bits upwards when multiplied with */

static struct futex_bucket *bucket_of(const struct futex_key *key)
{
    uint64_t hash = (key->owner * GOLDEN_RATIO ^ key->offset) * GOLDEN_RATIO;

    return &buckets[hash >> (64 - BUCKETS_SHIFT)];
}

/* A requeue may change a waiter's bucket until that is locked. */
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

static void lock_two(struct futex_bucket *a, struct futex_bucket *b)
{
    spin_lock(a < b ? &a->lock : &b->lock);
    if (a != b)
        spin_lock(a < b ? &b->lock : &a->lock);
}

static void unlock_two(struct futex_bucket *a, struct futex_bucket *b)
{
    spin_unlock(&a->lock);
    if (a != b)
        spin_unlock(&b->lock);
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
    uint32_t found;
    int error;

    waiter->task = current();
    waiter->woken = false;
    waiter->bucket = bucket_of(&waiter->key);
    do {
        spin_lock(&waiter->bucket->lock);
        error = enter(waiter, address, value);
        spin_unlock(&waiter->bucket->lock);
    } while (error == -EFAULT && !user_word_load(address, &found));
    return error;
}

/* The lock also waits for whoever is just waking the task, and still needs it and the waiter. */
bool futex_leave(struct futex_waiter *waiter)
{
    struct futex_bucket *bucket = lock_bucket_of(waiter);

    if (!waiter->woken)
        TAILQ_REMOVE(&bucket->waiters, waiter, link);
    spin_unlock(&bucket->lock);
    return waiter->woken;
}

/* ---- waking ---- */

/* The bucket is locked, and the waiter is in it. */
static void wake(struct futex_waiter *waiter)
{
    TAILQ_REMOVE(&waiter->bucket->waiters, waiter, link);
    __atomic_store_n(&waiter->woken, true, __ATOMIC_RELEASE);
    wake_task(waiter->task);
}

static int wake_locked(struct futex_bucket *bucket, const struct futex_key *key, int count,
                       uint32_t bits)
{
    struct futex_waiter *waiter, *next;
    int woken = 0;

    TAILQ_FOREACH_SAFE(waiter, &bucket->waiters, link, next)
    {
        if (!futex_key_equal(&waiter->key, key) || !(waiter->bits & bits))
            continue;
        wake(waiter);
        if (++woken >= count)
            break;
    }
    return woken;
}

int futex_wake_key(const struct futex_key *key, int count, uint32_t bits)
{
    struct futex_bucket *bucket = bucket_of(key);

    spin_lock(&bucket->lock);
    int woken = wake_locked(bucket, key, count, bits);
    spin_unlock(&bucket->lock);
    return woken;
}

/* ---- two futexes ---- */

static void move(struct futex_waiter *waiter, struct futex_bucket *bucket,
                 const struct futex_key *key)
{
    waiter->key = *key;
    if (waiter->bucket == bucket)
        return;
    TAILQ_REMOVE(&waiter->bucket->waiters, waiter, link);
    TAILQ_INSERT_TAIL(&bucket->waiters, waiter, link);
    __atomic_store_n(&waiter->bucket, bucket, __ATOMIC_RELAXED);
}

static int requeue_locked(const struct futex_key *from, const struct futex_key *to, int count,
                          int more)
{
    struct futex_waiter *waiter, *next;
    int done = 0;

    TAILQ_FOREACH_SAFE(waiter, &bucket_of(from)->waiters, link, next)
    {
        if (done - count >= more)
            break;
        if (!futex_key_equal(&waiter->key, from))
            continue;
        if (done++ < count)
            wake(waiter);
        else
            move(waiter, bucket_of(to), to);
    }
    return done;
}

static int judge(const struct futex_condition *condition)
{
    uint32_t found;

    if (!condition->expected)
        return 0;
    int error = user_word_try_load(condition->address, &found);
    if (error)
        return error;
    return found == *condition->expected ? 0 : -EAGAIN;
}

int futex_requeue_key(const struct futex_key *from, const struct futex_key *to, int count, int more,
                      const struct futex_condition *condition)
{
    uint32_t found;
    int result;

    do {
        lock_two(bucket_of(from), bucket_of(to));
        result = judge(condition);
        if (!result)
            result = requeue_locked(from, to, count, more);
        unlock_two(bucket_of(from), bucket_of(to));
    } while (result == -EFAULT && !user_word_load(condition->address, &found));
    return result;
}

/* ---- FUTEX_WAKE_OP ---- */

/*
 *    31       30    28 27    24 23         12 11          0
 *   +--------+--------+--------+-------------+-------------+
 *   | 1 <<   | what   | how it | argument    | what the old|
 *   | arg.   | to do  | is     | of what to  | value is    |
 *   |        |        |compared| do, signed  |compared with|
 *   +--------+--------+--------+-------------+-------------+
 */
static int32_t signed_field(uint32_t operation, unsigned int shift)
{
    return (int32_t)(operation << (20 - shift)) >> 20;
}

static uint32_t argument_of(uint32_t operation)
{
    uint32_t argument = (uint32_t)signed_field(operation, 12);

    return operation & ((uint32_t)FUTEX_OP_OPARG_SHIFT << 28) ? 1u << argument % 32 : argument;
}

static int new_value(uint32_t operation, uint32_t old, uint32_t *next)
{
    uint32_t argument = argument_of(operation);

    switch (operation >> 28 & 7) {
    case FUTEX_OP_SET:
        *next = argument;
        return 0;
    case FUTEX_OP_ADD:
        *next = old + argument;
        return 0;
    case FUTEX_OP_OR:
        *next = old | argument;
        return 0;
    case FUTEX_OP_ANDN:
        *next = old & ~argument;
        return 0;
    case FUTEX_OP_XOR:
        *next = old ^ argument;
        return 0;
    default:
        return -ENOSYS;
    }
}

/* 1, 0 or -ENOSYS. */
static int compare(uint32_t operation, int32_t old)
{
    int32_t with = signed_field(operation, 0);

    switch (operation >> 24 & 15) {
    case FUTEX_OP_CMP_EQ:
        return old == with;
    case FUTEX_OP_CMP_NE:
        return old != with;
    case FUTEX_OP_CMP_LT:
        return old < with;
    case FUTEX_OP_CMP_LE:
        return old <= with;
    case FUTEX_OP_CMP_GT:
        return old > with;
    case FUTEX_OP_CMP_GE:
        return old >= with;
    default:
        return -ENOSYS;
    }
}

/* Changes the word, and compares what it was. */
static int operate(uint32_t operation, uintptr_t address)
{
    uint32_t old, next;
    int error = new_value(operation, 0, &next);

    if (!error)
        error = user_word_try_load(address, &old);
    if (error)
        return error;
    do {
        new_value(operation, old, &next);
        error = user_word_try_replace(address, &old, next);
    } while (error == -EAGAIN);
    return error ? error : compare(operation, (int32_t)old);
}

int futex_wake_op_key(const struct futex_key *first, const struct futex_key *second,
                      uintptr_t address, int count, int more, uint32_t operation)
{
    struct futex_bucket *a = bucket_of(first), *b = bucket_of(second);
    int result;

    do {
        lock_two(a, b);
        int holds = operate(operation, address);
        result = holds;
        if (holds >= 0)
            result = wake_locked(a, first, count, FUTEX_BITSET_MATCH_ANY);
        if (holds > 0)
            result += wake_locked(b, second, more, FUTEX_BITSET_MATCH_ANY);
        unlock_two(a, b);
    } while (result == -EFAULT && !user_word_prepare(address));
    return result;
}
