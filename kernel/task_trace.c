// SPDX-License-Identifier: MIT
/*
 * Where all tasks are, as text on the console: for who waits for a program that does not end.
 *
 * A task that has no CPU left its stack in context_switch() (arch/entry.asm), with the caller's
 * frame pointer among what it pushed. One that runs on another CPU is only named: its stack
 * changes under our eyes.
 */
#include "kernel/task_trace.h"

#include "arch/bug.h"
#include "kernel/backtrace.h"
#include "kernel/console.h"
#include "kernel/kernel_lock.h"
#include "kernel/report_text.h"
#include "kernel/task.h"

#define TASKS_MAX  32
#define PUSHED_RBP 5 /* words above the stack pointer that a switch left */

static void trace_task(const struct task *task)
{
    uint64_t rbp;

    kprintf(REPORT_LABEL "%d %s, ", "task", task->tid, task->name);
    if (task->state == TASK_ZOMBIE) {
        kprintf("has ended\n");
    } else if (task->on_cpu) {
        kprintf("runs on CPU %u\n", task->cpu);
    } else {
        kprintf("%s\n", task->state == TASK_RUNNABLE ? "would run" : "waits");
        if (backtrace_read(task->rsp + PUSHED_RBP * sizeof(rbp), &rbp))
            backtrace_from(rbp);
    }
}

void task_trace_all(void)
{
    const struct task *task;
    unsigned int shown = 0;

    assert(kernel_lock_is_mine());
    kprintf("---- tasks\n");
    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (shown++ < TASKS_MAX)
            trace_task(task);
    if (shown > TASKS_MAX)
        kprintf("and %u more\n", shown - TASKS_MAX);
    kprintf("---- end of tasks\n");
}
