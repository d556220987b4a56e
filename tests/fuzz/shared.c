// SPDX-License-Identifier: MIT
#include "tests/fuzz/shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct shared *shared;
struct worker_state *worker;
unsigned int depth;

void shared_create(void)
{
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("fuzz: mmap");
        exit(1);
    }
}

static void add(uint64_t *counter, uint64_t value)
{
    __atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

void tally_add(const struct call *call, bool succeeded)
{
    struct tally *tally = &shared->tallies[calls_index(call)];

    add(&tally->uses, 1);
    add(&tally->successes, succeeded);
}

static void print_record(const struct record *record)
{
    printf("  %s(", calls_get(record->call)->name);
    for (unsigned int i = 0; i < ARGUMENTS; i++)
        printf("%s%#llx", i == 0 ? "" : ", ", (unsigned long long)record->argument[i]);
    if (record->done)
        printf(") = %ld\n", record->result);
    else
        printf(") ...\n");
}

void worker_print_records(const struct worker_state *state)
{
    uint64_t count = state->calls < RECORDS ? state->calls : RECORDS;

    for (uint64_t i = state->calls - count; i < state->calls; i++)
        print_record(&state->records[i % RECORDS]);
    if (state->sequence.count)
        sequence_print(&state->sequence, "  in the sequence");
}
