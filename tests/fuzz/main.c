// SPDX-License-Identifier: MIT
/*
 * The system-call fuzzer: random calls of every number the kernel implements, with random and
 * edge-case arguments, in several processes at once whose children die in odd ways.
 *
 *     fuzz [--calls N] [--seed S] [--seeds K] [--processes P] [--folder PATH] [--keep-key-0]
 *          [--print-corpus]
 *
 * (at least one of them) makes N calls for each of the seeds S to S + K - 1, and prints how often
 * each call was used and succeeded. It fails when a worker dies or hangs, when the kernel has
 * pages, objects or tasks in use afterwards that it had not before, when the kernel has a call that
 * no table knows, and when a call succeeds in less than 5 % of its uses or all calls in less than
 * 30 %: then the fuzzer would only test the first check of each. A kernel that panics says so
 * itself.
 *
 * --keep-key-0 is for a CPU that judges the kernel's own accesses, too, by the keys that the
 * program has closed (Bochs 2.7): key 0 stays open in each process, and no signal frame is forged.
 *
 * Every seed begins with the sequences of the corpus. A kernel with kcov guides the fuzzer to what
 * it has not reached yet; --print-corpus prints the sequences that were worth it.
 *
 * The same options make the same calls again, as far as the scheduling of several processes does
 * not change what they find.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libc/include/pkru.h"
#include "tests/fuzz/arena.h"
#include "tests/fuzz/call.h"
#include "tests/fuzz/confine.h"
#include "tests/fuzz/counters.h"
#include "tests/fuzz/guide.h"
#include "tests/fuzz/random.h"
#include "tests/fuzz/shared.h"
#include "tests/fuzz/supervisor.h"

#define CALLS_DEFAULT     50000
#define PROCESSES_DEFAULT 3
#define WARM_UP_CALLS     6000 /* to fill what the kernel keeps for the next use */
#define WARM_UPS_CALM     2    /* so many times running nothing more was kept */
#define WARM_UPS_MAX      8
#define LEAST_USES        40 /* for a share of successes to mean anything */
#define CALL_PERCENT      5
#define ALL_PERCENT       30

struct options {
    struct run_plan run;
    uint64_t seeds;
    bool keeps_key_0;
    bool prints_corpus;
};

/* ---- options ---- */

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: fuzz [--calls N] [--seed S] [--seeds K] [--processes P] "
                    "[--folder PATH] [--keep-key-0] [--print-corpus]\n");
    exit(2);
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value = strtoul(text, &end, 0);

    if (end == text || *end != '\0')
        usage();
    return value;
}

static uint64_t seed_of_the_moment(void)
{
    struct fuzz_time time = {0, 0};

    KERNEL(clock_gettime, 0, &time);
    return ((uint64_t)time.seconds * 1000000 + (uint64_t)time.fraction / 1000) % 1000000000;
}

static void take_option(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "--calls") == 0)
        options->run.calls = number(value);
    else if (strcmp(name, "--seed") == 0)
        options->run.seed = number(value);
    else if (strcmp(name, "--seeds") == 0)
        options->seeds = number(value);
    else if (strcmp(name, "--processes") == 0)
        options->run.processes = (unsigned int)number(value);
    else if (strcmp(name, "--folder") == 0)
        options->run.folder = value;
    else
        usage();
}

static struct options parse(int argc, char **argv)
{
    struct options options = {
        .run = {seed_of_the_moment(), CALLS_DEFAULT, PROCESSES_DEFAULT, "/tmp"},
        .seeds = 1,
    };

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--keep-key-0") == 0) {
            options.keeps_key_0 = true;
        } else if (strcmp(argv[i], "--print-corpus") == 0) {
            options.prints_corpus = true;
        } else if (argv[i + 1] != NULL) {
            take_option(&options, argv[i], argv[i + 1]);
            i++;
        } else {
            usage();
        }
    }
    if (options.run.processes == 0 || options.run.processes > WORKERS_MAX)
        usage();
    return options;
}

/* ---- counting ---- */

enum judgement {
    CALL_GOOD,
    CALL_SELDOM_USED,
    CALL_SELDOM_SUCCEEDS,
    CALL_WITHOUT_KEYS,
    JUDGEMENTS,
};

static struct tally sum(void)
{
    struct tally all = {0, 0};

    for (unsigned int i = 0; i < calls_count(); i++) {
        all.uses += shared->tallies[i].uses;
        all.successes += shared->tallies[i].successes;
    }
    return all;
}

static bool succeeds(const struct tally *tally, unsigned int percent)
{
    return tally->successes * 100 >= tally->uses * percent;
}

static enum judgement judge(const char *name, const struct tally *tally)
{
    if (tally->uses < LEAST_USES)
        return CALL_SELDOM_USED;
    if (strncmp(name, "pkey_", 5) == 0 && !pkru_enabled())
        return CALL_WITHOUT_KEYS;
    return succeeds(tally, CALL_PERCENT) ? CALL_GOOD : CALL_SELDOM_SUCCEEDS;
}

