// SPDX-License-Identifier: MIT
#include "kernel/timer/cpu_clock.h"

#include <asm/errno.h>
#include <linux/time.h>

#include "kernel/task/kernel_lock.h"
#include "kernel/task/process.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "kernel/usage/usage.h"

#define MEASURED      3 /* its bits */
#define MEASURED_RUN  2 /* time on a CPU; 0 and 1 are system and user time, and user time */
#define MEASURED_NONE 3
#define OF_THREAD     4
#define OF_DESCRIPTOR 3 /* all three bits: a clock that is a device; there is none */

static int number_of(int clock)
{
    return ~(clock >> 3);
}

static int clock_of(int number, int bits)
{
    return (int)((unsigned int)~number << 3) | bits;
}

bool cpu_clock_is(int clock)
{
    return (clock < 0 && (clock & (OF_THREAD | MEASURED)) != OF_DESCRIPTOR) ||
           clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
}

int cpu_clock_for_all(int clock)
{
    if (clock == CLOCK_PROCESS_CPUTIME_ID)
        return clock_of(current_process()->pid, MEASURED_RUN);
    if (clock == CLOCK_THREAD_CPUTIME_ID)
        return clock_of(current()->tid, MEASURED_RUN | OF_THREAD);
    if (number_of(clock) == 0)
        return clock_of(clock & OF_THREAD ? current()->tid : current_process()->pid,
                        clock & (OF_THREAD | MEASURED));
    return clock;
}

static int read_locked(const struct process *process, int clock, uint64_t *ns)
{
    const struct task *task = task_find(number_of(clock));

    if (!task || (clock & MEASURED) == MEASURED_NONE)
        return -EINVAL;
    if (clock & OF_THREAD) {
        *ns = task_cpu_ns(task);
        return task->process == process ? 0 : -EINVAL;
    }
    *ns = process_cpu_ns(task->process);
    return task == task->process->leader || task == current() ? 0 : -EINVAL;
}

int cpu_clock_read(const struct process *process, int clock, uint64_t *ns)
{
    kernel_lock(); /* it guards the lists of processes and threads */
    int error = cpu_clock_is(clock) ? read_locked(process, cpu_clock_for_all(clock), ns) : -EINVAL;
    kernel_unlock();
    return error;
}

bool cpu_clock_is_coarse(int clock)
{
    return clock < 0 && (clock & MEASURED) != MEASURED_RUN;
}

bool cpu_clock_is_own(int clock)
{
    return clock < 0 && (clock & OF_THREAD) &&
           (number_of(clock) == 0 || number_of(clock) == current()->tid);
}

static int answer(int clock, uint64_t *ns)
{
    if (clock == CLOCK_THREAD_CPUTIME_ID) {
        *ns = task_cpu_ns(current());
        return 1;
    }
    if (!cpu_clock_is(clock))
        return 0;
    int error = cpu_clock_read(current_process(), clock, ns);
    return error ? error : 1;
}

ATTACH(clock_is_read, answer);
