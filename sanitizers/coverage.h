// SPDX-License-Identifier: MIT
/*
 * Coverage: which basic blocks of the kernel were reached, in a kernel built with COVER=1.
 *
 * GCC calls __sanitizer_cov_trace_pc() at the start of each block. It marks the block in
 * coverage_map, once for all, which tools/traced reads out of the machine's memory when that
 * has ended, however that was; tools/coverage tells lines by it. And it appends the block to the
 * trace of the running task, if that has one (sanitizers/kcov.c).
 */
#ifndef SANITIZERS_COVERAGE_H
#define SANITIZERS_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/task/state.h"

/*
 * A byte for each 4 bytes of .text, since a call has 5: so no two calls have one byte in common,
 * and CPUs that write at the same time do not lose each other's marks.
 */
#define COVERAGE_GRAIN    4
#define COVERAGE_TEXT_MAX (2u << 20)

extern uint8_t coverage_map[COVERAGE_TEXT_MAX / COVERAGE_GRAIN];

/* A task's trace: words[0] says how many follow it, each the address behind a block's call. */
struct kcov_trace {
    uint64_t *words;
    uint64_t count;    /* of words, the first too */
    bool is_suspended; /* while an interrupt is answered, which is none of the task's business */
};

/* What a task reaches goes there; NULL: nobody asked. */
extern TASK_STATE(struct kcov_trace *, task_kcov_trace);

static inline struct kcov_trace **kcov_trace_of(const struct task *task)
{
    return task_state(task, task_kcov_trace);
}

/* How many tasks have a trace. */
extern uint32_t coverage_traced_tasks;

#endif
