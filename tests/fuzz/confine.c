// SPDX-License-Identifier: MIT
#include "tests/fuzz/confine.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/fuzz/call.h"

#define NOBODY 65534

static _Noreturn void give_up(const char *what, long error)
{
    printf("fuzz: not the first process, and %s: %s\n", what, strerror((int)-error));
    exit(1);
}

static void drop_rights(void)
{
    if (KERNEL(geteuid) != 0)
        return;
    KERNEL(setgroups, 0, 0);
    KERNEL(setresgid, NOBODY, NOBODY, NOBODY);
    long error = KERNEL(setresuid, NOBODY, NOBODY, NOBODY);
    if (error)
        give_up("cannot cease to be root", error);
}

static void write_text(const char *path, const char *text)
{
    long fd = KERNEL(open, path, O_WRONLY);

    KERNEL(write, fd, text, strlen(text));
    KERNEL(close, fd);
}

/* The namespace's users are this one, or no file could be made there. */
static void map_user(long user, long group)
{
    char line[64];

    write_text("/proc/self/setgroups", "deny");
    snprintf(line, sizeof(line), "%ld %ld 1", user, user);
    write_text("/proc/self/uid_map", line);
    snprintf(line, sizeof(line), "%ld %ld 1", group, group);
    write_text("/proc/self/gid_map", line);
}

/* Ends as the namespace's first process does. */
static _Noreturn void wait_for(long pid)
{
    int status = 0;

    while (KERNEL(wait4, pid, &status, 0, 0) == -EINTR)
        ;
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

void confine(void)
{
    long error, pid, user, group;

    if (own_pid() == 1)
        return;
    drop_rights();
    user = KERNEL(geteuid);
    group = KERNEL(getegid);
    error = KERNEL(unshare, CLONE_NEWUSER | CLONE_NEWPID);
    if (error)
        give_up("there are no namespaces to hide in", error);
    map_user(user, group);
    fflush(stdout);
    pid = KERNEL(fork);
    if (pid < 0)
        give_up("cannot fork", pid);
    if (pid > 0)
        wait_for(pid);
}
