// SPDX-License-Identifier: MIT
/*
 * The key map of an address space: which protection keys are allocated.
 *
 * One atomic word holds all of it, so that pkey_alloc, pkey_free and fork see the allocation
 * bits and the execute-only key at one moment and take no lock:
 *
 *    31        21  20   19      16 15                    0
 *   +------------+-----+----------+-----------------------+
 *   |     0      | has | exec key | allocated, bit by key |
 *   +------------+-----+----------+-----------------------+
 *
 * Key 0 is allocated from the start. The execute-only key is one that the kernel took for itself,
 * at the first mapping with exactly PROT_EXEC; it counts as allocated and is refused to the calls.
 */
#ifndef MM_KEYS_H
#define MM_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#define KEY_MAP_INIT 1u /* key 0, no execute-only key */

/* Takes the lowest free key: the key, or -ENOSPC (also when the CPU has no protection keys). */
int keys_alloc(uint32_t *map);

/* -EINVAL when key is out of range, not allocated, or the execute-only key. Key 0 may be freed. */
int keys_free(uint32_t *map, int key);

/*
 * Whether a program may name this key in pkey_mprotect(): allocated, and not the execute-only
 * one. Without protection keys that is key 0 alone.
 */
bool keys_is_allocated(const uint32_t *map, int key);

/* The execute-only key, or -1. */
int keys_execute_only(const uint32_t *map);

/*
 * The same, taking the lowest free key when there is none yet, and denying it to the caller: AD
 * is set in the live PKRU, unless the key was there and denied already. -1 when no key is free.
 */
int keys_take_execute_only(uint32_t *map);

#endif
