// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/fuzz/call.h"
#include "tests/fuzz/tree.h"
#include "tests/memory/failnth.h"

#define POOL     "/proc/sys/vm/nr_hugepages"
#define FOLDER   "/tmp/failnth" /* where a program is started */
#define DYING_MS 20000          /* for those that were killed */

static const uint64_t child_signal = 1ul << (SIGCHLD - 1);
static int start[2]; /* a pipe: a byte lets the program begin, which is traced by now */

bool write_number(const char *path, unsigned int number)
{
    char text[16];
    int file = open(path, O_WRONLY);
    ssize_t length = snprintf(text, sizeof(text), "%u\n", number);
    bool good = write(file, text, (size_t)length) == length;

    close(file);
    return good;
}

uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool await_child(uint64_t until_ms)
{
    uint64_t now = now_ms();
    struct timespec left = {.tv_sec = (time_t)((until_ms - now) / 1000),
                            .tv_nsec = (long)((until_ms - now) % 1000 * 1000000)};

    if (now >= until_ms)
        return false;
    KERNEL(rt_sigtimedwait, &child_signal, NULL, &left, sizeof(child_signal));
    return true;
}

/* No page of this program's own is to come while others are counted. */
bool runs_init(void)
{
    KERNEL(rt_sigprocmask, SIG_BLOCK, &child_signal, NULL, sizeof(child_signal));
    return KERNEL(mlockall, MCL_CURRENT | MCL_FUTURE) == 0 && KERNEL(pipe2, start, O_CLOEXEC) == 0;
}

static _Noreturn void live(const struct run *run)
{
    char *arguments[] = {run->program, NULL};
    char byte;

    KERNEL(chdir, FOLDER);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        close(fd);
    open("/dev/null", O_RDONLY);
    open("/dev/null", O_WRONLY);
    dup2(STDOUT_FILENO, STDERR_FILENO);
    KERNEL(rt_sigprocmask, SIG_UNBLOCK, &child_signal, NULL, sizeof(child_signal));
    if (!run->children)
        write_number("/proc/thread-self/fail-nth", run->nth);
    else if (read(start[0], &byte, 1) != 1)
        _exit(127);
    execve(run->program, arguments, environ);
    _exit(127);
}

void run_start(struct run *run)
{
    mkdir(FOLDER, 0777);
    fflush(stdout);
    run->pid = fork();
    if (run->pid == 0)
        live(run);
    if (run->children) {
        children_trace(run);
        write(start[1], "x", 1);
    }
}

bool run_await(struct run *run, uint64_t limit_ms)
{
    uint64_t until = now_ms() + limit_ms;

    if (run->children)
        return children_await(run, until);
    while (waitpid(run->pid, &run->status, WNOHANG) == 0)
        if (!await_child(until))
            return false;
    return true;
}

/* And takes the signals that tell of their ends, which would count as objects. */
static bool end_all(void)
{
    const struct timespec at_once = {0};
    uint64_t until = now_ms() + DYING_MS;
    long child;

    kill(-1, SIGKILL);
    while ((child = KERNEL(wait4, -1, NULL, WNOHANG | __WALL, NULL)) != -ECHILD)
        if (child == 0 && !await_child(until))
            return false;
    while (KERNEL(rt_sigtimedwait, &child_signal, NULL, &at_once, sizeof(child_signal)) > 0)
        ;
    return true;
}

bool run_clean(void)
{
    static const char *const folders[] = {"/tmp", "/dev/shm", "/run"};

    if (!end_all())
        return false;
    KERNEL(chdir, "/");
    for (unsigned int i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        tree_remove(AT_FDCWD, folders[i]);
        mkdir(folders[i], 01777);
    }
    write_number(POOL, 0);
    return true;
}
