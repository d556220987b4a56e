// SPDX-License-Identifier: MIT
/*
 * The first program around Linux's pkeys selftest: usage: init [machine] PROGRAM
 *
 * The selftest forks on its way (test_pkey_alloc_exhaust): what was started ends, with status 0,
 * and its child goes on. So somebody has to wait for all descendants and to know of each of them
 * how it ended. As pid 1, which it is in Latchkey, or as a subreaper, orphans come to it. The last
 * line of output is "init: status N", N being 0 when every one of them exited with 0.
 *
 * With "machine" it is the init of a whole Linux, which it first gives /proc and /sys, and then
 * powers off.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void set_up_linux(void)
{
    mkdir("/proc", 0755);
    mkdir("/sys", 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sysfs", "/sys", "sysfs", 0, NULL);
}

/* 1 if any descendant ended by a signal or with another status than 0. */
static int wait_for_all(void)
{
    int result = 0;
    int status;

    while (wait(&status) > 0)
        if (status != 0)
            result = 1;
    return result;
}

int main(int argc, char **argv)
{
    int is_machine = argc > 2 && strcmp(argv[1], "machine") == 0;
    char **program = argv + 1 + is_machine;
    int status;

    if (argc < 2 + is_machine)
        return 2;
    if (is_machine)
        set_up_linux();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (fork() == 0) {
        execv(program[0], program);
        perror(program[0]);
        _exit(127);
    }
    status = wait_for_all();
    printf("init: status %d\n", status);
    fflush(stdout);
    if (is_machine)
        reboot(RB_POWER_OFF);
    return status;
}
