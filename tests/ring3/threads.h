// SPDX-License-Identifier: MIT
/*
 * The eight threads of a test, each with a stack, a number and an account of what it saw.
 */
#ifndef TESTS_RING3_THREADS_H
#define TESTS_RING3_THREADS_H

#include "tests/ring3/tasks.h"

#define THREADS      8
#define THREAD_STACK (16 * PAGE)

struct thread {
    char *stack;
    volatile uint32_t alive; /* not 0 until its end */
    unsigned int number;
    volatile unsigned long turns;  /* how often it went round its loop */
    volatile unsigned long errors; /* what it saw and should not have */
};

static struct thread threads[THREADS];

static inline void yield(void)
{
    raw_call(__NR_sched_yield, 0, 0, 0, 0);
}

/* Each calls the function with its struct thread. */
static inline void start_threads(void (*function)(void *))
{
    for (unsigned int i = 0; i < THREADS; i++) {
        struct thread *thread = &threads[i];
        *thread = (struct thread){.alive = 1, .number = i};
        thread->stack = map_pages(THREAD_STACK / PAGE, READ_WRITE);
        EXPECT(start_task(THREAD_TASK, thread->stack + THREAD_STACK, function, thread,
                          (uint32_t *)&thread->alive) > 0);
    }
}

static inline void wait_for_thread(const struct thread *thread)
{
    while (thread->alive)
        yield();
}

/* The errors of all, once all have ended. */
static inline unsigned long end_threads(void)
{
    unsigned long errors = 0;

    for (unsigned int i = 0; i < THREADS; i++) {
        wait_for_thread(&threads[i]);
        errors += threads[i].errors;
        munmap(threads[i].stack, THREAD_STACK);
    }
    return errors;
}

#endif
