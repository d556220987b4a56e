// SPDX-License-Identifier: MIT
/*
 * Jobs: actors that run, as many at a time as there are places. Some are killed or stopped for a
 * moment at any time; the others have to end by themselves, in time, and with status 0.
 */
#ifndef TESTS_SOAK_JOBS_H
#define TESTS_SOAK_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#define JOBS_MAX 16

struct job_counts {
    uint64_t runs, killed, failed;
};

extern struct job_counts job_counts;

/* Milliseconds since some moment. */
uint64_t now_ms(void);

/* Starts jobs in free places, looks at those that have ended, and waits a moment. */
void jobs_turn(unsigned int places);

/*
 * Kills every other process and waits until they are gone. Ends the program if they do not go: the
 * kernel has lost one of them.
 */
void jobs_end(void);

#endif