static void print_tally(const char *name, const struct tally *tally, const char *remark)
{
    uint64_t percent = tally->uses == 0 ? 0 : tally->successes * 100 / tally->uses;

    printf("%-18s %8lu %9lu %3lu%%%s\n", name, (unsigned long)tally->uses,
           (unsigned long)tally->successes, (unsigned long)percent, remark);
}

/* Prints the table; whether all succeeded often enough. */
static bool report_successes(void)
{
    static const char *const remarks[JUDGEMENTS] = {"", "  too few uses to judge",
                                                    "  succeeds too seldom", "  there are no keys"};
    struct tally all = sum();
    unsigned int counts[JUDGEMENTS] = {0};

    printf("%-18s %8s %9s\n", "call", "uses", "succeeded");
    for (unsigned int i = 0; i < calls_count(); i++) {
        enum judgement judgement = judge(calls_get(i)->name, &shared->tallies[i]);

        counts[judgement]++;
        print_tally(calls_get(i)->name, &shared->tallies[i], remarks[judgement]);
    }
    print_tally("all", &all, succeeds(&all, ALL_PERCENT) ? "" : remarks[CALL_SELDOM_SUCCEEDS]);
    printf("of %u calls %u succeed in %u %% of their uses, %u do not, %u cannot be judged\n",
           calls_count(), counts[CALL_GOOD], CALL_PERCENT, counts[CALL_SELDOM_SUCCEEDS],
           counts[CALL_SELDOM_USED] + counts[CALL_WITHOUT_KEYS]);
    return counts[CALL_SELDOM_SUCCEEDS] == 0 && succeeds(&all, ALL_PERCENT);
}

/* ---- runs ---- */

enum verdict {
    RUN_FAILED,
    RUN_LEAKED,
    RUN_GOOD,
};

static struct counters before, after;

static enum verdict run(const struct run_plan *plan)
{
    counters_read(&before);
    bool good = supervise(plan);
    if (!counters_return(&before, &after))
        return RUN_LEAKED;
    return good ? RUN_GOOD : RUN_FAILED;
}

/*
 * Fills what the kernel, and this program, keep for the next time, until a few runs one after the
 * other have kept nothing more: no leak yet.
 */
static bool warm_up(const struct run_plan *plan)
{
    struct run_plan few = *plan;
    unsigned int calm = 0;
    bool good = true;

    few.calls = WARM_UP_CALLS;
    if (!counters_read(&before))
        printf("fuzz: this kernel has no counters, so no leak can be found\n");
    for (unsigned int i = 0; i < WARM_UPS_MAX && calm < WARM_UPS_CALM; i++, few.seed++) {
        good &= supervise(&few);
        counters_read(&after);
        calm = counters_are_calm(&before, &after) ? calm + 1 : 0;
        before = after;
    }
    memset(shared->tallies, 0, sizeof(shared->tallies));
    return good;
}

static uint64_t count_children(void)
{
    uint64_t children = 0;

    for (unsigned int i = 0; i < WORKERS_MAX; i++)
        children += shared->workers[i].children;
    return children;
}

static void print_in_use(void)
{
    static const char *const names[] = {"tasks", "objects", "pages else"};

    for (unsigned int i = 0; i < COUNT(names) && before.count > 0; i++)
        printf("%s %s %lu -> %lu", i == 0 ? ";" : ",", names[i],
               (unsigned long)counters_get(&before, names[i]),
               (unsigned long)counters_get(&after, names[i]));
    printf("\n");
}

static bool run_seed(const struct run_plan *plan)
{
    static const char *const words[] = {"FAILED", "LEAKED", "good"};
    struct tally start = sum();
    enum verdict verdict = run(plan);
    struct tally end = sum();

    printf("seed %lu: %s: %lu calls, %lu succeeded, %lu children", (unsigned long)plan->seed,
           words[verdict], (unsigned long)(end.uses - start.uses),
           (unsigned long)(end.successes - start.successes), (unsigned long)count_children());
    print_in_use();
    fflush(stdout);
    return verdict == RUN_GOOD;
}

int main(int argc, char **argv)
{
    struct options options;
    bool good;

    if (argc >= 2 && strcmp(argv[1], "--exit") == 0)
        return 0; /* what execve() is tried with */
    if (argc < 2)
        usage(); /* and what it comes to when the arguments get lost */
    options = parse(argc, argv);
    confine();
    shared_create();
    shared->keeps_key_0 = options.keeps_key_0;
    guide_create(options.run.processes);
    KERNEL(mkdir, options.run.folder, 0777);
    good = warm_up(&options.run);
    for (uint64_t i = 0; i < options.seeds; i++, options.run.seed++)
        good &= run_seed(&options.run);
    guide_report(options.prints_corpus);
    good &= report_successes();
    good &= calls_check_list();
    printf("%s\n", good ? "fuzz: good" : "fuzz: FAILED");
    return good ? 0 : 1;
}
