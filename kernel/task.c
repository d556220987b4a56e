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
static int last_pid;

void task_init(void)
{
    slab_cache_init(&task_cache, "task", sizeof(struct task), 16);
    slab_cache_init(&fpu_cache, "xsave image", fpu_layout.size, 64);
}

struct trap_frame *task_frame(struct task *task)
{
    return (struct trap_frame *)(task->stack + KERNEL_STACK_SIZE) - 1;
}

struct task *task_find(int pid)
{
    struct task *task;

    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (task->pid == pid)
            return task;
    return NULL;
}

/* The next number that no task, group or session has. */
static int next_pid(void)
{
    struct task *task;
    bool taken;

    do {
        last_pid = last_pid < PID_MAX ? last_pid + 1 : 2;
        taken = false;
        TAILQ_FOREACH (task, &all_tasks, all_link)
            taken |= task->pid == last_pid || task->pgid == last_pid || task->sid == last_pid;
    } while (taken);
    return last_pid;
}

struct task *task_create(void)
{
    struct task *task = slab_alloc_zeroed(&task_cache);

    if (!task)
        return NULL;
    task->fpu = slab_alloc(&fpu_cache);
    task->stack = kernel_stack_alloc();
    if (!task->fpu || !task->stack) {
        if (task->fpu)
            slab_free(&fpu_cache, task->fpu);
        if (task->stack)
            kernel_stack_free(task->stack);
        slab_free(&task_cache, task);
        return NULL;
    }
    fpu_image_init(task->fpu);
    task_prepare_stack(task);
    TAILQ_INIT(&task->children);
    wait_queue_init(&task->child_exit);
    memset(&task->affinity, 0xff, sizeof(task->affinity));
    signal_state_init(&task->signals);
    task->pid = next_pid();
    TAILQ_INSERT_TAIL(&all_tasks, task, all_link);
    tasks++;
    total++;
    return task;
}

void task_apply_limits(struct task *task)
{
    task->space->limits = (struct space_limits){
        .size = task->limits[RLIMIT_AS].rlim_cur,
        .data = task->limits[RLIMIT_DATA].rlim_cur,
        .stack = task->limits[RLIMIT_STACK].rlim_cur,
    };
}

void task_release_resources(struct task *task)
{
    if (task->files)
        file_table_put(task->files);
    if (task->fs)
        fs_context_put(task->fs);
    if (task->executable)
        file_put(task->executable);
    if (task->space) {
        usage_leave_space(task);
        space_put(task->space);
    }
    if (task->signals.actions)
        signal_actions_put(task->signals.actions);
    signal_flush(&task->signals);
    task->files = NULL;
    task->fs = NULL;
    task->executable = NULL;
    task->space = NULL;
    task->signals.actions = NULL;
}

void task_free(struct task *task)
{
    assert(TAILQ_EMPTY(&task->children));
    sched_wait_until_off_cpu(task);
    task_release_resources(task);
    TAILQ_REMOVE(&all_tasks, task, all_link);
    tasks--;
    kernel_stack_free(task->stack);
    slab_free(&fpu_cache, task->fpu);
    slab_free(&task_cache, task);
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
    return last_pid;
}
