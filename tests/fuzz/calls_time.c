// SPDX-License-Identifier: MIT
// Clocks, sleeps and timers; futexes, which are sleeps too; and numbers that no call has.

#include <signal.h>
#include <string.h>

#include <linux/futex.h>

#include "tests/fuzz/arena.h"
#include "tests/fuzz/call.h"
#include "tests/fuzz/values.h"

#define CLOCKS        12
#define SHORTEST_US   300
#define FIRST_UNKNOWN 600 /* Linux's numbers end before */

/* ---- arguments ---- */

static uint64_t clock_number(const struct use *use)
{
    return use->wild && one_in(3) ? wild_value()
           : one_in(4)            ? random_below(CLOCKS)
                                  : random_below(2);
}

static uint64_t settable_clock(const struct use *use)
{
    return one_in(4) ? clock_number(use) : zero(use);
}

/* Within a year of 2020 mostly. */
static uint64_t time_of_day(const struct use *use)
{
    struct fuzz_time *time = scratch_take(sizeof(*time));

    time->seconds =
        use->wild && one_in(3) ? (long)wild_value() : 1577836800 + (long)random_below(31536000);
    time->fraction = (long)random_below(1000000000);
    return (uint64_t)time;
}

static uint64_t sleep_flags(const struct use *use)
{
    return one_in(4) ? 1 /* TIMER_ABSTIME */ : zero(use);
}

static uint64_t timer(const struct use *use)
{
    return use->wild && one_in(3) ? wild_value() : random_below(3);
}

/* The interval and the time until the first signal; not so short that nothing else happens. */
static uint64_t timer_value(const struct use *use)
{
    struct fuzz_time *times = scratch_take(2 * sizeof(*times));

    for (int i = 0; i < 2; i++) {
        times[i].fraction = one_in(3) ? 0 : SHORTEST_US + (long)random_small(20000);
        if (use->wild && one_in(4))
            times[i].seconds = (long)wild_value();
    }
    return one_in(6) ? 0 : (uint64_t)times;
}

/* ---- timers by timer_create() ---- */

#define TIMERS               8
#define SHORTEST_INTERVAL_NS 5000000

static int timers[TIMERS]; /* one more than the number; 0: none */
static unsigned int timers_next;

static uint64_t any_timer(const struct use *use)
{
    int known = timers[random_below(TIMERS)];

    if (use->wild && one_in(3))
        return wild_value();
    return known ? (uint64_t)known - 1 : random_below(TIMERS);
}

/* The kernel's struct sigevent, whose names differ between C libraries. */
struct timer_event {
    uint64_t value;
    int signal, way, thread;
    int unused[11];
};

/* Signals that end nobody, with a handler or without, and numbers that are none. */
static uint64_t timer_event(const struct use *use)
{
    static const int signals[] = {SIGCHLD, SIGURG, SIGWINCH}, odd[] = {0, -1, 65, INT32_MIN};
    static const int ways[] = {0 /* SIGEV_SIGNAL */, 1 /* SIGEV_NONE */, 4 /* SIGEV_THREAD_ID */};
    struct timer_event *event = scratch_take(sizeof(*event));

    *event = (struct timer_event){
        .value = random_bits(),
        .signal = use->wild && one_in(3) ? PICK(odd) : PICK(signals),
        .way = use->wild && one_in(3) ? (int)wild_value() : PICK(ways),
        .thread = use->wild && one_in(3) ? (int)wild_value() : (int)KERNEL(gettid),
    };
    return one_in(20) ? wild_value() : (uint64_t)event;
}

/* Nanoseconds: an interval that leaves time for more than its handler, and any first time. */
static uint64_t timer_moment(const struct use *use)
{
    struct fuzz_time *times = scratch_take(2 * sizeof(*times));

    times[0].fraction = one_in(2) ? 0 : SHORTEST_INTERVAL_NS + (long)random_small(100000000);
    times[1].fraction = one_in(4) ? 0 : (long)random_small(100000000);
    if (use->wild && one_in(2))
        times[random_below(2)].seconds = (long)wild_value();
    return (uint64_t)times;
}

/* The oldest makes room. */
static void after_timer_create(const struct use *use, long result)
{
    int *oldest = &timers[timers_next % TIMERS];

    if (result != 0)
        return;
    if (*oldest)
        KERNEL(timer_delete, *oldest - 1);
    *oldest = *(const int *)use->argument[2] + 1;
    timers_next++;
}

