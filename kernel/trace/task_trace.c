// SPDX-License-Identifier: MIT
/*
 * Where all tasks are, as text on the console: for who waits for a program that does not end.
 *
 * A task that has no CPU left its stack in context_switch() (arch/entry/entry.asm), with the
 * caller's frame pointer among what it pushed. One that runs on another CPU is only named: its
 * stack changes under our eyes.
 */
#include <stdbool.h>

#include "arch/cpu/bug.h"
#include "kernel/channel/frame.h"
#include "kernel/console/console.h"
#include "kernel/explain/backtrace.h"
#include "kernel/report/report.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/poller.h"
#include "kernel/task/task.h"

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
        if (panic_read(task->rsp + PUSHED_RBP * sizeof(rbp), &rbp))
            backtrace_from(rbp);
    }
}

/* Between two lines that a reader of the log finds. */
static void trace_all(void)
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

static bool is_wanted;

/* A long text, so not here, under the lock of what comes in. */
static void note_request(const struct frame_reader *frame)
{
    if (frame->type == FRAME_TRACE)
        is_wanted = true;
}

ATTACH(channel_frame, note_request);

static void trace_if_wanted(struct poller_turn *turn)
{
    (void)turn;
    if (is_wanted) {
        is_wanted = false;
        trace_all();
    }
}

ATTACH(poller_turn, trace_if_wanted);
