// SPDX-License-Identifier: MIT
#include "tests/fuzz/limits.h"

#include "tests/fuzz/arena.h"
#include "tests/fuzz/children.h"
#include "tests/fuzz/values.h"

#define LIMITS    16 /* RLIM_NLIMITS */
#define LIMIT_CPU 0  /* RLIMIT_CPU: to run into it ends the process before it is restored */

struct limit {
    uint64_t current, highest;
};

static struct limit limits[LIMITS];

void limits_remember(void)
{
    for (uint64_t i = 0; i < LIMITS; i++)
        KERNEL(prlimit64, 0, i, 0, &limits[i]);
}

void limits_restore(void)
{
    for (uint64_t i = 0; i < LIMITS; i++)
        KERNEL(prlimit64, 0, i, &limits[i], 0);
}

static uint64_t resource(const struct use *use)
{
    return use->wild && one_in(3) ? wild_value() : random_below(LIMITS);
}

static uint64_t lower_limit(const struct use *use)
{
    struct limit *limit = scratch_take(sizeof(*limit));
    uint64_t which = use->argument[use->index - 1] % LIMITS;

    *limit = limits[which];
    if (which == LIMIT_CPU)
        return (uint64_t)limit;
    limit->current = one_in(2) ? 0 : random_small(UINT64_C(1) << 48);
    if (limit->current > limit->highest && !use->wild)
        limit->current = limit->highest;
    return (uint64_t)limit;
}

static uint64_t lower_limit_or_null(const struct use *use)
{
    return one_in(3) ? 0 : lower_limit(use);
}

/* One's own, or a child's. */
static uint64_t limited_pid(const struct use *use)
{
    return one_in(4) ? child_pid(use) : 0;
}

static void after_limit(const struct use *use, long result)
{
    (void)use, (void)result;
    limits_restore();
}

/* Of a process, a group or a user. */
static uint64_t priority_of(const struct use *use)
{
    return use->wild && one_in(3) ? wild_value() : random_below(3);
}

/* Not of a user: all processes are of the same one, and others may count on theirs. */
static uint64_t priority_of_few(const struct use *use)
{
    uint64_t which = priority_of(use);

    return (uint32_t)which == 2 ? 0 : which;
}

static uint64_t nice_value(const struct use *use)
{
    return use->wild && one_in(3) ? wild_value() : random_below(40) - 20;
}

static const struct call calls[] = {
    CALL(getrlimit, TAKES(resource, buffer)),
    CALL(setrlimit, TAKES(resource, lower_limit), .after = after_limit),
    CALL(prlimit64, TAKES(limited_pid, resource, lower_limit_or_null, buffer_or_null),
         .flags = CALL_AIMED, .after = after_limit),
    CALL(getpriority, TAKES(priority_of, limited_pid)),
    CALL(setpriority, TAKES(priority_of_few, limited_pid, nice_value), .flags = CALL_AIMED),
};

const struct call_table limit_calls = {calls, COUNT(calls)};
