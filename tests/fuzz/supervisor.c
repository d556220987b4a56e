// SPDX-License-Identifier: MIT
#include "tests/fuzz/supervisor.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/fuzz/arena.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/shared.h"
#include "tests/fuzz/worker.h"

#define HANG_SECONDS 30
#define LOOK_NS      10000000 /* between two looks at the workers */

struct watched {
    int pid; /* 0: has ended */
    uint64_t calls;
    long since; /* when calls was another number, in seconds */
};

static struct watched watched[WORKERS_MAX];

static long now(void)
{
    struct fuzz_time time = {0, 0};

    KERNEL(clock_gettime, 1, &time); /* CLOCK_MONOTONIC */
    return time.seconds;
}

/* ---- workers ---- */

static void start_worker(const struct run_plan *plan, unsigned int number)
{
    struct worker_plan own = {plan->seed, number, plan->processes, plan->calls / plan->processes};
    long pid;

    fflush(stdout);
    pid = KERNEL(fork);
    if (pid == 0)
        worker_main(&own);
    if (is_error(pid)) {
        printf("fuzz: fork: %s\n", strerror((int)-pid));
        exit(1);
    }
    watched[number] = (struct watched){(int)pid, 0, now()};
}

static void tell_last_calls(unsigned int number)
{
    printf("  worker %u, batch %lu, call %lu; its last calls:\n", number,
           (unsigned long)shared->workers[number].batches,
           (unsigned long)shared->workers[number].calls);
    worker_print_records(&shared->workers[number]);
}

/* A worker has ended or stopped; false if it should not have, or not yet. */
static bool worker_changed(const struct run_plan *plan, unsigned int number, int status)
{
    if (WIFSTOPPED(status)) {
        KERNEL(kill, watched[number].pid, SIGCONT);
        return true;
    }
    int pid = watched[number].pid;

    watched[number].pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
        shared->workers[number].calls >= plan->calls / plan->processes)
        return true;
    printf("fuzz: process %d, a worker, died, status %#x\n", pid, (unsigned int)status);
    tell_last_calls(number);
    return false;
}

/* A process has ended or stopped: a worker, or an orphan of one. */
static bool child_changed(const struct run_plan *plan, int pid, int status)
{
    for (unsigned int i = 0; i < plan->processes; i++)
        if (watched[i].pid == pid)
            return worker_changed(plan, i, status);
    if (WIFSTOPPED(status))
        KERNEL(kill, pid, SIGKILL);
    return true;
}

/* Kills a worker that has made no call for long, and leaves if even that does not end it. */
static bool check_progress(unsigned int number)
{
    struct watched *one = &watched[number];
    uint64_t calls = shared->workers[number].calls;

    if (calls != one->calls) {
        one->calls = calls;
        one->since = now();
    }
    if (one->pid == 0 || now() - one->since < HANG_SECONDS)
        return true;
    printf("fuzz: a worker hangs\n");
    tell_last_calls(number);
    if (now() - one->since > 2 * HANG_SECONDS) {
        printf("fuzz: it cannot be killed either\n");
        exit(1);
    }
    KERNEL(kill, one->pid, SIGKILL);
    return false;
}

static bool any_left(const struct run_plan *plan)
{
    for (unsigned int i = 0; i < plan->processes; i++)
        if (watched[i].pid != 0)
            return true;
    return false;
}

static bool watch(const struct run_plan *plan)
{
    static const struct fuzz_time look = {0, LOOK_NS};
    bool good = true;
    int status;

    while (any_left(plan)) {
        long pid = KERNEL(wait4, -1, &status, WNOHANG | WUNTRACED | __WALL, 0);

        if (pid > 0) {
            good &= child_changed(plan, (int)pid, status);
            continue;
        }
        KERNEL(nanosleep, &look, 0);
        for (unsigned int i = 0; i < plan->processes; i++)
            good &= check_progress(i);
    }
    return good;
}

/* ---- what is left ---- */

/* The first process gets all orphans; it and nobody else may kill everything else. */
static void end_orphans(void)
{
    if (own_pid() != 1)
        return;
    do
        KERNEL(kill, -1, SIGKILL);
    while (KERNEL(wait4, -1, 0, __WALL, 0) != -ECHILD);
}

bool supervise(const struct run_plan *plan)
{
    bool good;

    memset(shared->workers, 0, sizeof(shared->workers));
    files_create_root(plan->folder);
    for (unsigned int i = 0; i < plan->processes; i++)
        start_worker(plan, i);
    good = watch(plan);
    end_orphans();
    files_remove_root();
    return good;
}
