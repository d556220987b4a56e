// SPDX-License-Identifier: MIT
/*
 * What happens to an address space that rooms above are told of, or asked about
 * (arch/cpu/attach.h). Those about areas are asked only if space->rules has their bit, which is all
 * that a space without rules looks at.
 */
#ifndef MM_SPACE_EVENTS_H
#define MM_SPACE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/attach.h"

struct address_space;
struct map_request;

/*
 * RULES_ON_RANGES. The running thread is about to change the areas of [start, end), or to take them
 * away, and brings memory under a key if that is not -1; none of it has been changed. The space's
 * lock is held to write, and the answer is the call's: an errno refuses it, and nothing is undone.
 */
EVENT(range_changes, int, struct address_space *space, uintptr_t start, uintptr_t end, int key);

/*
 * RULES_ON_PROTECTION. An area is about to get the protection after, having had before; a new one
 * has had the same. by_force: it keeps its own, and the program is about to be written to in spite
 * of it, as after says. The space's lock is held, to write unless by_force. An errno refuses it:
 * areas below it that the call has changed stay so.
 */
EVENT(protection_changes, int, const struct address_space *space, int before, int after,
      bool by_force);

/*
 * mprotect() and pkey_mprotect() have PROT_GROWSDOWN or PROT_GROWSUP in grows. Whoever knows what
 * that means sets where the change begins, and answers 1 or an errno. The space's lock is held to
 * write, and nothing has been changed. If nobody knows: -EINVAL.
 */
EVENT(protection_grows, int, struct address_space *space, uintptr_t *start, uintptr_t end,
      int grows);

/*
 * RULES_ON_KEYS. The running thread is about to free a key of a space, or to set the rights to it
 * by a call; any number may be given for a key of its own space. An errno refuses it.
 */
EVENT(key_changes, int, const struct address_space *space, int key);

/*
 * RULES_ON_KEYS. The running thread is about to set a handler of signals, or the stack that they
 * run on. An errno refuses it.
 */
EVENT(handlers_change, int, const struct address_space *space);

/*
 * RULES_ON_KEYS. pkey_alloc() has given out a key, of which policies may have been said before. It
 * has not returned yet, so no memory is under the key. No lock is held; it may not fail.
 */
EVENT(key_is_given_out, void, struct address_space *space, int key);

/*
 * A space has been made, of which nobody knows yet and in which nothing is mapped: for a program,
 * or as a copy, for fork(). old is the space that the running thread has (NULL: none), locked to
 * write in a copy; in one for a program no lock is held. It may not fail.
 */
EVENT(space_is_made, void, struct address_space *space, const struct address_space *old,
      bool is_copy);

/*
 * RULES_ON_SIZE. So many bytes more are about to be mapped in the space, and so many, which may be
 * among them, to become data (area_is_data()). The space's lock is held to write. An errno refuses
 * it.
 */
EVENT(space_grows, int, struct address_space *space, uint64_t bytes, uint64_t data);

/*
 * mmap() of the running thread is about to map that, with these flags, among which MAP_LOCKED or
 * MAP_32BIT is, or all of the space is to be locked: it may be refused by an errno, or be told that
 * all of it is brought in, by MAP_POPULATE, or where there is room for it. No lock is held.
 */
EVENT(mapping_begins, int, struct map_request *request, int *flags);

/*
 * What mmap() has mapped for the running thread is to be brought in, by MAP_POPULATE or MAP_LOCKED.
 * No lock is held; what cannot be had stays out.
 */
EVENT(mapping_populates, void, struct address_space *space, uintptr_t start, uintptr_t end);

/*
 * An access has met an address that no area holds, below one of AREA_GROWS_DOWN: who lets that grow
 * does so, and the areas are looked at again. No lock is held.
 */
EVENT(stack_is_touched, void, struct address_space *space, uintptr_t address);

#endif
