// SPDX-License-Identifier: MIT
/*
 * Messages and panics of several CPUs at a time. All print as fast as they can, and then all panic
 * at the same moment. A reader of the log has to find whole lines, one report, and nothing else
 * inside or behind it. It ends the machine, so it runs only when it is named alone.
 */
#include "kernel/report/panic.h"

#include <stdbool.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/device/clock.h"
#include "kernel/console/command_line.h"
#include "kernel/console/console.h"
#include "kernel/task/sched.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"
#include "mm/table/kernel_map.h"
#include "tests/kernel/ktest.h"

#define TALKERS_MAX 16
#define TALK_US     50000
#define PAUSE_US    100

static struct task talkers[TALKERS_MAX];
static bool is_over;

static void talk(void)
{
    unsigned int cpu = this_cpu()->number;

    for (unsigned int i = 0; !__atomic_load_n(&is_over, __ATOMIC_RELAXED); i++) {
        kprintf(KERN_RESULT "# CPU %u says %u %s %u\n", cpu, i, "again and again in one message",
                cpu);
        clock_wait(PAUSE_US); /* the lock is not a fair one */
    }
    panic("on purpose, by CPU %u", cpu);
}

/* Some wait with interrupts off, so that nothing but an NMI reaches them. */
static void __attribute__((noreturn)) talker(void *unused)
{
    (void)unused;
    if (this_cpu()->number % 2)
        irq_enable();
    talk();
    __builtin_unreachable();
}

static void start_talkers(void)
{
    for (unsigned int cpu = 1; cpu < cpu_count && cpu < TALKERS_MAX; cpu++) {
        struct task *task = &talkers[cpu];
        task->stack = kernel_stack_alloc();
        if (!task->stack)
            return;
        task_prepare_stack(task);
        task_set_kernel_function(task, talker, NULL);
        cpu_set_add(&task->affinity, cpu);
        sched_add(task);
    }
}

KTEST(panic_among_others)
{
    char value[COMMAND_LINE_VALUE_SIZE] = "";

    command_line_value("test", value);
    if (strcmp(value, "panic_among_others") != 0) {
        ktest_skip("runs when named alone");
        return;
    }
    start_talkers();
    clock_wait(TALK_US);
    __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
    talk();
}
