// SPDX-License-Identifier: MIT
/*
 * Limits and what else a process can set for itself: rlimits, priorities, prctl.
 */
#include "tests/programs/program.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

/* ---- Limits ---- */

static void limit_errors(void)
{
    struct rlimit limit = {2, 1};

    VALUE("getrlimit of no resource", getrlimit(16, &limit));
    VALUE("getrlimit of resource -1", getrlimit(-1, &limit));
    VALUE("setrlimit of no resource", setrlimit(16, &limit));
    VALUE("setrlimit, soft above hard", setrlimit(RLIMIT_CORE, &limit));
    VALUE("getrlimit to a bad address", syscall(SYS_getrlimit, RLIMIT_CORE, 8));
    VALUE("setrlimit from a bad address", syscall(SYS_setrlimit, RLIMIT_CORE, 8));
    VALUE("prlimit of a pid that is not there",
          syscall(SYS_prlimit64, 4194304, RLIMIT_CORE, NULL, &limit));
    VALUE("prlimit of a negative pid", syscall(SYS_prlimit64, -1, RLIMIT_CORE, NULL, &limit));
    VALUE("prlimit of no resource", syscall(SYS_prlimit64, 0, 16, NULL, &limit));
    VALUE("prlimit from a bad address", syscall(SYS_prlimit64, 0, RLIMIT_CORE, 8, NULL));
    VALUE("prlimit to a bad address", syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, 8));
    VALUE("prlimit without either", syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, NULL));
}

static void each_limit(void)
{
    for (int resource = 0; resource < 16; resource++) {
        struct rlimit before, after;
        char what[60];
        getrlimit(resource, &before);
        struct rlimit wanted = {before.rlim_max > 1000 ? 1000 : before.rlim_max, before.rlim_max};
        snprintf(what, sizeof(what), "setrlimit of resource %d", resource);
        VALUE(what, setrlimit(resource, &wanted));
        getrlimit(resource, &after);
        snprintf(what, sizeof(what), "resource %d is as set", resource);
        TRUTH(what, after.rlim_cur == wanted.rlim_cur && after.rlim_max == wanted.rlim_max);
        setrlimit(resource, &before);
    }
}

static void limit_of_a_child(void)
{
    struct rlimit limit, old, of_child;
    int status;

    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = 0;
    VALUE("setrlimit", setrlimit(RLIMIT_CORE, &limit));
    pid_t pid = fork();
    if (pid == 0) {
        for (;;)
            pause();
    }
    VALUE("prlimit of a child", syscall(SYS_prlimit64, pid, RLIMIT_CORE, NULL, &of_child));
    TRUTH("it has the parent's", of_child.rlim_cur == 0 && of_child.rlim_max == limit.rlim_max);
    limit.rlim_max = 0;
    VALUE("setting it", syscall(SYS_prlimit64, pid, RLIMIT_CORE, &limit, &old));
    TRUTH("gives the old one", old.rlim_cur == 0 && old.rlim_max == of_child.rlim_max);
    syscall(SYS_prlimit64, pid, RLIMIT_CORE, NULL, &of_child);
    getrlimit(RLIMIT_CORE, &old);
    TRUTH("the child's has changed", of_child.rlim_max == 0);
    TRUTH("the parent's has not", old.rlim_max != 0);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}

/* The hard limit stays, for it cannot be raised again by everybody. */
static void set(int resource, rlim_t soft)
{
    struct rlimit limit;

    getrlimit(resource, &limit);
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    if (setrlimit(resource, &limit))
        say("setrlimit of resource %d: %s", resource, strerror(errno));
}

static void processor_time(void)
{
    set(RLIMIT_CPU, 1);
    for (;;)
        ;
}

static void processor_time_to_the_end(void)
{
    struct rlimit limit = {1, 1};

    signal(SIGXCPU, SIG_IGN);
    setrlimit(RLIMIT_CPU, &limit);
    for (;;)
        ;
}

