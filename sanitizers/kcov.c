// SPDX-License-Identifier: MIT
/*
 * /sys/kernel/debug/kcov: each process's own trace, as Linux's (Documentation/dev-tools/kcov.rst).
 *
 * One open file is one trace: KCOV_INIT_TRACE gives it memory, which is mapped by mmap(), and a
 * thread has it written from KCOV_ENABLE to KCOV_DISABLE or to its end. A trace lives as long as
 * the file is open, a thread has it, or it is mapped. All is guarded by the kernel lock; only the
 * thread that is traced writes the words.
 *
 * Of Linux's there are neither comparisons (KCOV_TRACE_CMP) nor traces of others' work
 * (KCOV_REMOTE_ENABLE). The memory is one block, so it cannot be larger than the largest.
 */
#include "fs/proc/sysfs.h"

#include <asm/errno.h>
#include <linux/ioctl.h>
#include <linux/kcov.h>

#include "arch/cpu/types.h"
#include "fs/pseudo/pseudo.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"
#include "mm/object/object.h"
#include "mm/page/page.h"
#include "mm/page/slab.h"
#include "sanitizers/coverage.h"

TASK_STATE(struct kcov_trace *, task_kcov_trace);

#define ENOTSUPP  524 /* Linux's, which has no place in its headers for programs */
#define COUNT_MIN 2
#define COUNT_MAX ((PAGE_SIZE << PAGE_ORDER_MAX) / sizeof(uint64_t))

struct kcov {
    struct kcov_trace trace;
    uint32_t references;          /* the open file's, and the thread's */
    struct memory_object *object; /* the words, for programs to map; NULL: not asked for yet */
    const struct task *task;      /* whose trace it is now */
};

static struct kcov *kcov_of(struct kcov_trace *trace)
{
    return container_of(trace, struct kcov, trace);
}

static void put(struct kcov *kcov)
{
    if (--kcov->references)
        return;
    if (kcov->object)
        object_put(kcov->object);
    kfree(kcov);
}

/* ---- memory ---- */

static unsigned int order_of(uint64_t pages)
{
    unsigned int order = 0;

    while (1ul << order < pages)
        order++;
    return order;
}

/* Gives the object the first pages of a block, which has that many, and back what else there is. */
static int add_pages(struct memory_object *object, struct page *block, uint64_t pages,
                     unsigned int order)
{
    int error = 0;

    page_split(block);
    for (uint64_t i = 0; i < 1ul << order; i++) {
        if (i < pages && !error)
            error = object_add(object, i, block + i);
        if (i >= pages || error)
            page_put(block + i);
    }
    return error;
}

static long init_trace(struct kcov *kcov, uint64_t count)
{
    uint64_t pages = align_up(count * sizeof(uint64_t), PAGE_SIZE) >> PAGE_SHIFT;
    struct memory_object *object;
    struct page *block;

    if (count < COUNT_MIN || count > INT32_MAX / sizeof(uint64_t))
        return -EINVAL;
    if (kcov->object)
        return -EBUSY;
    if (count > COUNT_MAX)
        return -ENOMEM;
    object = object_create();
    block = object ? page_alloc(order_of(pages), PAGE_ZERO) : NULL;
    if (!block || add_pages(object, block, pages, order_of(pages))) {
        if (object)
            object_put(object);
        return -ENOMEM;
    }
    object_set_size(object, pages << PAGE_SHIFT);
    kcov->object = object;
    kcov->trace.words = page_address(block);
    kcov->trace.count = count;
    return 0;
}

/* ---- the thread ---- */

static long enable(struct kcov *kcov, uint64_t mode)
{
    struct task *task = current();

    if (!kcov->object || kcov->task == task)
        return -EINVAL;
    if (kcov->task || *kcov_trace_of(task))
        return -EBUSY;
    if (mode != KCOV_TRACE_PC)
        return mode == KCOV_TRACE_CMP ? -ENOTSUPP : -EINVAL;
    kcov->references++;
    kcov->task = task;
    kcov->trace.is_suspended = false;
    *kcov_trace_of(task) = &kcov->trace;
    coverage_traced_tasks++;
    return 0;
}

static void stop(struct task *task)
{
    struct kcov *kcov = kcov_of(*kcov_trace_of(task));

    coverage_traced_tasks--;
    *kcov_trace_of(task) = NULL;
    kcov->task = NULL;
    put(kcov);
}

static long disable(struct kcov *kcov, uint64_t zero)
{
    if (zero || kcov->task != current())
        return -EINVAL;
    stop(current());
    return 0;
}

/* The end of a thread; what the linker makes of a name of its own has no header. */
void __real_task_release_resources(struct task *task);
void __wrap_task_release_resources(struct task *task);

void __wrap_task_release_resources(struct task *task)
{
    if (*kcov_trace_of(task))
        stop(task);
    __real_task_release_resources(task);
}

/* ---- the file ---- */

static long ioctl(struct file *file, unsigned int request, uintptr_t argument)
{
    switch (request) {
    case KCOV_INIT_TRACE:
        return init_trace(file->state, argument);
    case KCOV_ENABLE:
        return enable(file->state, argument);
    case KCOV_DISABLE:
        return disable(file->state, argument);
    default:
        return -ENOTTY;
    }
}

static struct memory_object *object(struct file *file)
{
    return ((const struct kcov *)file->state)->object;
}

static void release(struct file *file)
{
    put(file->state);
    node_put(file->node);
}

static const struct file_operations file_operations = {
    .ioctl = ioctl,
    .object = object,
    .release = release,
};

static int open(struct node *node, struct file *file)
{
    struct kcov *kcov = kzalloc(sizeof(*kcov));

    (void)node;
    if (!kcov)
        return -ENOMEM;
    kcov->references = 1;
    file->state = kcov;
    file->operations = &file_operations;
    return 0;
}

static const struct node_operations node_operations = {
    .open = open,
    .release = pseudo_release,
};

static const struct pseudo_entry entry = PSEUDO_OTHER("kcov", S_IFREG | 0600, node_operations);
PSEUDO_OFFER(sysfs_debug_entries, entry);
