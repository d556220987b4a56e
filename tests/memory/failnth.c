// SPDX-License-Identifier: MIT
/*
 * Every allocation fails once: runs a program again and again, and the first time the kernel's
 * first allocation for it fails, the second time the second one, until there is none left.
 *
 *     failnth [--children] [--from N] [--step N | --ways] PROGRAM...
 *
 * With --ways, what fails each time is the first allocation that the kernel comes to by a new way:
 * by a call and a chain of functions by which none has failed yet, in any of the programs.
 *
 * For a kernel that checks itself, which has fail-nth, and a machine of its own. The number is the
 * program's first thread's alone: as on Linux, what it makes does not inherit it. With --children
 * it is the other way round: each process and thread that the program makes gets the number, and
 * the first one goes without.
 *
 * The program may fail then, and tell it as it likes. But the kernel must not panic; the program
 * must not wait for ever unless a call has told it of an error; processes that are killed must end;
 * and when all have ended the kernel's counters must be what they were. What every call answered
 * whose allocation failed is printed for the host, which knows what manual pages allow:
 *
 *     program: NAME
 *     failed: N CALL RESULT TRACE        fault:14 for a page fault, - where no result came
 *     leak: NAME: B before, A after      (tests/fuzz/counters.c)
 *     leak at N
 *     hang at N                          and no call has said an error
 *     waits at N                         after an error: the program's own affair
 *     failnth: good, 120 runs, 119 failed, 0 leaks, 0 hangs, 3 waits
 */
#include "tests/memory/failnth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/counters.h"

#define FAILURES "/sys/kernel/debug/latchkey/failures"

#define LEAST_MS   500   /* a run may take so much, and several times what it took undisturbed */
#define TIMES      5     /* so many */
#define PATIENT_MS 20000 /* before it counts as hanging: the computer may be busy */

static struct {
    unsigned int from, step;
    bool children, ways;
} options = {.from = 1, .step = 1};

static struct {
    unsigned int runs, failed, leaks, hangs, waits;
} totals;

static uint64_t last_failure; /* its number in the kernel's list */

/* ---- verdicts ---- */

/* A line of the kernel's list: whether it says an error. Prints it if it is new. */
static bool take_failure(unsigned int nth, char *line, bool *is_new)
{
    char *rest;
    uint64_t number = strtoul(line, &rest, 10);
    char *result;

    *is_new = number > last_failure;
    if (!*is_new)
        return false;
    last_failure = number;
    strtoul(rest, &rest, 10); /* the thread's number */
    printf("failed: %u%s\n", nth, rest);
    result = strchr(rest + 1, ' ');
    return result != NULL && result[1] == '-' && result[2] != ' ';
}

/* What has failed since the last time. *errors: how many calls have said an error. */
static unsigned int take_failures(unsigned int nth, unsigned int *errors)
{
    char *text = read_debug_text(FAILURES);
    unsigned int count = 0;

    *errors = 0;
    for (char *line; text != NULL && (line = next_line(&text)) != NULL;) {
        bool is_new;

        *errors += take_failure(nth, line, &is_new);
        count += is_new;
    }
    totals.failed += count;
    return count;
}

static void judge_leak(unsigned int nth, struct counters *before)
{
    static struct counters after;

    if (counters_return(before, &after))
        return;
    printf("leak at %u\n", nth);
    totals.leaks++;
    *before = after;
}

/* A run that was told of no error has to end, however busy the computer is. */
static void judge_wait(struct run *run, unsigned int errors)
{
    if (errors) {
        printf("waits at %u\n", run->nth);
        totals.waits++;
    } else if (!run_await(run, PATIENT_MS)) {
        printf("hang at %u\n", run->nth);
        totals.hangs++;
    }
}

/* ---- runs ---- */

static void clean(void)
{
    if (run_clean())
        return;
    printf("failnth: processes that were killed do not end\n");
    exit(1);
}

/* Whether it has ended. *ms: how long it has run. */
static bool run_undisturbed(struct run *run, uint64_t *ms)
{
    uint64_t began = now_ms();
    bool has_ended;

    run->nth = 0;
    run_start(run);
    has_ended = run_await(run, PATIENT_MS);
    *ms = now_ms() - began;
    clean();
    return has_ended;
}

/* Returns how many allocations have failed. */
static unsigned int run_failing(struct run *run, unsigned int nth, uint64_t limit_ms)
{
    unsigned int failed, errors;
    bool has_ended;

    totals.runs++;
    run->nth = nth;
    run_start(run);
    has_ended = run_await(run, limit_ms);
    failed = take_failures(nth, &errors);
    if (!has_ended)
        judge_wait(run, errors);
    clean();
    return failed;
}

/* The first time fills what the kernel keeps. */
static void fail_each(char *program)
{
    static struct counters before;
    struct run run = {.program = program, .children = options.children};
    unsigned int nth = options.from;
    uint64_t ms;

    printf("program: %s\n", program);
    if (!run_undisturbed(&run, &ms) || !run_undisturbed(&run, &ms)) {
        printf("hang at 0\n");
        totals.hangs++;
        return;
    }
    counters_read(&before);
    counters_read(&before);
    run_undisturbed(&run, &ms);
    judge_leak(0, &before);
    while (run_failing(&run, nth, LEAST_MS + TIMES * ms) > 0) {
        judge_leak(nth, &before);
        nth += options.ways ? 0 : options.step;
    }
    judge_leak(nth, &before);
}

/* ---- options ---- */

static bool take_number(char ***argument, unsigned int *number)
{
    if ((*argument)[1] == NULL)
        return false;
    *number = (unsigned int)strtoul(*++*argument, NULL, 10);
    return *number > 0;
}

/* The programs, or NULL. */
static char **take_options(char **argument)
{
    for (; *argument != NULL && **argument == '-'; argument++) {
        bool good;

        if (strcmp(*argument, "--children") == 0)
            good = options.children = true;
        else if (strcmp(*argument, "--ways") == 0)
            good = options.ways = true;
        else if (strcmp(*argument, "--from") == 0)
            good = take_number(&argument, &options.from);
        else if (strcmp(*argument, "--step") == 0)
            good = take_number(&argument, &options.step);
        else
            good = false;
        if (!good)
            return NULL;
    }
    return *argument == NULL ? NULL : argument;
}

int main(int argc, char **argv)
{
    char **program = argc > 1 ? take_options(argv + 1) : NULL;
    bool good;

    if (program == NULL) {
        printf("usage: failnth [--children] [--from N] [--step N | --ways] PROGRAM...\n");
        return 2;
    }
    if (getpid() != 1 || !runs_init() || !write_number(FAILURES, options.ways)) {
        printf("failnth: must be the first process, of a kernel that checks itself\n");
        return 2;
    }
    for (; *program != NULL; program++)
        fail_each(*program);
    good = totals.leaks + totals.hangs == 0;
    printf("failnth: %s, %u runs, %u failed, %u leaks, %u hangs, %u waits\n", good ? "good" : "bad",
           totals.runs, totals.failed, totals.leaks, totals.hangs, totals.waits);
    return !good;
}
