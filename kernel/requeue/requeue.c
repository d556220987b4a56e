// SPDX-License-Identifier: MIT
/*
 * What futex(2) does with two futexes at once.
 *
 * The room owns which word that several address spaces see is which futex, FUTEX_REQUEUE,
 * FUTEX_CMP_REQUEUE, FUTEX_WAKE_OP and futex_waitv(2), and the locks of a thread that ends. It
 * leaves who waits for a futex, and waking, to kernel/futex/.
 */
#include <asm/errno.h>
#include <linux/futex.h>

#include "arch/mmu/usercopy.h"
#include "kernel/futex/futex.h"
#include "kernel/requeue/user_word.h"
#include "kernel/requeue/wake_op.h"

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

    TAILQ_FOREACH_SAFE(waiter, &futex_bucket_of(from)->waiters, link, next)
    {
        if (done - count >= more)
            break;
        if (!futex_key_equal(&waiter->key, from))
            continue;
        if (done++ < count)
            futex_wake_waiter(waiter);
        else
            move(waiter, futex_bucket_of(to), to);
    }
    return done;
}

/* FUTEX_CMP_REQUEUE goes on only while the first word has a value: else -EAGAIN, or -EFAULT. */
static int compare(const struct futex_call *call)
{
    uint32_t found;

    if (call->command != FUTEX_CMP_REQUEUE)
        return 0;
    int error = user_word_try_load(call->address, &found);
    if (error)
        return error;
    return found == call->value3 ? 0 : -EAGAIN;
}

/*
 * Wakes up to call->count waiters, lets up to call->more others wait for the second futex instead,
 * and returns how many these were.
 */
static int requeue(const struct futex_key *from, const struct futex_key *to,
                   const struct futex_call *call)
{
    uint32_t found;
    int result;

    do {
        lock_two(futex_bucket_of(from), futex_bucket_of(to));
        result = compare(call);
        if (!result)
            result = requeue_locked(from, to, call->count, call->more);
        unlock_two(futex_bucket_of(from), futex_bucket_of(to));
    } while (result == -EFAULT && !user_word_load(call->address, &found));
    return result;
}

/*
 * Changes the word of the second futex; wakes waiters of the first, and of the second if the
 * comparison held for the old value.
 */
static int wake_op(const struct futex_key *first, const struct futex_key *second,
                   const struct futex_call *call)
{
    struct futex_bucket *a = futex_bucket_of(first), *b = futex_bucket_of(second);
    int result;

    do {
        lock_two(a, b);
        int holds = wake_op_apply(call->value3, call->second);
        result = holds;
        if (holds >= 0)
            result = futex_wake_locked(a, first, call->count, FUTEX_BITSET_MATCH_ANY);
        if (holds > 0)
            result += futex_wake_locked(b, second, call->more, FUTEX_BITSET_MATCH_ANY);
        unlock_two(a, b);
    } while (result == -EFAULT && !user_word_prepare(call->second));
    return result;
}

long futex_other_command(const struct futex_call *call)
{
    bool is_wake_op = call->command == FUTEX_WAKE_OP;
    struct futex_key first, second;

    if (!is_wake_op && call->command != FUTEX_REQUEUE && call->command != FUTEX_CMP_REQUEUE)
        return -ENOSYS;
    if (!is_wake_op && (call->count < 0 || call->more < 0))
        return -EINVAL;
    int error = futex_key_make(call->address, call->is_private, false, &first);
    if (!error)
        error = futex_key_make(call->second, call->is_private, is_wake_op, &second);
    if (error)
        return error;
    return is_wake_op ? wake_op(&first, &second, call) : requeue(&first, &second, call);
}
