// SPDX-License-Identifier: MIT
#include "tests/fuzz/worker.h"

#include <signal.h>

#include "libc/include/pkru.h"
#include "tests/fuzz/arena.h"
#include "tests/fuzz/children.h"
#include "tests/fuzz/explore.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/guide.h"
#include "tests/fuzz/limits.h"
#include "tests/fuzz/random.h"
#include "tests/fuzz/shared.h"
#include "tests/fuzz/sharer.h"

#define BATCH       64   /* calls */
#define ALARM_US    2000 /* an interrupted call may begin to wait again */
#define ALL_SIGNALS 64
#define SET_SIZE    8 /* bytes of a signal set */
#define TIMERS      3

/* ---- surroundings ---- */

static void take_note(int number)
{
    (void)number;
}

/* Those whose handler could only return to the same fault, or that have none. */
static bool is_left_alone(int number)
{
    static const int signals[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};

    for (unsigned int i = 0; i < COUNT(signals); i++)
        if (signals[i] == number)
            return true;
    return false;
}

static void handle_signals(void (*handler)(int))
{
    struct kernel_action action = {(uint64_t)handler, SA_RESTORER, (uint64_t)frames_return, 0};

    for (int number = 1; number <= ALL_SIGNALS; number++)
        if (!is_left_alone(number))
            KERNEL(rt_sigaction, number, &action, 0, SET_SIZE);
}

static void unblock_signals(void)
{
    static const uint64_t none;

    KERNEL(rt_sigprocmask, SIG_SETMASK, &none, 0, SET_SIZE);
}

void worker_default_signals(void)
{
    handle_signals(SIG_DFL);
    unblock_signals();
}

void worker_shuffle_rights(void)
{
    if (pkru_enabled())
        pkru_write((uint32_t)random_bits() & ~PKRU_ALL(0));
}

void worker_begin(void)
{
    static const struct fuzz_time no_time[2];

    for (int timer = 0; timer < TIMERS; timer++)
        KERNEL(setitimer, timer, no_time, 0);
    handle_signals(take_note);
    unblock_signals();
    sharers_end();
    children_end();
    limits_restore();
    files_reset();
    arena_reset();
    worker_shuffle_rights();
}

/* ---- one use of a call ---- */

/* Signals until it is disarmed, so that no call sleeps for long, whatever came between. */
static void arm_alarm(long microseconds)
{
    const struct fuzz_time times[2] = {{0, microseconds}, {0, microseconds}};
    static const uint64_t alarm_bit = UINT64_C(1) << (SIGALRM - 1);

    KERNEL(rt_sigprocmask, SIG_UNBLOCK, &alarm_bit, 0, SET_SIZE);
    KERNEL(setitimer, 0, times, 0);
}

void worker_generate(struct use *use)
{
    const struct call *call = use->call;

    for (use->index = 0; use->index < ARGUMENTS && call->argument[use->index]; use->index++) {
        uint64_t *argument = &use->argument[use->index];

        *argument = call->argument[use->index](use);
        if (use->wild && !(call->flags & CALL_AIMED) && one_in(3))
            *argument = wild_value();
    }
}

static struct record *begin_record(const struct use *use)
{
    struct record *record = &worker->records[worker->calls % RECORDS];

    record->call = calls_index(use->call);
    record->done = 0;
    for (unsigned int i = 0; i < ARGUMENTS; i++)
        record->argument[i] = use->argument[i];
    __atomic_store_n(&worker->calls, worker->calls + 1, __ATOMIC_RELEASE);
    return record;
}

long worker_run(struct use *use)
{
    long result;

    if (use->call->flags & CALL_BLOCKS)
        arm_alarm(ALARM_US);
    result = use->call->run ? use->call->run(use) : kernel_use(use);
    if (use->call->flags & CALL_BLOCKS)
        arm_alarm(0);
    return result;
}

void worker_use(const struct call *call)
{
    struct use use = {.call = call, .wild = one_in(4)};
    struct record *record = NULL;
    long result;

    scratch_reset();
    worker_generate(&use);
    if (depth == 0)
        record = begin_record(&use);
    result = call->flags & CALL_IN_CHILD ? call_in_child(&use) : worker_run(&use);
    if (record) {
        record->result = result;
        record->done = 1;
    }
    tally_add(call, !is_error(result) || (call->counts && result == -call->counts));
    if (call->after)
        call->after(&use, result);
}

const struct call *worker_choose_call(void)
{
    const struct call *call;

    do
        call = calls_get((unsigned int)random_below(calls_count()));
    while (((call->flags & CALL_RARE) && !one_in(4)) ||
           ((call->flags & CALL_IN_CHILD) && depth == DEPTH_MAX));
    return call;
}

void worker_use_any(void)
{
    worker_use(worker_choose_call());
    if (one_in(16))
        worker_shuffle_rights();
}

/* ---- the whole ---- */

static void use_batch(uint64_t end)
{
    worker_begin();
    if (one_in(3))
        sharers_start();
    while (worker->calls < end)
        worker_use_any();
}

void worker_main(const struct worker_plan *plan)
{
    worker = &shared->workers[plan->number];
    depth = 0;
    KERNEL(setpgid, 0, 0);
    guide_start(plan->number);
    arena_create();
    children_start();
    files_start(plan->number);
    limits_remember();
    explore_corpus(plan->number, plan->workers);
    while (worker->calls < plan->calls) {
        uint64_t end = worker->calls + BATCH < plan->calls ? worker->calls + BATCH : plan->calls;

        random_start(plan->seed << 16 | plan->number, worker->batches++);
        if (guide_is_there() && one_in(2))
            explore_one();
        else
            use_batch(end);
    }
    children_end();
    KERNEL(exit_group, 0);
    __builtin_unreachable();
}
