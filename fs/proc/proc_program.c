// SPDX-License-Identifier: MIT
#include "fs/proc/proc_program.h"

#include <linux/sched.h>

#include "kernel/file/file.h"
#include "kernel/process/events.h"
#include "kernel/process/exec.h"
#include "libc/include/string.h"

PROCESS_STATE(struct proc_program, process_program);

static void note(struct task *task, const struct exec_facts *facts)
{
    struct proc_program *program = program_of(task->process);
    const struct exec_arguments *arguments = facts->arguments;
    const struct stack_plan *plan = facts->plan;
    const char *string = arguments->strings;

    for (unsigned int i = 0; i < arguments->argc; i++)
        string += strlen(string) + 1;
    program->arguments[0] = plan->strings;
    program->arguments[1] = plan->strings + (size_t)(string - arguments->strings);
    program->environment[0] = program->arguments[1];
    program->environment[1] = plan->strings + arguments->size;
    program->auxv[1] = plan->rsp + plan->vector_bytes;
    program->auxv[0] = program->auxv[1] - AUXV_BYTES;
    if (program->file)
        file_put(program->file);
    program->file = facts->program;
    file_get(program->file);
}

ATTACH(exec_commits, note);

static int inherit(struct task *child, struct clone_request *request)
{
    if (request->flags & CLONE_THREAD)
        return 0;
    *program_of(child->process) = *program_of(current_process());
    if (program_of(child->process)->file)
        file_get(program_of(child->process)->file);
    return 0;
}

ATTACH(thread_is_made, inherit);

static void release_program(struct process *process)
{
    if (program_of(process)->file)
        file_put(program_of(process)->file);
}

ATTACH(process_is_freed, release_program);
