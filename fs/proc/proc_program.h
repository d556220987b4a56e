// SPDX-License-Identifier: MIT
/* What /proc tells of the program that a process runs. */
#ifndef FS_PROC_PROC_PROGRAM_H
#define FS_PROC_PROC_PROGRAM_H

#include <stdint.h>

#include "kernel/task/state.h"

struct file;

/* [start, end) on the stack. The kernel lock guards it. */
struct proc_program {
    uintptr_t arguments[2]; /* argv's strings */
    uintptr_t environment[2];
    uintptr_t auxv[2]; /* the auxiliary vector */
    struct file *file; /* NULL: none yet */
};

extern PROCESS_STATE(struct proc_program, process_program);

static inline struct proc_program *program_of(const struct process *process)
{
    return process_state(process, process_program);
}

#endif
