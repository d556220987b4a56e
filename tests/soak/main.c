// SPDX-License-Identifier: MIT
/*
 * The soak: everything there is, mixed at random, for a long time on several CPUs.
 *
 *     soak [--seconds N] [--jobs N] [--seed S]
 *
 * It is the first process of a machine of its own, and runs the actors (actors.c) as jobs
 * (jobs.c), in rounds. After each round it kills what still runs and empties the folder they write
 * to; then the kernel's counters of pages, objects and tasks have to be what they were after the
 * first round, which fills what the kernel keeps for the next use. It fails when a job fails or
 * hangs, a process cannot be killed, or something has leaked. A kernel that panics says so itself.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/counters.h"
#include "tests/fuzz/random.h"
#include "tests/fuzz/tree.h"
#include "tests/soak/actors.h"
#include "tests/soak/jobs.h"

#define SECONDS_DEFAULT 60
#define JOBS_DEFAULT    8
#define ROUND_SECONDS   60
#define LEAST_ROUNDS    3 /* the first is not judged */

static struct {
    uint64_t seconds, seed;
    unsigned int jobs;
} options = {SECONDS_DEFAULT, 0, JOBS_DEFAULT};

static uint64_t leaks;

/* ---- options ---- */

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: soak [--seconds N] [--jobs N] [--seed S], as the first process\n");
    exit(2);
}

static void take_option(const char *name, const char *text)
{
    char *end;
    uint64_t value = strtoul(text, &end, 0);

    if (end == text || *end != '\0')
        usage();
    if (strcmp(name, "--seconds") == 0)
        options.seconds = value;
    else if (strcmp(name, "--jobs") == 0)
        options.jobs = (unsigned int)value;
    else if (strcmp(name, "--seed") == 0)
        options.seed = value;
    else
        usage();
}

static void parse(int argc, char **argv)
{
    options.seed = now_ms();
    for (int i = 1; i < argc; i += 2) {
        if (argv[i + 1] == NULL)
            usage();
        take_option(argv[i], argv[i + 1]);
    }
    if (getpid() != 1 || options.jobs == 0 || options.jobs > JOBS_MAX)
        usage();
}

/* ---- progress ---- */

/* On a terminal a line that is written over; elsewhere nothing but the ends of rounds. */
static void show_progress(uint64_t started, unsigned int round)
{
    static uint64_t shown;
    uint64_t seconds = (now_ms() - started) / 1000;

    if (seconds == shown || !isatty(STDOUT_FILENO))
        return;
    shown = seconds;
    printf("\rsoak: %lu of %lu s, round %u: %lu runs, %lu of them disturbed, %lu failed ",
           (unsigned long)seconds, (unsigned long)options.seconds, round,
           (unsigned long)job_counts.runs, (unsigned long)job_counts.killed,
           (unsigned long)job_counts.failed);
    fflush(stdout);
}

static void tell_round(unsigned int round, const struct counters *counters)
{
    static const char *const names[] = {"tasks", "objects", "pages else"};

    printf("%sround %u: %lu runs, %lu of them disturbed, %lu failed", isatty(1) ? "\r" : "", round,
           (unsigned long)job_counts.runs, (unsigned long)job_counts.killed,
           (unsigned long)job_counts.failed);
    for (unsigned int i = 0; i < COUNT(names); i++)
        printf("%s %s %lu", i == 0 ? ";" : ",", names[i],
               (unsigned long)counters_get(counters, names[i]));
    printf("\n");
    fflush(stdout);
}

/* ---- rounds ---- */

/* By another process, for how much stack it needs depends on what the jobs have left there. */
static void remove_files(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(tree_remove(AT_FDCWD, SOAK_FOLDER) ? 0 : 1);
    waitpid(child, NULL, 0);
}

static void run_round(unsigned int round, uint64_t started, uint64_t milliseconds)
{
    uint64_t end = now_ms() + milliseconds;

    random_start(options.seed, round);
    mkdir(SOAK_FOLDER, 0777);
    while (now_ms() < end) {
        jobs_turn(options.jobs);
        show_progress(started, round);
    }
    jobs_end();
    remove_files();
}

static void soak(void)
{
    static struct counters before, after;
    uint64_t started = now_ms(), total = options.seconds * 1000;
    uint64_t length = total / LEAST_ROUNDS;

    if (length > ROUND_SECONDS * 1000)
        length = ROUND_SECONDS * 1000;
    printf("soak: seed %lu\n", (unsigned long)options.seed);
    counters_read(&after); /* so that it has its pages before the first reading that counts */
    for (unsigned int round = 0; now_ms() - started + length / 2 < total; round++) {
        run_round(round, started, length);
        if (round == 0 && !counters_read(&before))
            printf("soak: this kernel has no counters, so no leak can be found\n");
        else if (round > 0 && !counters_return(&before, &after))
            leaks++;
        tell_round(round, round == 0 ? &before : &after);
    }
}

int main(int argc, char **argv)
{
    bool good;

    parse(argc, argv);
    soak();
    good = job_counts.failed == 0 && leaks == 0;
    printf("soak: %s: %lu s, %lu runs of %u kinds, %lu of them disturbed, %lu failed, %lu leaks\n",
           good ? "good" : "FAILED", (unsigned long)options.seconds, (unsigned long)job_counts.runs,
           actors_count(), (unsigned long)job_counts.killed, (unsigned long)job_counts.failed,
           (unsigned long)leaks);
    return good ? 0 : 1;
}
