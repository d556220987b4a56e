// SPDX-License-Identifier: MIT
/*
 * The key map of an address space: which protection keys are allocated.
 *
 * All of it is one atomic word, so that pkey_alloc, pkey_free and fork see the allocation bits and
 * the execute-only key at the same moment without a lock:
 *
 *    31        21  20   19      16 15                    0
 *   +------------+-----+----------+-----------------------+
 *   |     0      | has | exec key | allocated, bit by key |
 *   +------------+-----+----------+-----------------------+
 *
 * Key 0 is allocated from the start. The kernel takes the execute-only key for itself, at the first
 * mapping with exactly PROT_EXEC; it counts as allocated, and the calls refuse it.
 */
#ifndef MM_SPACE_KEYS_H
#define MM_SPACE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/mmu/pkru.h"

#define KEY_MAP_ALLOCATED  0xffffu
#define KEY_MAP_EXEC_SHIFT 16
#define KEY_MAP_EXEC_MASK  (0xfu << KEY_MAP_EXEC_SHIFT)
#define KEY_MAP_HAS_EXEC   (1u << 20)
#define KEY_MAP_INIT       1u /* key 0, no execute-only key */

static inline uint32_t key_map_load(const uint32_t *map)
{
    return __atomic_load_n(map, __ATOMIC_RELAXED);
}

static inline int key_map_execute_only(uint32_t value)
{
    return value & KEY_MAP_HAS_EXEC ? (int)((value & KEY_MAP_EXEC_MASK) >> KEY_MAP_EXEC_SHIFT) : -1;
}

/* Whether a key, which may be out of range, is allocated and not the execute-only one. */
static inline bool key_map_has(uint32_t value, int key)
{
    return key >= 0 && key < PKEY_COUNT && value >> key & 1 && key != key_map_execute_only(value);
}

/* Takes the lowest free key: the key, or -ENOSPC (also when the CPU has no protection keys). */
int keys_alloc(uint32_t *map);

/* -EINVAL when key is out of range, not allocated, or the execute-only key. Key 0 may be freed. */
int keys_free(uint32_t *map, int key);

/*
 * Whether a program may name this key in pkey_mprotect(): allocated, and not the execute-only
 * one. Without protection keys that is key 0 alone.
 */
static inline bool keys_is_allocated(const uint32_t *map, int key)
{
    return key_map_has(key_map_load(map), key);
}

/* The execute-only key, or -1. */
static inline int keys_execute_only(const uint32_t *map)
{
    return key_map_execute_only(key_map_load(map));
}

/*
 * The same, but takes the lowest free key if there is none yet, and denies it to the caller: AD is
 * set in the live PKRU, unless the key was there and denied already. -1 if no key is free.
 */
int keys_take_execute_only(uint32_t *map);

#endif