DEFINE_CHOICE(futex_operation, FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAKE_BITSET, FUTEX_WAIT_BITSET,
              FUTEX_REQUEUE, FUTEX_CMP_REQUEUE, FUTEX_WAKE_OP, FUTEX_WAKE_PRIVATE,
              FUTEX_WAIT_PRIVATE, FUTEX_CMP_REQUEUE_PRIVATE, FUTEX_WAKE_OP_PRIVATE,
              FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME)

static uint64_t futex_word(const struct use *use)
{
    return one_in(3) ? play_address(use) : word(use);
}

/* The word's value, half of the time; play pages begin as zeros. */
static uint64_t futex_value(const struct use *use)
{
    if (is_scratch(use->argument[0]) && one_in(2))
        return *(const uint32_t *)use->argument[0];
    return random_below(2);
}

/* For a requeue it is a number. */
static uint64_t futex_time(const struct use *use)
{
    uint64_t command = use->argument[1] & FUTEX_CMD_MASK;

    if (command == FUTEX_REQUEUE || command == FUTEX_CMP_REQUEUE || command == FUTEX_WAKE_OP)
        return random_below(4);
    return short_time_or_null(use);
}

#define SEVERAL 4 /* words that futex_waitv waits for */

static uint64_t several_words(const struct use *use)
{
    struct futex_waitv *words = scratch_take(SEVERAL * sizeof(*words));

    for (int i = 0; i < SEVERAL; i++)
        words[i] = (struct futex_waitv){
            .val = use->wild && one_in(4) ? wild_value() : random_below(2),
            .uaddr = futex_word(use),
            .flags = (uint32_t)(use->wild && one_in(4) ? random_bits() : 2 /* 32 bits */),
        };
    return (uint64_t)words;
}

static uint64_t several_count(const struct use *use)
{
    return use->wild && one_in(4) ? wild_value() : 1 + random_below(SEVERAL);
}

/* ---- A number that no call has ---- */

static uint64_t unknown_number(const struct use *use)
{
    (void)use;
    return one_in(2) ? random_bits() | UINT64_C(1) << 33 : FIRST_UNKNOWN + random_below(1 << 16);
}

static long run_unknown(struct use *use)
{
    return kernel((long)use->argument[0], random_bits(), random_bits(), random_bits(),
                  random_bits(), random_bits(), random_bits());
}

/* struct timex, which begins with what to change: nothing, or that adjtime(3) only asks. */
static uint64_t clock_state(const struct use *use)
{
    uint32_t *state = scratch_take(208);

    memset(state, 0, 208);
    state[0] = use->wild ? (uint32_t)wild_value() : one_in(3) ? 0xa001 : 0;
    return (uint64_t)state;
}

/* ---- the table ---- */

static const struct call calls[] = {
    CALL(clock_gettime, TAKES(clock_number, buffer)),
    CALL(clock_getres, TAKES(clock_number, buffer_or_null)),
    CALL(clock_settime, TAKES(settable_clock, time_of_day)),
    CALL(adjtimex, TAKES(clock_state)),
    CALL(clock_adjtime, TAKES(settable_clock, clock_state)),
    CALL(gettimeofday, TAKES(buffer_or_null, buffer_or_null)),
    CALL(time, TAKES(buffer_or_null)),
    CALL(times, TAKES(buffer_or_null)),
    CALL(nanosleep, TAKES(short_time, buffer_or_null), .flags = CALL_BLOCKS),
    CALL(clock_nanosleep, TAKES(clock_number, sleep_flags, short_time, buffer_or_null),
         .flags = CALL_BLOCKS),
    CALL(getitimer, TAKES(timer, buffer)),
    CALL(setitimer, TAKES(timer, timer_value, buffer_or_null)),
    CALL(timer_create, TAKES(clock_number, timer_event, word), .flags = CALL_AIMED,
         .after = after_timer_create),
    CALL(timer_settime, TAKES(any_timer, sleep_flags, timer_moment, buffer_or_null),
         .flags = CALL_AIMED),
    CALL(timer_gettime, TAKES(any_timer, buffer)),
    CALL(timer_getoverrun, TAKES(any_timer)),
    CALL(timer_delete, TAKES(any_timer)),
    CALL(futex,
         TAKES(futex_word, futex_operation, futex_value, futex_time, futex_word, futex_value),
         .flags = CALL_BLOCKS),
    CALL(futex_waitv, TAKES(several_words, several_count, zero, short_time_or_null, clock_number),
         .flags = CALL_BLOCKS, .counts = EAGAIN),
    {.number = -1,
     .name = "no call's number",
     TAKES(unknown_number),
     .flags = CALL_AIMED,
     .counts = ENOSYS,
     .run = run_unknown},
};

const struct call_table time_calls = {calls, COUNT(calls)};