static int use_stack(int depth)
{
    volatile char frame[4096];

    frame[0] = (char)depth;
    return depth ? use_stack(depth - 1) + frame[0] : 0;
}

static void stack(void)
{
    set(RLIMIT_STACK, 1024 * 1024);
    use_stack(150);
    say("600 KiB of stack are there");
    use_stack(400);
    say("1600 KiB of stack are there");
}

static void address_space(void)
{
    size_t size = 64 << 20;

    set(RLIMIT_AS, 32 << 20);
    VALUE("mmap beyond RLIMIT_AS",
          mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
    TRUTH("malloc beyond it", malloc(size) != NULL);
    set(RLIMIT_AS, RLIM_INFINITY);
    WORKS("mmap without the limit",
          mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    set(RLIMIT_DATA, 0);
    char *end = sbrk(0);
    TRUTH("brk beyond RLIMIT_DATA", (char *)syscall(SYS_brk, end + (1 << 20)) >= end + (1 << 20));
}

static void queued_signals(void)
{
    union sigval value = {.sival_int = 0};
    sigset_t set_of_one;
    int queued = 0;

    sigemptyset(&set_of_one);
    sigaddset(&set_of_one, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set_of_one, NULL);
    set(RLIMIT_SIGPENDING, 0);
    VALUE("sigqueue with a limit of 0", sigqueue(getpid(), SIGRTMIN, value));
    VALUE("kill with a limit of 0", kill(getpid(), SIGRTMIN));
    sigpending(&set_of_one);
    TRUTH("that one is pending", sigismember(&set_of_one, SIGRTMIN));
    set(RLIMIT_SIGPENDING, RLIM_INFINITY);
    while (queued < 100 && sigqueue(getpid(), SIGRTMIN, value) == 0)
        queued++;
    VALUE("queued without a limit", queued);
}

/* 0, or -1 when there is no child. */
static int fork_and_wait(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid < 0 || waitpid(pid, NULL, 0) != pid ? -1 : 0;
}

/* A user's threads, and root's never. */
static void threads_of_a_user(void)
{
    struct rlimit two = {2, 2};

    setrlimit(RLIMIT_NPROC, &two);
    VALUE("fork, as root", fork_and_wait());
    if (setresuid(54321, 54321, 54321))
        perror("setresuid");
    VALUE("fork, the second of a user who may have two", fork_and_wait());
    pid_t pid = fork();
    if (!pid) {
        errno = 0;
        VALUE("fork, the third", fork_and_wait());
        exit(0);
    }
    waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
    VALUE("fork, with one that was not waited for", fork_and_wait());
    waitpid(pid, NULL, 0);
    VALUE("fork, when it was", fork_and_wait());
}

static void first_limits(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_SIGPENDING, &limit);
    TRUTH("signals are queued up to a limit", limit.rlim_max != RLIM_INFINITY);
    getrlimit(RLIMIT_NPROC, &limit);
    TRUTH("users have so many threads and no more", limit.rlim_max != RLIM_INFINITY);
}

/* ---- Priorities and scheduling ---- */

static void priorities(void)
{
    VALUE("getpriority", getpriority(PRIO_PROCESS, 0));
    VALUE("setpriority to 5", setpriority(PRIO_PROCESS, 0, 5));
    VALUE("getpriority", getpriority(PRIO_PROCESS, 0));
    VALUE("nice(3)", nice(3));
    VALUE("setpriority to 100", setpriority(PRIO_PROCESS, 0, 100));
    VALUE("is 19", getpriority(PRIO_PROCESS, 0));
    VALUE("getpriority of no kind", getpriority(3, 0));
    VALUE("getpriority of a pid that is not there", getpriority(PRIO_PROCESS, 4194304));
    VALUE("setpriority of a pid that is not there", setpriority(PRIO_PROCESS, 4194304, 0));
    VALUE("sched_yield", sched_yield());
    VALUE("sched_getaffinity into 0 bytes", sched_getaffinity(0, 0, NULL));
    VALUE("sched_getaffinity of a pid that is not there",
          syscall(SYS_sched_getaffinity, 4194304, 128, &(cpu_set_t){{0}}));
    VALUE("sched_setaffinity to none", sched_setaffinity(0, sizeof(cpu_set_t), &(cpu_set_t){{0}}));
}

/* ---- prctl ---- */

static void names(void)
{
    char name[17] = "";

    prctl(PR_SET_NAME, "a name of more than fifteen");
    prctl(PR_GET_NAME, name);
    say("a long name: %s", name);
    prctl(PR_SET_NAME, "a");
    prctl(PR_GET_NAME, name);
    TRUTH("after a short name are zeroes",
          memcmp(name, "a", 2) == 0 && name[2] == 0 && memcmp(name + 2, name + 3, 12) == 0);
    prctl(PR_SET_NAME, "");
    prctl(PR_GET_NAME, name);
    say("an empty name: \"%s\"", name);
    VALUE("PR_SET_NAME from a bad address", prctl(PR_SET_NAME, 8));
    VALUE("PR_GET_NAME to a bad address", prctl(PR_GET_NAME, 8));
}

static void process_controls(void)
{
    int value = -1;

    VALUE("personality", personality(0xffffffff));
    VALUE("another", personality(ADDR_NO_RANDOMIZE | PER_SVR4));
    VALUE("is", personality(0xffffffff));
    VALUE("prctl of nothing", prctl(-1, 0, 0, 0, 0));
    VALUE("PR_GET_PDEATHSIG", prctl(PR_GET_PDEATHSIG, &value));
    VALUE("is", value);
    VALUE("PR_SET_PDEATHSIG to SIGUSR1", prctl(PR_SET_PDEATHSIG, SIGUSR1));
    prctl(PR_GET_PDEATHSIG, &value);
    VALUE("is", value);
    VALUE("PR_SET_PDEATHSIG to 65", prctl(PR_SET_PDEATHSIG, 65));
    VALUE("PR_SET_PDEATHSIG to -1", prctl(PR_SET_PDEATHSIG, -1));
    VALUE("PR_GET_PDEATHSIG to a bad address", prctl(PR_GET_PDEATHSIG, 8));
    VALUE("PR_GET_DUMPABLE", prctl(PR_GET_DUMPABLE));
    VALUE("PR_SET_DUMPABLE to 0", prctl(PR_SET_DUMPABLE, 0));
    VALUE("PR_GET_DUMPABLE", prctl(PR_GET_DUMPABLE));
    VALUE("PR_SET_DUMPABLE to 2", prctl(PR_SET_DUMPABLE, 2));
    VALUE("PR_SET_DUMPABLE to 1", prctl(PR_SET_DUMPABLE, 1));
    VALUE("PR_GET_KEEPCAPS", prctl(PR_GET_KEEPCAPS));
    VALUE("PR_SET_KEEPCAPS to 1", prctl(PR_SET_KEEPCAPS, 1));
    VALUE("PR_GET_KEEPCAPS", prctl(PR_GET_KEEPCAPS));
    VALUE("PR_SET_KEEPCAPS to 2", prctl(PR_SET_KEEPCAPS, 2));
    VALUE("PR_GET_TIMING", prctl(PR_GET_TIMING));
    VALUE("PR_SET_TIMING to 1", prctl(PR_SET_TIMING, 1));
    VALUE("PR_GET_NO_NEW_PRIVS", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    VALUE("PR_GET_NO_NEW_PRIVS with an argument", prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
    VALUE("PR_SET_NO_NEW_PRIVS to 0", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    VALUE("PR_SET_NO_NEW_PRIVS to 1", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    VALUE("PR_GET_NO_NEW_PRIVS", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    VALUE("PR_SET_TIMERSLACK to 1000", prctl(PR_SET_TIMERSLACK, 1000));
    VALUE("PR_GET_TIMERSLACK", prctl(PR_GET_TIMERSLACK));
    VALUE("PR_GET_CHILD_SUBREAPER", prctl(PR_GET_CHILD_SUBREAPER, &value));
    VALUE("is", value);
    VALUE("PR_GET_TSC", prctl(PR_GET_TSC, &value));
    VALUE("is", value);
}

static volatile sig_atomic_t came;

static void note(int number)
{
    came = number;
}

static void death_of_the_parent(void)
{
    int ends[2];
    char byte = 0;

    (void)!pipe(ends);
    if (fork() == 0) {
        pid_t child = fork();
        if (child == 0) {
            signal(SIGUSR1, note);
            prctl(PR_SET_PDEATHSIG, SIGUSR1);
            (void)!write(ends[1], "r", 1);
            for (int i = 0; i < 400 && !came; i++)
                usleep(5000);
            byte = (char)came;
            _exit(write(ends[1], &byte, 1) == 1 ? 0 : 1);
        }
        (void)!read(ends[0], &byte, 1);
        _exit(0);
    }
    wait(NULL);
    close(ends[1]);
    VALUE("the orphan tells", read(ends[0], &byte, 1));
    VALUE("the signal of its parent's death", byte);
}

static void subreaper(void)
{
    int ends[2], status;
    char byte;
    pid_t me = getpid(), pid;

    VALUE("PR_SET_CHILD_SUBREAPER", prctl(PR_SET_CHILD_SUBREAPER, 1));
    (void)!pipe(ends);
    if ((pid = fork()) == 0) {
        if (fork() == 0) {
            close(ends[1]);
            (void)!read(ends[0], &byte, 1); /* until the parent has ended */
            while (getppid() == pid)
                ;
            _exit(getppid() == me ? 8 : 9);
        }
        close(ends[0]);
        _exit(7);
    }
    close(ends[0]);
    waitpid(pid, &status, 0);
    say_status("the child", status);
    close(ends[1]);
    wait(&status);
    say_status("its orphan, whose parent is now the subreaper", status);
    VALUE("nobody is left", wait(NULL));
}

/* ---- Usage ---- */

#define MUCH (16 << 20)

static char *use_much(void)
{
    char *bytes = mmap(NULL, MUCH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    memset(bytes, 1, MUCH);
    return bytes;
}

static void use_much_and_end(void)
{
    use_much();
}

/* Linux counts in batches, so that only large differences mean something. */
static void usage(void)
{
    struct rusage before, after;
    long half = MUCH / 2 / 1024;

    VALUE("getrusage of nobody", getrusage(5, &before));
    VALUE("getrusage to a bad address", syscall(SYS_getrusage, RUSAGE_SELF, 8));
    getrusage(RUSAGE_CHILDREN, &before);
    TRUTH("no child has used much", before.ru_maxrss < half);
    in_child("a child that uses 16 MiB", use_much_and_end);
    getrusage(RUSAGE_CHILDREN, &after);
    TRUTH("a child has", after.ru_maxrss > half);
    TRUTH("and had page faults", after.ru_minflt > before.ru_minflt);
    getrusage(RUSAGE_SELF, &before);
    TRUTH("the program itself has not used much", before.ru_maxrss < half);
    munmap(use_much(), MUCH);
    getrusage(RUSAGE_SELF, &after);
    TRUTH("then it has, and it is remembered", after.ru_maxrss > half);
    TRUTH("and it had page faults", after.ru_minflt > before.ru_minflt);
}

int main(void)
{
    limit_errors();
    in_child("each limit", each_limit);
    in_child("the limit of a child", limit_of_a_child);
    in_child("processor time", processor_time);
    in_child("processor time to the end", processor_time_to_the_end);
    in_child("stack", stack);
    in_child("address space", address_space);
    in_child("queued signals", queued_signals);
    in_child("threads of a user", threads_of_a_user);
    in_child("first limits", first_limits);
    in_child("priorities", priorities);
    in_child("names", names);
    in_child("process controls", process_controls);
    in_child("the death of the parent", death_of_the_parent);
    in_child("subreaper", subreaper);
    in_child("usage", usage);
    return 0;
}
