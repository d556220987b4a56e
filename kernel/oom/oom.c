// SPDX-License-Identifier: MIT
/*
 * Memory that is out.
 *
 * A call that needs memory and finds none says so (ENOMEM, ENOSPC, EAGAIN). An access cannot: there
 * the process that is the largest is ended by SIGKILL, whoever it was that needed a page, and the
 * access is tried again. The first program is ended only when nothing else is left.
 *
 * How large a process is: kernel/oom/footprint.h. Processes with the same memory, as after vfork(),
 * end together; those that have the first program's memory are spared as it is.
 *
 * Nobody waits for memory with a lock: an access in ring 3 has none, and sleeps until the victim
 * has let go of its memory, or for two seconds at most, after which the next one is chosen. A copy
 * of the kernel's may hold the kernel lock, which the victim needs to end, so it does not wait: it
 * takes its pages from the reserve. There are two:
 *
 *     free pages  |<- kept for ending ->|<-- kept for the operator -->|<-- for all -------->
 *                 0                   1/256                          1/16      of all memory
 *
 * The first is for processes that end, for the kernel's own tasks and for copies that found nothing
 * else; the second is for tasks with CAP_SYS_ADMIN: when a user has filled memory, root can still
 * start a process and look. Neither is larger than 1 MiB and 8 MiB.
 */
#include <linux/capability.h>

#include "arch/device/clock.h"
#include "kernel/call/permission.h"
#include "kernel/console/console.h"
#include "kernel/entry/trap.h"
#include "kernel/file/file.h"
#include "kernel/job/stop.h"
#include "kernel/oom/footprint.h"
#include "kernel/oom/oom.h"
#include "kernel/signal/signal.h"
#include "kernel/start/events.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/process.h"
#include "kernel/task/state.h"
#include "kernel/task/task.h"
#include "kernel/task/wait_queue.h"
#include "kernel/user/credentials.h"
#include "mm/page/page.h"
#include "mm/space/fault.h"

#define PATIENCE_NS 2000000000ul /* for one that was told to end */
#define RETRY_NS    2000000ul    /* how often an access in ring 3 is tried meanwhile */

#define KEPT_FOR_ENDING_MAX   ((uint64_t)(1 << 20) / PAGE_SIZE)
#define KEPT_FOR_OPERATOR_MAX ((uint64_t)(8 << 20) / PAGE_SIZE)

/* Others need the memory that a process was told to give, since then; ns, 0: nobody does. */
PROCESS_STATE(uint64_t, process_awaited_since);

/* A copy of the kernel's for the task has found no memory. */
TASK_STATE(bool, task_is_in_need);

static uint64_t *awaited_since(const struct process *process)
{
    return process_state(process, process_awaited_since);
}

static bool *is_in_need(const struct task *task)
{
    return task_state(task, task_is_in_need);
}

bool oom_awaits(const struct process *process)
{
    return *awaited_since(process);
}

/* ---- the reserves ---- */

static uint64_t kept_for_ending, kept_for_operator; /* pages; the second includes the first */

/* Asked with the page allocator's locks; nothing is kept before there are programs. */
static int kept_from_current(void)
{
    const struct task *task = current();

    if (!kept_for_ending || !task->process || task->process->is_exiting)
        return 0;
    if (task_may(CAP_SYS_ADMIN))
        return *is_in_need(task) ? 0 : (int)kept_for_ending;
    return (int)(*is_in_need(task) ? kept_for_operator / 2 : kept_for_operator);
}

ATTACH(pages_are_kept, kept_from_current);

static uint64_t at_most(uint64_t pages, uint64_t most)
{
    return pages < most ? pages : most;
}

/* From now on the reserves are kept. */
static void keep_reserves(void)
{
    kept_for_ending = at_most(page_count_total() / 256, KEPT_FOR_ENDING_MAX);
    kept_for_operator = at_most(page_count_total() / 16, KEPT_FOR_OPERATOR_MAX);
}

ATTACH(boot_programs, keep_reserves);

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
        struct file *file = table->descriptors[fd].file;

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

/* Its memory is wanted at once: no tracer keeps it at its end (oom_awaits()). */
static void await_end(struct process *process, uint64_t now)
{
    struct task *thread;

    *awaited_since(process) = now;
    TAILQ_FOREACH (thread, &process->threads, thread)
        if (stop_of(thread)->kind == STOP_TRACE)
            stop_end(thread);
}

/* One that was told to end and is about to; NULL: there is none, or it takes too long. */
static struct process *find_ending(uint64_t now)
{
    struct process *process;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        if (!space_of(process) || !is_told_to_end(process))
            continue;
        if (!*awaited_since(process))
            await_end(process, now);
        if (now - *awaited_since(process) < PATIENCE_NS)
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

    if (ASK(message_comes, MESSAGE_OUT_OF_MEMORY))
        return;
    kprintf(KERN_ERR "out of memory: %s[%d] of user %u is ended by SIGKILL: %s, with %lu KiB "
                     "(memory %lu, page tables %lu, files without a name %lu); %s[%d] needed a "
                     "page\n",
            console_name(victim, sizeof(victim), process->leader->name), process->pid,
            credentials_of(process->leader)->user.real,
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

/*
 * From ring 3 it may wait, and the access is to be tried again if the task is not to end. Of the
 * kernel's own access this says whether it is resolved now.
 */
static int relieve(bool from_user, uintptr_t address, uint32_t error_code, uint32_t pkru)
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
    *is_in_need(task) = true;
    int error = space_fault(task->space, address, error_code, pkru, &verdict);
    *is_in_need(task) = false;
    return !error;
}

ATTACH(memory_is_out, relieve);
