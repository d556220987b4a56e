// SPDX-License-Identifier: MIT
/*
 * What a build with DEBUG=1 knows of locks: how often each was taken, and in which order.
 *
 * Locks of one name are one class. Whoever takes a lock while holding others records "after" for
 * each pair of classes; a pair that contradicts what was recorded before, directly or by way of
 * others, could end in a deadlock some day, and is reported at once with both names. Two locks of
 * one class have no order; taking the very same one twice is always found (spinlock.c).
 */
#ifndef ARCH_LOCK_CHECK_H
#define ARCH_LOCK_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef LATCHKEY_DEBUG

struct lock_class;

struct lock_check {
    struct lock_class *class; /* NULL until it is first taken */
};

/* Before waiting for the lock, and before letting it go. */
void lock_check_take(struct lock_check *check, const char *name);
void lock_check_release(struct lock_check *check);

/* The class with this number, in the order of their first use; false when there is none. */
bool lock_check_read(unsigned int number, const char **name, uint64_t *taken);

#else

struct lock_check {
};

static inline void lock_check_take(struct lock_check *check, const char *name)
{
    (void)check;
    (void)name;
}

static inline void lock_check_release(struct lock_check *check)
{
    (void)check;
}

static inline bool lock_check_read(unsigned int number, const char **name, uint64_t *taken)
{
    (void)number;
    (void)name;
    (void)taken;
    return false;
}

#endif

#endif
