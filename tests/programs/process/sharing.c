// SPDX-License-Identifier: MIT
/* kcmp: what two tasks share, and what it says of those that are not there or are somebody's. */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>

#define NOBODY  4194305 /* no pid is as large */
#define UNKNOWN 8

enum kind {
    OPEN_FILE,
    MEMORY,
    FILES,
    DIRECTORY,
    HANDLERS,
    IO,
    KINDS
};

static int compare(pid_t one, pid_t other, int kind, unsigned long fd, unsigned long other_fd)
{
    return (int)syscall(SYS_kcmp, one, other, kind, fd, other_fd);
}

static void compare_all(pid_t other)
{
    for (int kind = MEMORY; kind < KINDS; kind++)
        say("%d: %s", kind, compare(getpid(), other, kind, 0, 0) ? "differs" : "the same");
}

static void *of_a_thread(void *argument)
{
    section("of a thread");
    compare_all((pid_t)syscall(SYS_gettid));
    return argument;
}

static void of_files(void)
{
    pid_t self = getpid();
    unsigned long a = (unsigned long)open("/dev/null", O_RDONLY);
    unsigned long b = (unsigned long)open("/dev/null", O_RDONLY), c = (unsigned long)dup((int)a);

    section("of files");
    SHOW(compare(self, self, OPEN_FILE, a, c));
    SHOW(compare(self, self, OPEN_FILE, a, b) + compare(self, self, OPEN_FILE, b, a));
    SHOW_CHILD(SHOW(compare(getpid(), self, OPEN_FILE, a, a)));
    SHOW(compare(self, self, OPEN_FILE, a, 999));
    SHOW(compare(self, self, OPEN_FILE, a, (unsigned long)minus_one));
}

static void refused(void)
{
    pid_t self = getpid();

    section("refused");
    SHOW(compare(self, NOBODY, MEMORY, 0, 0));
    SHOW(compare(NOBODY, self, UNKNOWN, 0, 0));
    SHOW(compare(self, 0, MEMORY, 0, 0));
    SHOW(compare(self, -1, MEMORY, 0, 0));
    SHOW(compare(self, self, UNKNOWN, 0, 0));
    SHOW(compare(self, self, -1, 0, 0));
}

static void of_another_user(void)
{
    SHOW(syscall(SYS_setresuid, 1000, 1000, 1000));
    SHOW(compare(getpid(), getppid(), MEMORY, 0, 0));
    SHOW(compare(getppid(), getpid(), UNKNOWN, 0, 0));
}

int main(void)
{
    pthread_t thread;
    pid_t child;

    pthread_create(&thread, NULL, of_a_thread, NULL);
    pthread_join(thread, NULL);
    section("of a child");
    child = fork();
    if (!child)
        for (;;)
            pause();
    compare_all(child);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    of_files();
    refused();
    SHOW_CHILD(of_another_user());
    return 0;
}
