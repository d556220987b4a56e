// SPDX-License-Identifier: MIT
/*
 * ptrace: the ends of traced threads, and of processes whose tracer is not their parent.
 */
#include "tests/programs/trace/trace.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define THREADS 2

/* What the processes here tell each other. */
static volatile struct {
    pid_t tids[THREADS];
    int goes_on; /* 1: the threads; 2: the first one, too */
} * shared;

static void wait_until_goes_on(int stage)
{
    while (shared->goes_on < stage)
        usleep(1000);
}

static void *thread_that_ends(void *argument)
{
    long number = (long)argument;

    shared->tids[number] = (pid_t)syscall(SYS_gettid);
    wait_until_goes_on(1);
    syscall(SYS_exit, 3 + number);
    return NULL;
}

static void *thread_that_stays(void *argument)
{
    shared->tids[(long)argument] = (pid_t)syscall(SYS_gettid);
    for (;;)
        pause();
    return NULL;
}

/* A process whose threads, besides the first, have said their numbers. */
static pid_t with_threads(void *(*function)(void *), int status_at_end)
{
    memset((void *)shared, 0, sizeof(*shared));
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t threads[THREADS];
        for (long i = 0; i < THREADS; i++)
            pthread_create(&threads[i], NULL, function, (void *)i);
        wait_until_goes_on(2);
        _exit(status_at_end);
    }
    for (int i = 0; i < THREADS; i++)
        while (!shared->tids[i])
            usleep(1000);
    return pid;
}

/* A thread that ends by itself is there to be waited for, and its process not before it. */
static void ends_of_threads(void)
{
    pid_t pid = with_threads(thread_that_ends, 7);
    int status;

    for (int i = 0; i < THREADS; i++)
        SHOW(trace(PTRACE_SEIZE, shared->tids[i], 0, 0)); /* of a thread */
    shared->goes_on = 1;
    say_wait("a traced thread ends", shared->tids[0]);
    SHOW(waitpid(shared->tids[0], &status, __WALL)); /* and is gone */
    usleep(20000);
    shared->goes_on = 2;
    usleep(100000);
    SHOW(waitpid(pid, &status, WNOHANG)); /* the process waits for the other */
    say_wait("which has ended as well", shared->tids[1]);
    say_wait("now the process", pid);
}

static void end_of_all(void)
{
    pid_t pid = with_threads(thread_that_stays, 7);

    SHOW(trace(PTRACE_SEIZE, pid, 0, 0)); /* of the first thread */
    for (int i = 0; i < THREADS; i++)
        SHOW(trace(PTRACE_SEIZE, shared->tids[i], 0, 0)); /* of a thread */
    shared->goes_on = 2;
    for (int i = 0; i < THREADS; i++)
        say_wait("a thread, when the process exits", shared->tids[i]);
    say_wait("the process", pid);
}

/* A signal that stops the process stops each traced thread, which tells of it. */
static void stop_of_all(void)
{
    pid_t pid = with_threads(thread_that_stays, 7);

    trace(PTRACE_SEIZE, pid, 0, 0);
    for (int i = 0; i < THREADS; i++)
        trace(PTRACE_SEIZE, shared->tids[i], 0, 0);
    kill(pid, SIGSTOP);
    say_wait("SIGSTOP for the process", pid);
    trace(PTRACE_CONT, pid, 0, SIGSTOP);
    say_wait("then its stop", pid);
    for (int i = 0; i < THREADS; i++)
        say_wait("a thread's", shared->tids[i]);
    for (int i = 0; i < THREADS; i++)
        SHOW(trace(PTRACE_CONT, shared->tids[i], 0, 0)); /* a thread goes on */
    kill(pid, SIGKILL);
    for (int i = 0; i < THREADS; i++)
        say_wait("SIGKILL to all", shared->tids[i]);
    say_wait("the process", pid);
}

static void *thread_that_execs(void *argument)
{
    shared->tids[(long)argument] = (pid_t)syscall(SYS_gettid);
    wait_until_goes_on(1);
    if (argument)
        syscall(SYS_exit, 0);
    execl("/proc/self/exe", "ptrace_threads", "again", NULL);
    return NULL;
}

static void exec_by_a_thread(void)
{
    pid_t pid = with_threads(thread_that_execs, 7);
    pid_t tid = shared->tids[0];
    unsigned long message = 0;

    trace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACEEXEC);
    shared->goes_on = 1;
    say_wait("exec by a thread", pid);
    trace(PTRACE_GETEVENTMSG, pid, 0, (uintptr_t)&message);
    SHOW(message == (unsigned long)tid); /* the event tells the number that it had */
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("its program", pid);
}

/* Traces a thread, or the first, until the process has ended, and does not wait for it. */
static pid_t start_tracer(pid_t tracee)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (trace(PTRACE_SEIZE, tracee, 0, 0))
            _exit(1);
        shared->goes_on = 2;
        usleep(400000);
        _exit(0);
    }
    return pid;
}

static void tracer_that_does_not_wait(const char *what, bool first)
{
    pid_t pid = with_threads(thread_that_stays, 8);
    pid_t tracer = start_tracer(first ? pid : shared->tids[0]);
    int status;

    wait_until_goes_on(2);
    usleep(100000);
    /* while its tracer lives, a process that has ended is not the parent's */
    SHOW(waitpid(pid, &status, WNOHANG));
    say_wait(what, pid);
    say_wait("its tracer", tracer);
}

/* Nobody has to wait for what ends where SIGCHLD is ignored, nor for what had ended before. */
static void adopted(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGCHLD, SIG_IGN);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGCHLD, SIG_DFL);
        if (fork() == 0)
            _exit(0);
        usleep(20000);
        _exit(0);
    }
    SHOW(waitpid(-1, NULL, 0)); /* a subreaper that ignores SIGCHLD */
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return 4;
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ends_of_threads();
    end_of_all();
    stop_of_all();
    exec_by_a_thread();
    tracer_that_does_not_wait("a process whose tracer has ended", true);
    tracer_that_does_not_wait("a process, the tracer of whose thread has ended", false);
    in_child("adopter", adopted);
    return 0;
}
