// SPDX-License-Identifier: MIT
#include "mm/space/keys.h"

#include <asm/errno.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/mmu/pkru.h"

static bool exchange(uint32_t *map, uint32_t *expected, uint32_t desired)
{
    if (__atomic_compare_exchange_n(map, expected, desired, true, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED))
        return true;
    this_cpu()->key_map_retries++;
    return false;
}

/* The lowest key that is free in value, or -1. */
static int lowest_free(uint32_t value)
{
    uint32_t free = ~value & KEY_MAP_ALLOCATED;

    return free && cpu_state.pku ? __builtin_ctz(free) : -1;
}

int keys_alloc(uint32_t *map)
{
    uint32_t value = key_map_load(map);
    int key;

    do {
        key = lowest_free(value);
        if (key < 0)
            return -ENOSPC;
    } while (!exchange(map, &value, value | 1u << key));
    return key;
}

int keys_free(uint32_t *map, int key)
{
    uint32_t value = key_map_load(map);

    do {
        if (!key_map_has(value, key) || !cpu_state.pku)
            return -EINVAL;
    } while (!exchange(map, &value, value & ~(1u << key)));
    return 0;
}

/*
 * Execute-only memory is memory under a key to which no thread has access: fetches do not check
 * PKRU. So the thread that maps it gives up its own access too.
 */
static void deny_to_caller(int key)
{
    pkru_change((unsigned int)key, PKRU_AD);
}

int keys_take_execute_only(uint32_t *map)
{
    uint32_t value = key_map_load(map);
    int key;

    do {
        key = key_map_execute_only(value);
        if (key >= 0) {
            if (!(pkru_rights(read_pkru(), (unsigned int)key) & PKRU_AD))
                deny_to_caller(key);
            return key;
        }
        key = lowest_free(value);
        if (key < 0)
            return -1;
    } while (!exchange(map, &value,
                       value | 1u << key | KEY_MAP_HAS_EXEC | (uint32_t)key << KEY_MAP_EXEC_SHIFT));
    deny_to_caller(key);
    return key;
}
