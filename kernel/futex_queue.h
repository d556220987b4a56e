// SPDX-License-Identifier: MIT
/*
 * Who waits for which futex, first come, first served.
 *
 * Waiters hang in one of a few buckets, chosen by a hash of the key, each with a lock of its own.
 * A word is compared, or changed, with the lock of its bucket held, so that whoever changes the
 * word first and then wakes finds all that have waited for the old value, and nobody else. User
 * memory is touched under the lock by user_word_try_*() only: a page fault that is resolved may
 * take any lock, the kernel lock among them, and that comes before these.
 *
 * The lock of a bucket is taken with or without the kernel lock, before the scheduler's; two of
 * them in the order of their addresses.
 */
#ifndef KERNEL_FUTEX_QUEUE_H
#define KERNEL_FUTEX_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include <bsd/sys/queue.h>

#include "kernel/futex_key.h"

struct futex_bucket;
struct task;

/* On the waiting task's stack, or otherwise its own, until futex_leave(). */
struct futex_waiter {
    TAILQ_ENTRY(futex_waiter) link;
    struct futex_bucket *bucket; /* where it hangs, or did when it was woken */
    struct futex_key key;        /* the caller's, before futex_enter() */
    uint32_t bits;               /* woken by a wake that has one of them; the caller's too */
    bool woken;
    struct task *task;
};

/*
 * The running task waits from here on if the word has the value. -EAGAIN, -EFAULT: it does not.
 * How it sleeps until waiter->woken is its own matter; it is woken by wake_task().
 */
int futex_enter(struct futex_waiter *waiter, uintptr_t address, uint32_t value);

/* It waits no more. True if it has been woken. */
bool futex_leave(struct futex_waiter *waiter);

/* Wakes waiters: at least one if there is one, however small count is. Returns how many. */
int futex_wake_key(const struct futex_key *key, int count, uint32_t bits);

/* A word and the value that it must have; expected may be NULL. */
struct futex_condition {
    uintptr_t address;
    const uint32_t *expected;
};

/*
 * Wakes up to count waiters, lets up to more others wait for the second futex instead, and returns
 * how many these were. -EAGAIN when the condition does not hold; -EFAULT.
 */
int futex_requeue_key(const struct futex_key *from, const struct futex_key *to, int count, int more,
                      const struct futex_condition *condition);

/*
 * Changes the word of the second futex by FUTEX_WAKE_OP's operation; wakes waiters of the first,
 * and of the second if the operation's comparison held for the old value. -EFAULT, -ENOSYS.
 */
int futex_wake_op_key(const struct futex_key *first, const struct futex_key *second,
                      uintptr_t address, int count, int more, uint32_t operation);

#endif
