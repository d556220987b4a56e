// SPDX-License-Identifier: MIT
/* sysinfo(2): memory, tasks and load of the machine. */
#include <asm/errno.h>
#include <linux/sysinfo.h>

#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"
#include "kernel/timer/load.h"
#include "mm/page/page.h"
#include "mm/usage/usage.h"

SYSCALL1(sysinfo, uintptr_t, address)
{
    struct page_counters counters;
    struct sysinfo info = {.mem_unit = 1};

    page_read_counters(&counters);
    info.uptime = (long)(clock_monotonic_ns() / NS_PER_SECOND);
    for (unsigned int i = 0; i < LOAD_AVERAGES; i++)
        info.loads[i] = load_average(i);
    info.totalram = counters.total << PAGE_SHIFT;
    info.freeram = counters.free << PAGE_SHIFT;
    info.procs = (uint16_t)task_counts.now;
    return copy_to_user(address, &info, sizeof(info)) ? -EFAULT : 0;
}
