// SPDX-License-Identifier: MIT
/*
 * Limits and what else a process can set for itself: rlimits, priorities, prctl.
 */
#include "tests/programs/show.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

/* ---- limits ---- */

static void limit_errors(void)
{
    struct rlimit limit = {2, 1};

    SHOW(getrlimit(16, &limit)); /* of no resource */
    SHOW(getrlimit(-1, &limit));
    SHOW(setrlimit(16, &limit));                  /* of no resource */
    SHOW(setrlimit(RLIMIT_CORE, &limit));         /* setrlimit, soft above hard */
    SHOW(syscall(SYS_getrlimit, RLIMIT_CORE, 8)); /* to a bad address */
    SHOW(syscall(SYS_setrlimit, RLIMIT_CORE, 8)); /* from a bad address */
    /* prlimit of a pid that is not there */
    SHOW(syscall(SYS_prlimit64, 4194304, RLIMIT_CORE, NULL, &limit));
    SHOW(syscall(SYS_prlimit64, -1, RLIMIT_CORE, NULL, &limit)); /* prlimit of a negative pid */
    SHOW(syscall(SYS_prlimit64, 0, 16, NULL, &limit));           /* prlimit of no resource */
    SHOW(syscall(SYS_prlimit64, 0, RLIMIT_CORE, 8, NULL));       /* prlimit from a bad address */
    SHOW(syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, 8));       /* prlimit to a bad address */
    SHOW(syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, NULL));
}

/* Nothing is said while the limit holds: it may be that of files, of which the output is one. */
static int set_for_a_moment(int resource, const struct rlimit *wanted, struct rlimit *found)
{
    struct rlimit before;

    getrlimit(resource, &before);
    int result = setrlimit(resource, wanted);
    int error = errno;
    getrlimit(resource, found);
    setrlimit(resource, &before);
    errno = error;
    return result;
}

static void each_limit(void)
{
    for (int resource = 0; resource < 16; resource++) {
        struct rlimit wanted, found;
        char title[60];
        snprintf(title, sizeof(title), "resource %d", resource);
        section(title);
        getrlimit(resource, &wanted);
        wanted.rlim_cur = wanted.rlim_max > 1000 ? 1000 : wanted.rlim_max;
        SHOW(set_for_a_moment(resource, &wanted, &found));
        SHOW(found.rlim_cur == wanted.rlim_cur && found.rlim_max == wanted.rlim_max);
    }
}

