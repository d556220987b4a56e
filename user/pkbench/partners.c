// SPDX-License-Identifier: MIT
/*
 * What it costs to go to another process or thread and back, with and without keys in use: then the
 * two have different rights. And to make a process, and to wait for its end.
 */
#include "user/pkbench/measure.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libc/include/pkru.h"

#define MORE ((size_t)1 << 20)

/* ---- A partner ---- */

static struct {
    bool is_thread, uses_keys;
    void *(*function)(void *);
    pid_t process;
    pthread_t thread;
} partner;

static volatile bool stop;

/* All keys but 0 denied to the partner, and writing to one of them to the other. */
static void take_rights(bool of_partner)
{
    uint32_t denied = of_partner ? 0x55555554 : (uint32_t)PKEY_DISABLE_WRITE << (2 * keys[0]);

    if (partner.uses_keys)
        pkru_write(denied);
}

static void *run_partner(void *argument)
{
    take_rights(true);
    return partner.function(argument);
}

static void start_partner(void)
{
    stop = false;
    if (partner.is_thread) {
        require(pthread_create(&partner.thread, NULL, run_partner, NULL) == 0, "a thread");
    } else {
        partner.process = fork();
        if (partner.process == 0) {
            run_partner(NULL);
            _exit(0);
        }
        require(partner.process > 0, "fork");
    }
    take_rights(false);
}

static void end_partner(void)
{
    stop = true;
    if (partner.is_thread) {
        require(pthread_join(partner.thread, NULL) == 0, "a thread's end");
    } else {
        kill(partner.process, SIGKILL);
        waitpid(partner.process, NULL, 0);
    }
}

/* ---- sched_yield ---- */

static void yield(int turn)
{
    (void)turn;
    sched_yield();
}

static void *yield_always(void *unused)
{
    while (!stop)
        sched_yield();
    return unused;
}

/* ---- two pipes ---- */

static int to_echo[2], from_echo[2];

static void *echo(void *unused)
{
    char byte;

    while (read(to_echo[0], &byte, 1) == 1 && byte)
        require(write(from_echo[1], &byte, 1) == 1, "write");
    return unused;
}

static void play_ping_pong(int turn)
{
    char byte = (char)(turn % 100 + 1);

    require(write(to_echo[1], &byte, 1) == 1, "write");
    require(read(from_echo[0], &byte, 1) == 1, "read");
}

/* ---- rows ---- */

static void measure_switches(const char *what, void (*run)(int))
{
    char name[80];
    struct operation operation = {.name = name, .run = run};

    snprintf(name, sizeof(name), "%s between %s%s", what,
             partner.is_thread ? "threads" : "processes", partner.uses_keys ? ", keys in use" : "");
    start_partner();
    measure(&operation);
    if (run == play_ping_pong)
        require(write(to_echo[1], "", 1) == 1, "write");
    end_partner();
    take_rights(false);
}

static void measure_partner(bool is_thread, bool uses_keys)
{
    partner.is_thread = is_thread;
    partner.uses_keys = uses_keys;
    partner.function = yield_always;
    measure_switches("sched_yield", yield);
    require(pipe(to_echo) == 0 && pipe(from_echo) == 0, "pipe");
    partner.function = echo;
    measure_switches("pipe ping-pong", play_ping_pong);
    for (int end = 0; end < 2; end++) {
        close(to_echo[end]);
        close(from_echo[end]);
    }
}

/* ---- processes ---- */

static void wait_for(pid_t child)
{
    int status = -1;

    require(waitpid(child, &status, 0) == child && status == 0, "a child");
}

static void fork_exit_wait(int turn)
{
    pid_t child = fork();

    (void)turn;
    if (child == 0)
        _exit(0);
    wait_for(child);
}

static void fork_exec_wait(int turn)
{
    char *arguments[] = {"pkbench", DO_NOTHING, NULL};
    char *environment[] = {NULL};
    pid_t child = fork();

    (void)turn;
    if (child == 0) {
        execve((const char *)getauxval(AT_EXECFN), arguments, environment);
        _exit(1);
    }
    wait_for(child);
}

/* A parent that has used 1 MiB more, whose pages' entries are copied. */
static void measure_larger_fork(void)
{
    static const struct operation operation = {.name = "fork, exit, wait, 1 MiB more",
                                               .run = fork_exit_wait};
    char *memory = mmap(NULL, MORE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    require(memory != MAP_FAILED, "mmap");
    madvise(memory, MORE, MADV_NOHUGEPAGE);
    memset(memory, 1, MORE);
    measure(&operation);
    munmap(memory, MORE);
}

void measure_partners(void)
{
    static const struct operation alone[] = {
        {.name = "sched_yield, alone", .run = yield},
        {.name = "fork, exit, wait", .run = fork_exit_wait},
        {.name = "fork, exec, exit, wait", .run = fork_exec_wait},
    };

    measure_all(alone, COUNT(alone));
    measure_larger_fork();
    for (int is_thread = 0; is_thread < 2; is_thread++)
        for (int uses_keys = 0; uses_keys <= (pkru_enabled() ? 1 : 0); uses_keys++)
            measure_partner(is_thread, uses_keys);
}
