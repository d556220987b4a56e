// SPDX-License-Identifier: MIT
/* Making and freeing processes. */
#include "kernel/task/process.h"

#include <linux/resource.h>

#include "arch/cpu/bug.h"
#include "arch/device/clock.h"
#include "kernel/file/file.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/task/state.h"
#include "kernel/task/task.h"
#include "mm/page/slab.h"
#include "mm/space/address_space.h"

void task_release_resources(struct task *task)
{
    if (task->files)
        file_table_put(task->files);
    if (task->space)
        space_put(task->space);
    TELL(thread_gives_back, task);
    signal_drop(&task->signals.pending, UINT64_MAX);
    task->files = NULL;
    task->space = NULL;
}

void process_add_thread(struct process *process, struct task *task)
{
    task->process = process;
    TAILQ_INSERT_TAIL(&process->threads, task, thread);
    process->live_threads++;
}

struct process *process_create_with_leader(struct task *leader)
{
    struct process *process = kzalloc(sizeof(*process) + (size_t)process_state_size);

    if (!process)
        return NULL;
    TAILQ_INIT(&process->children);
    TAILQ_INIT(&process->threads);
    wait_queue_init(&process->child_exit);
    signal_queue_init(&process->pending);
    process->pid = leader->tid;
    process->leader = leader;
    process->started_ns = clock_monotonic_ns();
    process_add_thread(process, leader);
    TAILQ_INSERT_TAIL(&all_processes, process, all_link);
    return process;
}

void process_free_without_leader(struct process *process)
{
    assert(TAILQ_EMPTY(&process->children));
    TAILQ_REMOVE(&all_processes, process, all_link);
    if (process->actions)
        signal_actions_put(process->actions);
    signal_drop(&process->pending, UINT64_MAX);
    TELL(process_is_freed, process);
    kfree(process);
}

void process_free(struct process *process)
{
    struct task *leader = process->leader;

    process_free_without_leader(process);
    task_release_resources(leader);
    task_free(leader);
}

struct task *process_create(void)
{
    struct task *task;

    if (task_create(&task))
        return NULL;
    task->tid = FIRST_PID; /* tests in ring 0 may have had tasks before */
    struct process *process = process_create_with_leader(task);
    if (!process)
        return NULL;
    process->pgid = process->pid;
    process->sid = process->pid;
    for (unsigned int i = 0; i < RLIM_NLIMITS; i++)
        process->limits[i] = (struct rlimit64){RLIM64_INFINITY, RLIM64_INFINITY};
    process->limits[RLIMIT_NOFILE] = (struct rlimit64){FILES_SOFT, FILES_MAX};
    task->files = file_table_create();
    process->actions = signal_actions_create(NULL);
    return task->files && process->actions ? task : NULL;
}
