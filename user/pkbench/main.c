// SPDX-License-Identifier: MIT
/*
 * What operations on memory and keys cost, in ticks of the time-stamp counter: the median of 200
 * measurements each. In an emulator that counts instructions (tools/bench) these are instructions.
 *
 * usage: pkbench [--json] [--events] [--counts] [--power-off]
 *
 *   --json       a line of JSON for each row instead of a table
 *   --events     with it what a Latchkey counted during a row, for each time it was done
 *   --counts     instead, what calls about all threads do by the number of threads, on a Latchkey
 *   --power-off  measures in a child, then switches the machine off: for a first program of Linux
 *
 * Uses standard calls only, so that two kernels can be compared. Without protection keys their rows
 * are left out.
 */
#include "user/pkbench/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "libc/include/pkru.h"

static bool counts, power_off;

/* Returns false for what is no option. */
static bool take_option(const char *option)
{
    static const struct {
        const char *name;
        bool *flag;
    } options[] = {
        {"--json", &as_json},
        {"--events", &with_events},
        {"--counts", &counts},
        {"--power-off", &power_off},
    };

    for (size_t i = 0; i < COUNT(options); i++)
        if (strcmp(option, options[i].name) == 0)
            return *options[i].flag = true;
    return false;
}

static void run(void)
{
    for (int i = 0; pkru_enabled() && i < 2; i++) {
        keys[i] = pkey_alloc(0, 0);
        require(keys[i] > 0, "pkey_alloc");
    }
    if (counts) {
        measure_crowds();
    } else {
        measure_calls();
        measure_memory();
        measure_partners();
    }
    fflush(stdout);
}

/* Linux reports each fault of its first program on the console, so that does not measure. */
static void run_and_power_off(void)
{
    pid_t child = fork();

    if (child == 0) {
        run();
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    syscall(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF,
            NULL);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], DO_NOTHING) == 0)
        return EXIT_SUCCESS;
    for (int i = 1; i < argc; i++) {
        if (!take_option(argv[i])) {
            fprintf(stderr, "usage: pkbench [--json] [--events] [--counts] [--power-off]\n");
            return 2;
        }
    }
    if (power_off)
        run_and_power_off();
    else
        run();
    return EXIT_SUCCESS;
}
