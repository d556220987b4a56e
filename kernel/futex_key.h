// SPDX-License-Identifier: MIT
/*
 * Which futex a word of user memory is: two addresses name the same one if their keys are equal.
 *
 *   private  a word of one address space, by its address
 *   shared   of a file or shared memory: the object, and where the word is in it;
 *            of other memory: the address space and address, but never equal to a private one
 *
 * A shared futex in private memory is not known by its page, which copy-on-write may replace.
 */
#ifndef KERNEL_FUTEX_KEY_H
#define KERNEL_FUTEX_KEY_H

#include <stdbool.h>
#include <stdint.h>

enum futex_scope {
    FUTEX_PRIVATE,
    FUTEX_SHARED,
    FUTEX_OF_OBJECT,
};

struct futex_key {
    enum futex_scope scope;
    uint64_t owner;  /* the space's address, or the object's number */
    uint64_t offset; /* the word's address, or its offset in the object */
};

/*
 * The key of a word of the running task's memory. A shared one is looked at by the caller's
 * rights, PKRU's among them: it must be for reading, or for writing if write. Of private memory
 * it must be for writing always, since nobody could ever change it. -EINVAL when it is not aligned;
 * -EFAULT.
 */
int futex_key_make(uintptr_t address, bool is_private, bool write, struct futex_key *key);

static inline bool futex_key_equal(const struct futex_key *a, const struct futex_key *b)
{
    return a->scope == b->scope && a->owner == b->owner && a->offset == b->offset;
}

#endif
