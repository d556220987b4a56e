// SPDX-License-Identifier: MIT
#include "kernel/task.h"

#include <asm/errno.h>

#include "arch/bug.h"
#include "arch/fpu.h"
#include "kernel/file.h"
#include "kernel/fs_context.h"
#include "libc/include/string.h"
#include "mm/address_space.h"
#include "mm/kernel_map.h"
#include "mm/slab.h"

struct task_list all_tasks = TAILQ_HEAD_INITIALIZER(all_tasks);

static struct slab_cache task_cache, fpu_cache;
static unsigned int tasks;
static uint64_t total;
static int last_tid;
uint64_t pid_max = PID_MAX_DEFAULT;

void task_init(void)
{
    slab_cache_init(&task_cache, "task", sizeof(struct task), 16);
    slab_cache_init(&fpu_cache, "xsave image", fpu_layout.size, 64);
}

struct trap_frame *task_frame(struct task *task)
{
    return (struct trap_frame *)(task->stack + KERNEL_STACK_SIZE) - 1;
}

struct task *task_find(int tid)
{
    struct task *task;

    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (task->tid == tid)
            return task;
    return NULL;
}

static bool is_taken(int number)
{
    struct process *process;

    if (task_find(number))
        return true;
    TAILQ_FOREACH (process, &all_processes, all_link)
        if (process->pgid == number || process->sid == number)
            return true;
    return false;
}

/* Finds the next number that no task, group or session has, and makes it the last. */
static bool find_tid(void)
{
    int tid = last_tid;

    for (uint64_t tries = 0; tries < pid_max; tries++) {
        tid = (uint64_t)tid + 1 < pid_max ? tid + 1 : RESERVED_PIDS;
        if (is_taken(tid))
            continue;
        last_tid = tid;
        return true;
    }
    return false;
}

static void free_memory(struct task *task)
{
    if (task->fpu)
        slab_free(&fpu_cache, task->fpu);
    if (task->stack)
        kernel_stack_free(task->stack);
    slab_free(&task_cache, task);
}

int task_create(struct task **made)
{
    struct task *task = slab_alloc_zeroed(&task_cache);
    int error = 0;

    if (!task)
        return -ENOMEM;
    task->fpu = slab_alloc(&fpu_cache);
    task->stack = kernel_stack_alloc();
    if (!task->fpu || !task->stack)
        error = -ENOMEM;
    else if (!find_tid())
        error = -EAGAIN;
    if (error) {
        free_memory(task);
        return error;
    }
    fpu_image_init(task->fpu);
    task_prepare_stack(task);
    memset(&task->affinity, 0xff, sizeof(task->affinity));
    signal_state_init(&task->signals);
    credentials_init(&task->credentials);
    task->tid = last_tid;
    TAILQ_INSERT_TAIL(&all_tasks, task, all_link);
    task->is_listed = true;
    tasks++;
    total++;
    *made = task;
    return 0;
}

void task_release_resources(struct task *task)
{
    if (task->files)
        file_table_put(task->files);
    if (task->fs)
        fs_context_put(task->fs);
    if (task->space) {
        usage_leave_space(task);
        space_put(task->space);
    }
    signal_flush(&task->signals.pending);
    task->files = NULL;
    task->fs = NULL;
    task->space = NULL;
}

void task_unlist(struct task *task)
{
    TAILQ_REMOVE(&all_tasks, task, all_link);
    task->is_listed = false;
    tasks--;
}

void task_free(struct task *task)
{
    sched_wait_until_off_cpu(task);
    task_release_resources(task);
    if (task->is_listed)
        task_unlist(task);
    free_memory(task);
}

unsigned int task_count(void)
{
    return tasks;
}

uint64_t task_total(void)
{
    return total;
}

int task_last_pid(void)
{
    return last_tid;
}
