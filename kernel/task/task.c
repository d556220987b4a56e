// SPDX-License-Identifier: MIT
#include "kernel/task/task.h"

#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/cpu.h"
#include "arch/fpu/fpu.h"
#include "kernel/task/state.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"
#include "mm/space/address_space.h"
#include "mm/table/kernel_map.h"

struct task_list all_tasks = TAILQ_HEAD_INITIALIZER(all_tasks);
struct process_list all_processes = TAILQ_HEAD_INITIALIZER(all_processes);

static struct slab_cache task_cache, fpu_cache;
struct task_counts task_counts;

void task_init(void)
{
    slab_cache_init(&task_cache, "task", sizeof(struct task) + (size_t)task_state_size, 16);
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

struct process *process_find(int pid)
{
    struct process *process;

    TAILQ_FOREACH (process, &all_processes, all_link)
        if (process->pid == pid)
            return process;
    return NULL;
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
    int tid = task_counts.last_tid + 1;
    int error;

    if (!task)
        return -ENOMEM;
    task->fpu = slab_alloc(&fpu_cache);
    task->stack = kernel_stack_alloc();
    error = task->fpu && task->stack ? ASK(task_is_numbered, &tid) : -ENOMEM;
    if (error) {
        free_memory(task);
        return error;
    }
    fpu_image_init(task->fpu);
    task_prepare_stack(task);
    memset(&task->affinity, 0xff, sizeof(task->affinity));
    signal_queue_init(&task->signals.pending);
    task->tid = task_counts.last_tid = tid;
    TAILQ_INSERT_TAIL(&all_tasks, task, all_link);
    task->is_listed = true;
    task_counts.now++;
    task_counts.total++;
    TELL(task_is_created, task);
    *made = task;
    return 0;
}

void task_unlist(struct task *task)
{
    TAILQ_REMOVE(&all_tasks, task, all_link);
    task->is_listed = false;
    task_counts.now--;
}

void task_free(struct task *task)
{
    assert(!task->files && !task->space);
    while (__atomic_load_n(&task->on_cpu, __ATOMIC_ACQUIRE)) /* its stack is in use until then */
        cpu_relax();
    if (task->is_listed)
        task_unlist(task);
    free_memory(task);
}