static void limit_of_a_child(void)
{
    struct rlimit limit, old, of_child;
    int status;

    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = 0;
    SHOW(setrlimit(RLIMIT_CORE, &limit));
    pid_t pid = fork();
    if (pid == 0) {
        for (;;)
            pause();
    }
    SHOW(syscall(SYS_prlimit64, pid, RLIMIT_CORE, NULL, &of_child));     /* prlimit of a child */
    SHOW(of_child.rlim_cur == 0 && of_child.rlim_max == limit.rlim_max); /* it has the parent's */
    limit.rlim_max = 0;
    SHOW(syscall(SYS_prlimit64, pid, RLIMIT_CORE, &limit, &old)); /* setting it */
    SHOW(old.rlim_cur == 0 && old.rlim_max == of_child.rlim_max); /* gives the old one */
    syscall(SYS_prlimit64, pid, RLIMIT_CORE, NULL, &of_child);
    getrlimit(RLIMIT_CORE, &old);
    SHOW(of_child.rlim_max == 0); /* the child's has changed */
    SHOW(old.rlim_max != 0);      /* the parent's has not */
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
    /* beyond RLIMIT_AS */
    SHOW(mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
    SHOW(malloc(size) != NULL); /* beyond it */
    set(RLIMIT_AS, RLIM_INFINITY);
    /* without the limit */
    SHOW_PLACE(mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    set(RLIMIT_DATA, 0);
    char *end = sbrk(0);
    SHOW((char *)syscall(SYS_brk, end + (1 << 20)) >= end + (1 << 20)); /* beyond RLIMIT_DATA */
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
    SHOW(sigqueue(getpid(), SIGRTMIN, value)); /* with a limit of 0 */
    SHOW(kill(getpid(), SIGRTMIN));            /* with a limit of 0 */
    sigpending(&set_of_one);
    SHOW(sigismember(&set_of_one, SIGRTMIN)); /* that one is pending */
    set(RLIMIT_SIGPENDING, RLIM_INFINITY);
    while (queued < 100 && sigqueue(getpid(), SIGRTMIN, value) == 0)
        queued++;
    SHOW(queued); /* without a limit */
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
    SHOW(fork_and_wait()); /* fork, as root */
    if (setresuid(54321, 54321, 54321))
        perror("setresuid");
    SHOW(fork_and_wait()); /* fork, the second of a user who may have two */
    pid_t pid = fork();
    if (!pid) {
        errno = 0;
        SHOW(fork_and_wait()); /* fork, the third */
        exit(0);
    }
    waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
    SHOW(fork_and_wait()); /* fork, with one that was not waited for */
    waitpid(pid, NULL, 0);
    SHOW(fork_and_wait()); /* fork, when it was */
}

static void first_limits(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_SIGPENDING, &limit);
    SHOW(limit.rlim_max != RLIM_INFINITY); /* signals are queued up to a limit */
    getrlimit(RLIMIT_NPROC, &limit);
    SHOW(limit.rlim_max != RLIM_INFINITY); /* users have so many threads and no more */
}

/* ---- priorities and scheduling ---- */

static void priorities(void)
{
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(setpriority(PRIO_PROCESS, 0, 5));
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(nice(3));
    SHOW(setpriority(PRIO_PROCESS, 0, 100));
    SHOW(getpriority(PRIO_PROCESS, 0));          /* is 19 */
    SHOW(getpriority(3, 0));                     /* of no kind */
    SHOW(getpriority(PRIO_PROCESS, 4194304));    /* of a pid that is not there */
    SHOW(setpriority(PRIO_PROCESS, 4194304, 0)); /* of a pid that is not there */
    SHOW(sched_yield());
    SHOW(sched_getaffinity(0, 0, NULL));
    /* sched_getaffinity of a pid that is not there */
    SHOW(syscall(SYS_sched_getaffinity, 4194304, 128, &(cpu_set_t){{0}}));
    SHOW(sched_setaffinity(0, sizeof(cpu_set_t), &(cpu_set_t){{0}})); /* to none */
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
    /* after a short name are zeroes */
    SHOW(memcmp(name, "a", 2) == 0 && name[2] == 0 && memcmp(name + 2, name + 3, 12) == 0);
    prctl(PR_SET_NAME, "");
    prctl(PR_GET_NAME, name);
    say("an empty name: \"%s\"", name);
    SHOW(prctl(PR_SET_NAME, 8)); /* from a bad address */
    SHOW(prctl(PR_GET_NAME, 8)); /* to a bad address */
}

static void process_controls(void)
{
    int value = -1;

    SHOW(personality(0xffffffff));
    SHOW(personality(ADDR_NO_RANDOMIZE | PER_SVR4));
    SHOW(personality(0xffffffff));
    SHOW(prctl(-1, 0, 0, 0, 0)); /* of nothing */
    SHOW(prctl(PR_GET_PDEATHSIG, &value));
    SHOW(value);
    SHOW(prctl(PR_SET_PDEATHSIG, SIGUSR1));
    prctl(PR_GET_PDEATHSIG, &value);
    SHOW(value);
    SHOW(prctl(PR_SET_PDEATHSIG, 65));
    SHOW(prctl(PR_SET_PDEATHSIG, -1));
    SHOW(prctl(PR_GET_PDEATHSIG, 8)); /* to a bad address */
    SHOW(prctl(PR_GET_DUMPABLE));
    SHOW(prctl(PR_SET_DUMPABLE, 0));
    SHOW(prctl(PR_GET_DUMPABLE));
    SHOW(prctl(PR_SET_DUMPABLE, 2));
    SHOW(prctl(PR_SET_DUMPABLE, 1));
    SHOW(prctl(PR_GET_KEEPCAPS));
    SHOW(prctl(PR_SET_KEEPCAPS, 1));
    SHOW(prctl(PR_GET_KEEPCAPS));
    SHOW(prctl(PR_SET_KEEPCAPS, 2));
    SHOW(prctl(PR_GET_TIMING));
    SHOW(prctl(PR_SET_TIMING, 1));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0)); /* with an argument */
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_SET_TIMERSLACK, 1000));
    SHOW(prctl(PR_GET_TIMERSLACK));
    SHOW(prctl(PR_GET_CHILD_SUBREAPER, &value));
    SHOW(value);
    SHOW(prctl(PR_GET_TSC, &value));
    SHOW(value);
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
    SHOW(read(ends[0], &byte, 1)); /* the orphan tells */
    SHOW(byte);                    /* the signal of its parent's death */
}

static void subreaper(void)
{
    int ends[2], status;
    char byte;
    pid_t me = getpid(), pid;

    SHOW(prctl(PR_SET_CHILD_SUBREAPER, 1));
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
    SHOW(wait(NULL)); /* nobody is left */
}

/* ---- usage ---- */

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

    SHOW(getrusage(5, &before));                  /* of nobody */
    SHOW(syscall(SYS_getrusage, RUSAGE_SELF, 8)); /* to a bad address */
    getrusage(RUSAGE_CHILDREN, &before);
    SHOW(before.ru_maxrss < half); /* no child has used much */
    in_child("a child that uses 16 MiB", use_much_and_end);
    getrusage(RUSAGE_CHILDREN, &after);
    SHOW(after.ru_maxrss > half);             /* a child has */
    SHOW(after.ru_minflt > before.ru_minflt); /* and had page faults */
    getrusage(RUSAGE_SELF, &before);
    SHOW(before.ru_maxrss < half); /* the program itself has not used much */
    munmap(use_much(), MUCH);
    getrusage(RUSAGE_SELF, &after);
    SHOW(after.ru_maxrss > half);             /* then it has, and it is remembered */
    SHOW(after.ru_minflt > before.ru_minflt); /* and it had page faults */
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
