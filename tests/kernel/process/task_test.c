// SPDX-License-Identifier: MIT
/* A new task: what its first switch will load, and that all of it is given back. */
#include "kernel/task/task.h"

#include "arch/cpu/cpu.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "libc/include/string.h"
#include "mm/usage/usage.h"
#include "tests/kernel/ktest.h"

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
    unsigned int tasks = task_counts.now;
    uint64_t objects = slab_objects_in_use();
    struct task *task;

    if (!EXPECT_EQUAL(task_create(&task), 0))
        return;
    EXPECT_EQUAL(task_counts.now, tasks + 1);
    if (cpu_state.pku) {
        EXPECT(xstate_bv(task) & XFEATURE_PKRU);
        EXPECT_EQUAL(fpu_image_pkru(task->fpu), pkru_init_value);
    }
    task_free(task);
    EXPECT_EQUAL(task_counts.now, tasks);
    EXPECT_EQUAL(slab_objects_in_use(), objects);
}
