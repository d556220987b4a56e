// SPDX-License-Identifier: MIT
/* A new task: what its first switch will load, and that all of it is given back. */
#include "kernel/task.h"

#include "arch/cpu.h"
#include "arch/fpu.h"
#include "arch/pkru.h"
#include "kernel/ktest.h"
#include "libc/include/string.h"
#include "mm/slab.h"

static uint64_t xstate_bv(const struct task *task)
{
    uint64_t value;

    memcpy(&value, (const char *)task->fpu + XSAVE_XSTATE_BV, sizeof(value));
    return value;
}

/*
 * Were the bit of PKRU clear in XSTATE_BV, the first switch to the task would open every key. It
 * is not seen from ring 3, because fork and exec replace the image before the task runs there.
 */
KTEST(task_starts_with_the_initial_pkru)
{
    unsigned int tasks = task_count();
    uint64_t objects = slab_objects_in_use();
    struct task *task;

    if (!EXPECT_EQ(0, task_create(&task)))
        return;
    EXPECT_EQ(tasks + 1, task_count());
    if (cpu_state.pku) {
        EXPECT(xstate_bv(task) & XFEATURE_PKRU);
        EXPECT_EQ(pkru_init_value, fpu_image_pkru(task->fpu));
    }
    task_free(task);
    EXPECT_EQ(tasks, task_count());
    EXPECT_EQ(objects, slab_objects_in_use());
}
