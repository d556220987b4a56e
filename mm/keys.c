// SPDX-License-Identifier: MIT
#include "mm/keys.h"

#include <asm/errno.h>

#include "arch/cpu.h"
#include "arch/percpu.h"
#include "arch/pkru.h"

#define MAP_ALLOCATED  0xffffu
#define MAP_EXEC_SHIFT 16
#define MAP_EXEC_MASK  (0xfu << MAP_EXEC_SHIFT)
#define MAP_HAS_EXEC   (1u << 20)

static uint32_t load(const uint32_t *map)
{
    return __atomic_load_n(map, __ATOMIC_RELAXED);
}

static bool exchange(uint32_t *map, uint32_t *expected, uint32_t desired)
{
    if (__atomic_compare_exchange_n(map, expected, desired, true, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED))
        return true;
    this_cpu()->key_map_retries++;
    return false;
}

static int execute_only(uint32_t value)
{
    return value & MAP_HAS_EXEC ? (int)((value & MAP_EXEC_MASK) >> MAP_EXEC_SHIFT) : -1;
}

/* The lowest key that is free in value, or -1. */
static int lowest_free(uint32_t value)
{
    uint32_t free = ~value & MAP_ALLOCATED;

    return free && cpu_state.pku ? __builtin_ctz(free) : -1;
}

int keys_alloc(uint32_t *map)
{
    uint32_t value = load(map);
    int key;

    do {
        key = lowest_free(value);
        if (key < 0)
            return -ENOSPC;
    } while (!exchange(map, &value, value | 1u << key));
    return key;
}

static bool is_allocated(uint32_t value, int key)
{
    return key >= 0 && key < PKEY_COUNT && value >> key & 1 && key != execute_only(value);
}

int keys_free(uint32_t *map, int key)
{
    uint32_t value = load(map);

    do {
        if (!is_allocated(value, key) || !cpu_state.pku)
            return -EINVAL;
    } while (!exchange(map, &value, value & ~(1u << key)));
    return 0;
}

bool keys_is_allocated(const uint32_t *map, int key)
{
    return is_allocated(load(map), key);
}

int keys_execute_only(const uint32_t *map)
{
    return execute_only(load(map));
}

static void deny_to_caller(int key)
{
    pkru_change((unsigned int)key, PKRU_AD);
}

int keys_take_execute_only(uint32_t *map)
{
    uint32_t value = load(map);
    int key;

    do {
        key = execute_only(value);
        if (key >= 0) {
            if (!(pkru_rights(read_pkru(), (unsigned int)key) & PKRU_AD))
                deny_to_caller(key);
            return key;
        }
        key = lowest_free(value);
        if (key < 0)
            return -1;
    } while (
        !exchange(map, &value, value | 1u << key | MAP_HAS_EXEC | (uint32_t)key << MAP_EXEC_SHIFT));
    deny_to_caller(key);
    return key;
}
