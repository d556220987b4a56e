// SPDX-License-Identifier: MIT
/*
 * What the calls about all threads do, by the number of threads: counts of events, not time. Only a
 * Latchkey counts them.
 */
#include "user/pkbench/measure.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libc/include/latchkey/syscalls.h"
#include "libc/include/pkru.h"

#define THREADS_MAX 64
#define WORKERS_MAX 8
#define CHANGES     20    /* of rights, for each number of threads */
#define ALLOCATIONS 20000 /* of keys, for each thread */

static pthread_t threads[THREADS_MAX];
static volatile bool stop;
static int ends[2]; /* of a pipe that threads sleep on */
static pthread_barrier_t start;

static void start_threads(unsigned int count, void *(*function)(void *))
{
    stop = false;
    require(pthread_barrier_init(&start, NULL, count + 1) == 0, "a barrier");
    for (unsigned int i = 0; i < count; i++)
        require(pthread_create(&threads[i], NULL, function, NULL) == 0, "a thread");
    pthread_barrier_wait(&start);
}

static void join_threads(unsigned int count)
{
    for (unsigned int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
}

/* ---- pkey_set_all ---- */

static void *sleep_long(void *unused)
{
    char byte;

    pthread_barrier_wait(&start);
    require(read(ends[0], &byte, 1) == 0, "a pipe");
    return unused;
}

static void *run_long(void *unused)
{
    pthread_barrier_wait(&start);
    while (!stop)
        ;
    return unused;
}

static bool set_all(int turn)
{
    return syscall(__NR_pkey_set_all, keys[0], turn % 2 ? PKEY_DISABLE_WRITE : 0) == 0;
}

/* Until all others sleep, so that a change interrupts nobody; a computer may be busy. */
static void wait_for_sleep(void)
{
    unsigned long before, tries = 0;

    do {
        before = event_count("rights: IPIs");
        usleep(20000);
        require(set_all(1), "pkey_set_all");
    } while (event_count("rights: IPIs") != before && tries++ < 100);
}

struct count {
    const char *what;
    unsigned long value;
};

/* What so many calls by, or about, so many threads have done. */
static void print_counts(const char *name, unsigned int thread_count, unsigned long calls,
                         const struct count *counts, size_t kinds)
{
    const char *row = as_json ? "{\"counts\": \"%s\", \"threads\": %u, \"calls\": %lu"
                              : "%-34s %2u threads, %6lu calls";

    printf(row, name, thread_count, calls);
    for (size_t i = 0; i < kinds; i++)
        printf(as_json ? ", \"%s\": %lu" : ", %s: %lu", counts[i].what, counts[i].value);
    printf(as_json ? "}\n" : "\n");
    fflush(stdout);
}

/* With the caller there are so many threads. */
static void count_changes(const char *what, void *(*function)(void *), unsigned int count)
{
    require(pipe(ends) == 0, "pipe");
    start_threads(count - 1, function);
    if (function == sleep_long)
        wait_for_sleep();
    else
        usleep(20000);
    struct count counts[] = {{"threads changed", event_count("rights: threads")},
                             {"IPIs", event_count("rights: IPIs")}};
    for (int turn = 0; turn < CHANGES; turn++)
        require(set_all(turn), "pkey_set_all");
    counts[0].value = event_count("rights: threads") - counts[0].value;
    counts[1].value = event_count("rights: IPIs") - counts[1].value;
    stop = true;
    close(ends[1]);
    join_threads(count - 1);
    close(ends[0]);
    print_counts(what, count, CHANGES, counts, COUNT(counts));
}

/* ---- pkey_alloc and pkey_free ---- */

static void *allocate(void *unused)
{
    pthread_barrier_wait(&start);
    for (int i = 0; i < ALLOCATIONS; i++)
        require(pkey_free(pkey_alloc(0, 0)) == 0, "pkey_free");
    return unused;
}

static void count_allocations(unsigned int count)
{
    struct count retries = {"retries", event_count("key map retries")};

    start_threads(count, allocate);
    join_threads(count);
    retries.value = event_count("key map retries") - retries.value;
    print_counts("pkey_alloc and pkey_free", count, 2ul * ALLOCATIONS * count, &retries, 1);
}

void measure_crowds(void)
{
    if (!pkru_enabled() || !set_all(0)) {
        printf("pkbench: this kernel has no pkey_set_all, or no protection keys\n");
        return;
    }
    for (unsigned int count = 1; count <= THREADS_MAX; count *= 2)
        count_changes("pkey_set_all, the others asleep", sleep_long, count);
    for (unsigned int count = 1; count <= THREADS_MAX; count *= 2)
        count_changes("pkey_set_all, the others running", run_long, count);
    for (unsigned int count = 1; count <= WORKERS_MAX; count++)
        count_allocations(count);
}
