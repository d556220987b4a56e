// SPDX-License-Identifier: MIT
/*
 * What single calls and instructions cost: rights to keys, the time, and a call that does nothing.
 */
#include "user/pkbench/measure.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "libc/include/latchkey/syscalls.h"
#include "libc/include/latchkey/vdso.h"
#include "libc/include/pkru.h"

typedef int (*getcpu_t)(unsigned int *cpu, unsigned int *node, void *unused);
typedef int (*pkey_get_t)(int key);
typedef int (*pkey_set_t)(int key, unsigned int rights);

/* Of the vDSO; NULL where it has no such function. */
static getcpu_t vdso_getcpu;
static pkey_get_t vdso_pkey_get;
static pkey_set_t vdso_pkey_set;

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

static void get_cpu_by_vdso(int turn)
{
    unsigned int cpu;

    (void)turn;
    vdso_getcpu(&cpu, NULL, NULL);
}

static void get_cpu_by_call(int turn)
{
    unsigned int cpu;

    (void)turn;
    syscall(__NR_getcpu, &cpu, NULL, NULL);
}

/* As glibc has it, whatever the C library is. */
static int __attribute__((noinline)) set_by_pkru(int key, unsigned int rights)
{
    if (key < 0 || key >= PKRU_KEYS || rights > (PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE))
        return -1;
    pkru_write((pkru_read() & ~PKRU_ALL(key)) | rights << (2 * key));
    return 0;
}

static void set_by_instruction(int turn)
{
    set_by_pkru(keys[0], turn % 2 ? PKEY_DISABLE_WRITE : 0);
}

static void get_by_instruction(int turn)
{
    (void)turn;
    pkey_get(keys[0]);
}

static void set_by_vdso(int turn)
{
    vdso_pkey_set(keys[0], turn % 2 ? PKEY_DISABLE_WRITE : 0);
}

static void get_by_vdso(int turn)
{
    (void)turn;
    vdso_pkey_get(keys[0]);
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

static void find_in_vdso(void)
{
    vdso_getcpu = (getcpu_t)(uintptr_t)vdso_function(VDSO_LINUX, "__vdso_getcpu");
    vdso_pkey_get = (pkey_get_t)(uintptr_t)vdso_function(VDSO_LATCHKEY, "__vdso_pkey_get");
    vdso_pkey_set = (pkey_set_t)(uintptr_t)vdso_function(VDSO_LATCHKEY, "__vdso_pkey_set");
}

void measure_calls(void)
{
    static const struct operation calls[] = {
        {.name = "nothing", .run = do_nothing},
        {.name = "getppid", .run = ask_for_parent},
        {.name = "clock_gettime, by the library", .run = ask_for_time},
        {.name = "clock_gettime, by system call", .run = call_for_time},
        {.name = "getcpu, by vDSO", .run = get_cpu_by_vdso},
        {.name = "getcpu, by system call", .run = get_cpu_by_call},
    };
    static const struct operation key_calls[] = {
        {.name = "pkey_set, by instruction", .run = set_by_instruction},
        {.name = "pkey_get, by instruction", .run = get_by_instruction},
        {.name = "pkey_alloc and pkey_free", .run = alloc_and_free},
    };
    static const struct operation own_calls[] = {
        {.name = "pkey_set, by vDSO", .run = set_by_vdso},
        {.name = "pkey_get, by vDSO", .run = get_by_vdso},
        {.name = "pkey_set, by system call", .run = set_by_call},
        {.name = "pkey_get, by system call", .run = get_by_call},
    };

    find_in_vdso();
    require(vdso_getcpu != NULL, "__vdso_getcpu");
    measure_all(calls, COUNT(calls));
    if (pkru_enabled())
        measure_all(key_calls, COUNT(key_calls));
    if (pkru_enabled() && vdso_pkey_set)
        measure_all(own_calls, COUNT(own_calls));
}
