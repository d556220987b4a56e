// SPDX-License-Identifier: MIT
/*
 * What GCC calls, and the entries that it has to know of: they reach the functions below in place
 * of their own, because the linker is told so (--wrap, in the Makefile). So a kernel without
 * coverage knows nothing of it.
 */
#include "sanitizers/coverage.h"

#include "arch/cpu/trap.h"
#include "kernel/task/task.h"

extern const char text_start[];

uint8_t coverage_map[COVERAGE_TEXT_MAX / COVERAGE_GRAIN];
uint32_t coverage_traced_tasks;

/* What the compiler and the linker make of names of their own has no header. */
void __sanitizer_cov_trace_pc(void);
void __real_trap_dispatch(struct trap_frame *frame);
void __wrap_trap_dispatch(struct trap_frame *frame);

static void append(struct kcov_trace *trace, uintptr_t address)
{
    uint64_t place = trace->words[0] + 1;

    if (trace->is_suspended || place >= trace->count)
        return;
    trace->words[0] = place;
    trace->words[place] = address;
}

/* NULL in a task of the kernel's, too. */
static struct kcov_trace *trace_of_program(void)
{
    return current()->process ? *kcov_trace_of(current()) : NULL;
}

/* Also before there are tasks, and before GS leads to this CPU's: then nobody has a trace. */
void __sanitizer_cov_trace_pc(void)
{
    uintptr_t address = (uintptr_t)__builtin_return_address(0);
    uintptr_t place = (address - (uintptr_t)text_start) / COVERAGE_GRAIN;
    struct kcov_trace *trace = coverage_traced_tasks ? trace_of_program() : NULL;

    if (place < sizeof(coverage_map))
        coverage_map[place] = 1;
    if (trace)
        append(trace, address);
}

/* Faults belong to the task's own doings. */
static bool is_interrupt(const struct trap_frame *frame)
{
    return frame->vector >= VECTOR_IRQ_FIRST;
}

/* The task may be switched away meanwhile, but it is the same one that returns here. */
void __wrap_trap_dispatch(struct trap_frame *frame)
{
    struct kcov_trace *trace = coverage_traced_tasks ? trace_of_program() : NULL;
    bool before;

    if (!trace || !is_interrupt(frame)) {
        __real_trap_dispatch(frame);
        return;
    }
    before = trace->is_suspended;
    trace->is_suspended = true;
    __real_trap_dispatch(frame);
    trace->is_suspended = before;
}
