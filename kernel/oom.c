// SPDX-License-Identifier: MIT
#include "kernel/oom.h"

#include <linux/capability.h>

#include "arch/clock.h"
#include "kernel/console.h"
#include "kernel/credentials.h"
#include "kernel/file.h"
#include "kernel/kernel_lock.h"
#include "kernel/log_limit.h"
#include "kernel/process.h"
#include "kernel/signal.h"
#include "kernel/stop.h"
#include "kernel/task.h"
#include "kernel/wait_queue.h"
#include "mm/fault.h"
#include "mm/footprint.h"
#include "mm/page.h"

#define PATIENCE_NS 2000000000ul /* for one that was told to end */
#define RETRY_NS    2000000ul    /* how often an access in ring 3 is tried meanwhile */

#define KEPT_FOR_ENDING_MAX   ((uint64_t)(1 << 20) / PAGE_SIZE)
#define KEPT_FOR_OPERATOR_MAX ((uint64_t)(8 << 20) / PAGE_SIZE)

/* ---- the reserves ---- */

static uint64_t kept_for_ending, kept_for_operator; /* pages; the second includes the first */

/* Asked with the page allocator's locks. */
static uint64_t kept_from_current(void)
{
    const struct task *task = current();

    if (!task->process || task->process->is_exiting)
        return 0;
    if (task_may(CAP_SYS_ADMIN))
        return task->is_in_need ? 0 : kept_for_ending;
    return task->is_in_need ? kept_for_operator / 2 : kept_for_operator;
}

static uint64_t at_most(uint64_t pages, uint64_t most)
{
    return pages < most ? pages : most;
}

void oom_init(void)
{
    kept_for_ending = at_most(page_count_total() / 256, KEPT_FOR_ENDING_MAX);
    kept_for_operator = at_most(page_count_total() / 16, KEPT_FOR_OPERATOR_MAX);
    page_set_reserve(kept_from_current);
}

/* ---- choosing ---- */

/* All threads have the same; one that has ended has none. */
static struct address_space *space_of(const struct process *process)
{
    const struct task *thread;

    TAILQ_FOREACH (thread, &process->threads, thread)
        if (thread->space)
            return thread->space;
    return NULL;
}

static void add_files(struct footprint *footprint, struct file_table *table)
{
    spin_lock(&table->lock);
    for (unsigned int fd = 0; fd < table->size; fd++) {
        struct file *file = table->files[fd];

        if (file && file->operations->footprint)
            file->operations->footprint(file, footprint);
    }
    spin_unlock(&table->lock);
}

static struct footprint measure(const struct process *process)
{
    struct footprint footprint = footprint_begin();
    const struct file_table *last = NULL;
    const struct task *thread;

    footprint_add_space(&footprint, space_of(process));
    TAILQ_FOREACH (thread, &process->threads, thread) {
        if (thread->files && thread->files != last)
            add_files(&footprint, thread->files);
        last = thread->files;
    }
    return footprint;
}

static bool is_told_to_end(const struct process *process)
{
    return process->is_exiting || signal_is_killed(process->leader);
}

/* Its memory is wanted at once: no tracer keeps it at its end (ptrace_exit()). */
static void await_end(struct process *process, uint64_t now)
{
    struct task *thread;

    process->awaited_since = now;
    TAILQ_FOREACH (thread, &process->threads, thread)
        if (thread->stop.kind == STOP_TRACE)
            stop_end(thread);
}

/* One that was told to end and is about to; NULL: there is none, or it takes too long. */
static struct process *find_ending(uint64_t now)
{
    struct process *process;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        if (!space_of(process) || !is_told_to_end(process))
            continue;
        if (!process->awaited_since)
            await_end(process, now);
        if (now - process->awaited_since < PATIENCE_NS)
            return process;
    }
    return NULL;
}

/* The largest, or the first program if it alone is left; NULL: all were told to end long ago. */
static struct process *find_largest(struct footprint *footprint)
{
    struct process *first = process_find(FIRST_PID);
    struct process *process, *largest = NULL;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        struct address_space *space = space_of(process);
        if (!space || is_told_to_end(process) || space == space_of(first))
            continue;
        struct footprint own = measure(process);
        if (!largest || footprint_sum(&own) > footprint_sum(footprint)) {
            largest = process;
            *footprint = own;
        }
    }
    if (largest || !space_of(first) || is_told_to_end(first))
        return largest;
    *footprint = measure(first);
    return first;
}

/* ---- ending ---- */

#define KIB(pages) ((pages) * (PAGE_SIZE / 1024))

static void tell(const struct process *process, const struct footprint *footprint)
{
    char victim[sizeof(current()->name)], asker[sizeof(current()->name)];

    if (!log_limit_admits(LOG_LIMIT_OUT_OF_MEMORY))
        return;
    kprintf(KERN_ERR "out of memory: %s[%d] of user %u is ended by SIGKILL: %s, with %lu KiB "
                     "(memory %lu, page tables %lu, files without a name %lu); %s[%d] needed a "
                     "page\n",
            console_name(victim, sizeof(victim), process->leader->name), process->pid,
            process->leader->credentials.user.real,
            process->pid == FIRST_PID ? "nothing else is left" : "it is the largest",
            KIB(footprint_sum(footprint)), KIB(footprint->memory), KIB(footprint->tables),
            KIB(footprint->files), console_name(asker, sizeof(asker), current()->name),
            current()->tid);
}

static void end(struct process *victim, uint64_t now)
{
    struct address_space *space = space_of(victim);
    struct process *process;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        if (space_of(process) != space)
            continue;
        signal_send_process(process, SIGKILL);
        await_end(process, now);
    }
}

/* Others may have let go of memory while this task waited for the kernel lock. */
static bool has_memory(void)
{
    struct page *page = page_alloc(0, PAGE_ANY);

    if (page)
        page_put(page);
    return page;
}

static void make_room(void)
{
    uint64_t now = clock_monotonic_ns();
    struct footprint footprint;

    if (has_memory() || find_ending(now))
        return;
    struct process *victim = find_largest(&footprint);
    if (!victim)
        victim = current_process();
    else
        tell(victim, &footprint);
    end(victim, now);
}

bool oom_relieve(bool from_user, uintptr_t address, uint32_t error_code, uint32_t pkru)
{
    struct task *task = current();
    struct fault_verdict verdict;
    bool ends;

    kernel_lock();
    make_room();
    ends = is_told_to_end(task->process);
    if (from_user && !ends && !has_memory())
        wait_event_until(NULL, NULL, NULL, clock_monotonic_ns() + RETRY_NS);
    kernel_unlock();
    if (from_user || ends)
        return from_user;
    task->is_in_need = true;
    int error = space_fault(task->space, address, error_code, pkru, &verdict);
    task->is_in_need = false;
    return !error;
}
