// SPDX-License-Identifier: MIT
/*
 * What the fuzzer knows of a system call, and one use of it.
 *
 * Each call has a line in a table (calls_*.c) that names a generator for each argument:
 *
 *     CALL(munmap, TAKES(play_address, play_length), .flags = CALL_AIMED),
 *
 * Generators mostly give values that make sense, so that calls get past their first check. Every
 * few uses is a wild one: then any argument may be replaced by an edge case, but for the calls
 * that could hurt the fuzzer itself (CALL_AIMED), whose generators choose their own edge cases.
 */
#ifndef TESTS_FUZZ_CALL_H
#define TESTS_FUZZ_CALL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#define ARGUMENTS   6
#define LARGEST_ERR 4095

struct call;

struct use {
    const struct call *call;
    uint64_t argument[ARGUMENTS];
    unsigned int index; /* the argument that is being generated; those before it are there */
    bool wild;
};

typedef uint64_t (*generator_t)(const struct use *use);

enum call_flags {
    CALL_AIMED = 1,    /* only its own generators choose wild arguments */
    CALL_BLOCKS = 2,   /* may sleep for ever: an alarm interrupts it */
    CALL_IN_CHILD = 4, /* may end or change the process: made in a child */
    CALL_ENDS = 8,     /* with CALL_IN_CHILD: has succeeded if the child ends with status 0 */
    CALL_RARE = 16,    /* costs much */
};

struct call {
    int number;
    const char *name;
    generator_t argument[ARGUMENTS];
    unsigned int flags;
    int counts; /* an errno that counts as success, or 0 */
    /* Makes the call in its own way; NULL: the call and nothing else. Result as the kernel's. */
    long (*run)(struct use *use);
    /* Looks at the result: what was made is remembered, what was broken is mended. */
    void (*after)(const struct use *use, long result);
};

#define CALL(call, ...)                                     \
    {                                                       \
        .number = __NR_##call, .name = #call, ##__VA_ARGS__ \
    }
#define TAKES(...) .argument = {__VA_ARGS__}

struct call_table {
    const struct call *calls;
    unsigned int count;
};

extern const struct call_table memory_calls, descriptor_calls, event_calls, name_calls,
    process_calls, signal_calls, time_calls;

/* All of them, in one row. */
unsigned int calls_count(void);
const struct call *calls_get(unsigned int index);
unsigned int calls_index(const struct call *call);

/* Whether it takes a path. */
bool calls_is_by_path(const struct call *call);

/* Prints calls that the kernel says it has and that are in no table; whether there are none. */
bool calls_check_list(void);

/* The call itself, around any C library: a negative errno, or the result. */
static inline long kernel(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                          uint64_t f)
{
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register uint64_t r9 __asm__("r9") = f;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#define KERNEL_ARGUMENTS(number, a, b, c, d, e, f, ...)                                       \
    kernel(number, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), \
           (uint64_t)(f))
/* The same with up to six arguments of any type. */
#define KERNEL(name, ...) KERNEL_ARGUMENTS(__NR_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)

static inline long own_pid(void)
{
    return KERNEL(getpid);
}

static inline long kernel_use(const struct use *use)
{
    return kernel(use->call->number, use->argument[0], use->argument[1], use->argument[2],
                  use->argument[3], use->argument[4], use->argument[5]);
}

static inline bool is_error(long result)
{
    return result < 0 && result >= -LARGEST_ERR;
}

#endif
