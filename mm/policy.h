// SPDX-License-Identifier: MIT
/*
 * What a process has said about its keys that Linux has no word for: pkey_policy(2).
 *
 * A policy is a mask in the form of PKRU, with both bits of each key that has it. So the running
 * thread meets none of them where PKRU & mask is 0, and keys without any cost one test.
 *
 * The space's lock to write and the kernel lock are held while policies change: either one keeps
 * them as they are. Who looks with neither sees what was before a change or after it.
 */
#ifndef MM_POLICY_H
#define MM_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/pkru.h"

struct address_space;

struct key_policies {
    uint32_t guarded; /* PKEY_GUARDED */
    uint32_t closed;  /* PKEY_CLOSED */
    uint32_t kept;    /* PKEY_KEPT */
    uint32_t any;     /* all of them */
};

/*
 * pkey_policy(2): the policies that the key had, PKEY_GUARDED and so on, before those in set came
 * and those in clear went. -EINVAL, -EACCES. The caller holds the kernel lock.
 */
int space_change_policies(struct address_space *space, int key, unsigned int set,
                          unsigned int clear);

/* A key is given out anew: what was said of it before is forgotten. */
void space_forget_policies(struct address_space *space, int key);

/* Whether the running thread lacks a right to a key that has policies. Any number will do. */
static inline bool policy_denies(const struct key_policies *policies, int key)
{
    return policies->any && key >= 0 && key < PKEY_COUNT &&
           pkru_rights(read_pkru() & policies->any, (unsigned int)key);
}

/*
 * Whether it lacks one to a kept key. Handlers run with the kept rights of whom they interrupt, so
 * who lacks them sets neither handlers nor the stacks that they run on.
 */
static inline bool policy_denies_handlers(const struct key_policies *policies)
{
    return policies->kept && (read_pkru() & policies->kept);
}

#endif
