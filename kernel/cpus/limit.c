// SPDX-License-Identifier: MIT
/* maxcpus= on the command line: how many CPUs are used. */
#include "arch/cpu/cpu_set.h"
#include "kernel/console/command_line.h"
#include "kernel/console/console.h"
#include "kernel/start/events.h"
#include "libc/core/parse.h"

static uint64_t limit = CPU_MAX;

static void read_limit(void)
{
    char value[COMMAND_LINE_VALUE_SIZE];
    uint64_t said;

    if (!command_line_value("maxcpus", value))
        return;
    if (parse_u64(value, &said) || said == 0)
        kprintf(KERN_WARNING "command    maxcpus=%s is not a number above 0; all CPUs are used\n",
                value);
    else
        limit = said;
}

ATTACH(boot_firmware, read_limit);

static int is_beyond_limit(unsigned int used)
{
    return used >= limit;
}

ATTACH(cpu_is_left_out, is_beyond_limit);
