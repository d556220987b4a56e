// SPDX-License-Identifier: MIT
/*
 * What single calls and instructions cost: rights to keys, the time, and a call that does nothing.
 */
#include "user/pkbench/measure.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "libc/include/latchkey/syscalls.h"
#include "libc/include/pkru.h"

static void do_nothing(int turn)
{
    (void)turn;
}

static void ask_for_parent(int turn)
{
    (void)turn;
    syscall(__NR_getppid);
}

static void ask_for_time(int turn)
{
    struct timespec now;

    (void)turn;
    clock_gettime(CLOCK_MONOTONIC, &now);
}

static void call_for_time(int turn)
{
    struct timespec now;

    (void)turn;
    syscall(__NR_clock_gettime, CLOCK_MONOTONIC, &now);
}

static void set_by_instruction(int turn)
{
    pkey_set(keys[0], turn % 2 ? PKEY_DISABLE_WRITE : 0);
}

static void get_by_instruction(int turn)
{
    (void)turn;
    pkey_get(keys[0]);
}

static void set_by_call(int turn)
{
    syscall(__NR_pkey_set, keys[0], turn % 2 ? PKEY_DISABLE_WRITE : 0);
}

static void get_by_call(int turn)
{
    (void)turn;
    syscall(__NR_pkey_get, keys[0]);
}

static void alloc_and_free(int turn)
{
    (void)turn;
    pkey_free(pkey_alloc(0, 0));
}

void measure_calls(void)
{
    static const struct operation calls[] = {
        {.name = "nothing", .run = do_nothing},
        {.name = "getppid", .run = ask_for_parent},
        {.name = "clock_gettime, by the library", .run = ask_for_time},
        {.name = "clock_gettime, by system call", .run = call_for_time},
    };
    static const struct operation key_calls[] = {
        {.name = "pkey_set, by instruction", .run = set_by_instruction},
        {.name = "pkey_get, by instruction", .run = get_by_instruction},
        {.name = "pkey_alloc and pkey_free", .run = alloc_and_free},
    };

    static const struct operation own_calls[] = {
        {.name = "pkey_set, by system call", .run = set_by_call},
        {.name = "pkey_get, by system call", .run = get_by_call},
    };

    measure_all(calls, COUNT(calls));
    if (pkru_enabled())
        measure_all(key_calls, COUNT(key_calls));
    if (pkru_enabled() && syscall(__NR_pkey_get, keys[0]) >= 0)
        measure_all(own_calls, COUNT(own_calls));
}
