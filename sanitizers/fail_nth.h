// SPDX-License-Identifier: MIT
/*
 * Allocations that fail on request: fail-nth, as Linux has it with CONFIG_FAULT_INJECTION.
 *
 * A task that has the number N fails its Nth allocation from now on, once: of pages, of objects, of
 * page tables and stacks, whatever the kernel allocates in its system calls and faults. The number
 * goes down with each; at 0 nothing fails. exec keeps it, and a new task begins with 0.
 *
 * Part of the builds with DEBUG=1 or KASAN=1; a plain kernel is linked without it, and its
 * allocators know nothing of it.
 */
#ifndef SANITIZERS_FAIL_NTH_H
#define SANITIZERS_FAIL_NTH_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/task/state.h"

struct fail_nth {
    unsigned int left;  /* allocations up to and with the one that fails; 0: none does */
    unsigned int depth; /* of allocators that the task is in: one may ask another */
    bool is_leaving;    /* behind a system call, on the way to ring 3 */
};

extern TASK_STATE(struct fail_nth, task_fail_nth);

static inline struct fail_nth *fail_nth_of(const struct task *task)
{
    return task_state(task, task_fail_nth);
}

#define FAIL_NTH_TRACE_MAX 16

/* An allocation that failed. */
struct fail_nth_record {
    uint64_t number; /* counted from boot, from 1 on */
    int tid;
    uint64_t vector;                     /* of the frame that the task entered the kernel with */
    uint32_t call;                       /* number of the system call, if it is one */
    bool has_ended;                      /* the call has */
    long result;                         /* and this is what it said */
    uintptr_t trace[FAIL_NTH_TRACE_MAX]; /* return addresses, and 0 behind the last one */
};

/* Whether only allocations count that have not failed yet by the same way, which is the trace. */
extern bool fail_nth_new_ways;

/* The records kept, oldest first, from index 0 on; false when there are no more. */
bool fail_nth_read(unsigned int index, struct fail_nth_record *record);

#endif
