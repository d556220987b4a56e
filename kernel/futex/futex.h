// SPDX-License-Identifier: MIT
/*
 * Futexes: waiting for a word of memory to change, and being woken by whoever changed it.
 *
 * The room owns the waiters, and the part of futex(2) that locks need: to wait and to wake. It
 * leaves the words to programs, sleeping to kernel/task/, and what concerns several futexes, or
 * several address spaces, to kernel/requeue/.
 *
 * Waiters are queued in one of a few buckets, chosen by a hash of the key, each with a lock of its
 * own; first come, first served. A word is compared, or changed, with its bucket locked: so a
 * program that changes the word first and then wakes finds all that have waited for the old value,
 * and nobody else. Under the lock user memory is touched by user_word_try_*() only: resolving a
 * page fault may take any lock, such as the kernel lock, and those come before these.
 *
 * The lock of a bucket is taken with or without the kernel lock, before the scheduler's; two of
 * them in the order of their addresses.
 */
#ifndef KERNEL_FUTEX_FUTEX_H
#define KERNEL_FUTEX_FUTEX_H

#include <stdbool.h>
#include <stdint.h>

#include <bsd/sys/queue.h>

#include "arch/cpu/attach.h"
#include "arch/lock/spinlock.h"

struct task;

/* Which futex a word of user memory is: two addresses name the same one if their keys are equal. */
struct futex_key {
    int scope;       /* 0: a word of one address space; others are of rooms above */
    uint64_t owner;  /* the space's address, or the object's number */
    uint64_t offset; /* the word's address, or its offset in the object */
};

TAILQ_HEAD(futex_waiters, futex_waiter);

struct futex_bucket {
    struct spinlock lock;
    struct futex_waiters waiters;
} __attribute__((aligned(64)));

/* Usually on the waiting task's stack; must stay until futex_leave(). */
struct futex_waiter {
    TAILQ_ENTRY(futex_waiter) link;
    struct futex_bucket *bucket; /* where it is queued, or was when it was woken */
    struct futex_key key;        /* set by the caller, before futex_enter() */
    uint32_t bits;               /* a wake must have one of them; set by the caller */
    bool woken;
    struct task *task;
};

void futex_init(void);

/*
 * The key of a word of the running task's memory. A shared word is checked against the caller's
 * rights, PKRU's included: it must be readable, or writable if write is set. In private memory it
 * must be writable in any case, since nobody could ever change it otherwise. -EINVAL when it is not
 * aligned; -EFAULT.
 */
int futex_key_make(uintptr_t address, bool is_private, bool write, struct futex_key *key);

bool futex_key_equal(const struct futex_key *a, const struct futex_key *b);

/*
 * Asked for a word without FUTEX_PRIVATE_FLAG. The key is that of a private one; a room that knows
 * what several address spaces share replaces it. -EFAULT. No lock is held.
 */
EVENT(futex_is_shared, int, uintptr_t address, bool write, struct futex_key *key);

struct futex_bucket *futex_bucket_of(const struct futex_key *key);

/*
 * Queues the running task if the word has the value; on -EAGAIN and -EFAULT it does not wait. The
 * caller decides how it sleeps until waiter->woken; it is woken by wake_task().
 */
int futex_enter(struct futex_waiter *waiter, uintptr_t address, uint32_t value);

/* Whether a waiter (a void *, so that it can be a condition of wait_event()) has been woken. */
bool futex_was_woken(void *waiter);

/* Ends the wait. True if the waiter has been woken. */
bool futex_leave(struct futex_waiter *waiter);

/* Takes a waiter out of its bucket, which is locked, and wakes its task. */
void futex_wake_waiter(struct futex_waiter *waiter);

/* With the bucket locked: wakes up to count waiters, but at least one. Returns how many. */
int futex_wake_locked(struct futex_bucket *bucket, const struct futex_key *key, int count,
                      uint32_t bits);

/*
 * Wakes one waiter for a word of the running task's memory, like FUTEX_WAKE without
 * FUTEX_PRIVATE_FLAG: for CLONE_CHILD_CLEARTID, and for locks whose owner has ended.
 */
void futex_wake_one(uintptr_t address);

/* A wait's end by clock_monotonic_ns(): never 0, which means none. */
uint64_t futex_deadline(uint64_t ns, bool is_real);

/* What futex() was called with. */
struct futex_call {
    uintptr_t address, second;
    int command; /* FUTEX_*, without flags */
    bool is_private;
    int count, more; /* the value; and the timeout, for commands that have a number there */
    uint32_t value3;
};

/* Provided by the room that knows commands other than waits and wakes. Default: -ENOSYS. */
long futex_other_command(const struct futex_call *call);

#endif
