// SPDX-License-Identifier: MIT
/* The suite at boot, if the command line has bringup: before there is a file or a program. */
#include "kernel/start/start.h"
#include "arch/chipset/chipset.h"
#include "arch/device/power.h"
#include "bringup/crew.h"
#include "bringup/suite.h"
#include "kernel/console/command_line.h"
#include "kernel/console/console.h"
#include "kernel/start/events.h"
#include "libc/include/string.h"

/* onpass= or onfail= halts, reboots or powers off; without it the machine goes on, or ends. */
static void run_if_asked(void)
{
    char value[COMMAND_LINE_VALUE_SIZE] = "";

    if (!command_line_has("bringup"))
        return;
    unsigned int failed = bringup_run();
    smp_wait_until_running();
    command_line_value(failed ? "onfail" : "onpass", value);
    console_drain();
    if (!strcmp(value, "halt"))
        power_halt();
    if (!strcmp(value, "reboot"))
        power_reboot();
    if (!strcmp(value, "poweroff"))
        power_off();
    if (*value)
        kprintf(KERN_WARNING "command    %s=%s is not halt, reboot or poweroff\n",
                failed ? "onfail" : "onpass", value);
    if (!command_line_has("init"))
        machine_end(failed == 0);
}

ATTACH(boot_machine, run_if_asked);

static void serve_if_asked(void)
{
    if (command_line_has("bringup"))
        crew_serve();
}

ATTACH(cpu_joins, serve_if_asked);
