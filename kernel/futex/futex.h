// SPDX-License-Identifier: MIT
/*
 * Futexes: waiting for a word of memory to change, and being woken by whoever changed it.
 *
 * The room owns who waits, and futex(2) as far as locks need it: to wait and to wake. It leaves the
 * words to programs, sleeping to kernel/task/, and what concerns several futexes, or several
 * address spaces, to kernel/requeue/.
 *
 * Waiters hang in one of a few buckets, chosen by a hash of the key, each with a lock of its own,
 * first come, first served. A word is compared, or changed, with the lock of its bucket held, so
 * that whoever changes the word first and then wakes finds all that have waited for the old value,
 * and nobody else. User memory is touched under the lock by user_word_try_*() only: a page fault
 * that is resolved may take any lock, the kernel lock among them, and that comes before these.
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

/* On the waiting task's stack, or otherwise its own, until futex_leave(). */
struct futex_waiter {
    TAILQ_ENTRY(futex_waiter) link;
    struct futex_bucket *bucket; /* where it hangs, or did when it was woken */
    struct futex_key key;        /* the caller's, before futex_enter() */
    uint32_t bits;               /* woken by a wake that has one of them; the caller's too */
    bool woken;
    struct task *task;
};

void futex_init(void);

/*
 * The key of a word of the running task's memory. A shared one is looked at by the caller's
 * rights, PKRU's among them: it must be for reading, or for writing if write. Of private memory
 * it must be for writing always, since nobody could ever change it. -EINVAL when it is not aligned;
 * -EFAULT.
 */
int futex_key_make(uintptr_t address, bool is_private, bool write, struct futex_key *key);

bool futex_key_equal(const struct futex_key *a, const struct futex_key *b);

/*
 * A word that is not said to be private: the key is that of a private one, and who knows what is
 * the same in several address spaces makes it another. -EFAULT. No lock is held.
 */
EVENT(futex_is_shared, int, uintptr_t address, bool write, struct futex_key *key);

struct futex_bucket *futex_bucket_of(const struct futex_key *key);

/*
 * The running task waits from here on if the word has the value. -EAGAIN, -EFAULT: it does not.
 * How it sleeps until waiter->woken is its own matter; it is woken by wake_task().
 */
int futex_enter(struct futex_waiter *waiter, uintptr_t address, uint32_t value);

/* Whether a waiter (a void *, so that it can be a condition of wait_event()) has been woken. */
bool futex_was_woken(void *waiter);

/* It waits no more. True if it has been woken. */
bool futex_leave(struct futex_waiter *waiter);

/* Takes a waiter out of its bucket, which is locked, and lets it go on. */
void futex_wake_waiter(struct futex_waiter *waiter);

/* With the bucket locked: wakes up to count waiters, but one in any case. Returns how many. */
int futex_wake_locked(struct futex_bucket *bucket, const struct futex_key *key, int count,
                      uint32_t bits);

/*
 * Wakes one waiter at a word of the running task's memory, as FUTEX_WAKE does of a futex that is
 * not private: CLONE_CHILD_CLEARTID, and locks whose owner has ended.
 */
void futex_wake_one(uintptr_t address);

/* A wait's end in clock_monotonic_ns(), which is not 0: that would be none. */
uint64_t futex_deadline(uint64_t ns, bool is_real);

/* What futex() was called with. */
struct futex_call {
    uintptr_t address, second;
    int command; /* FUTEX_*, without flags */
    bool is_private;
    int count, more; /* the value, and what a call without a time has in the time's place */
    uint32_t value3;
};

/* Provided by who knows more commands than those that wait and wake; -ENOSYS. */
long futex_other_command(const struct futex_call *call);

#endif
