// SPDX-License-Identifier: MIT
/*
 * Nice values and policies: whose they are, what a child has of them, and what is refused. The
 * program lets its own go down only, which everybody may.
 */
#include "tests/programs/show.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#ifndef SCHED_BATCH
#define SCHED_BATCH 3
#endif
#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif
#define NOBODY 4194304 /* no pid is as large */

/* musl's own functions for policies refuse. */
static int set_policy(pid_t pid, int policy, int priority)
{
    return (int)syscall(SYS_sched_setscheduler, pid, policy, &priority);
}

static int policy_of(pid_t pid)
{
    return (int)syscall(SYS_sched_getscheduler, pid);
}

static void *be_nicer(void *argument)
{
    pid_t tid = (pid_t)syscall(SYS_gettid);

    SHOW(setpriority(PRIO_PROCESS, 0, 7));
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(getpriority(PRIO_PROCESS, tid));
    SHOW(getpriority(PRIO_PROCESS, getpid()));
    SHOW(set_policy(0, SCHED_BATCH, 0));
    SHOW(policy_of(tid));
    SHOW(policy_of(getpid()));
    return argument;
}

static void of_threads(void)
{
    pthread_t thread;

    section("a thread's are its own");
    pthread_create(&thread, NULL, be_nicer, NULL);
    pthread_join(thread, NULL);
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(policy_of(0));
}

static void of_zombies(void)
{
    siginfo_t info;
    pid_t child = fork();

    if (!child)
        _exit(0);
    section("of a child that has ended");
    SHOW(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
    SHOW(setpriority(PRIO_PROCESS, child, 5));
    SHOW(getpriority(PRIO_PROCESS, child));
    SHOW(waitpid(child, NULL, 0) == child);
    SHOW(getpriority(PRIO_PROCESS, child));
}

static void of_children(void)
{
    section("what a child has");
    SHOW(setpriority(PRIO_PROCESS, 0, 3));
    SHOW(set_policy(0, SCHED_BATCH, 0));
    SHOW_CHILD({
        SHOW(policy_of(0));
        SHOW(getpriority(PRIO_PROCESS, 0));
    });
    SHOW(set_policy(0, SCHED_BATCH | SCHED_RESET_ON_FORK, 0));
    SHOW(policy_of(0) == (SCHED_BATCH | SCHED_RESET_ON_FORK));
    SHOW_CHILD({
        SHOW(policy_of(0));
        SHOW(getpriority(PRIO_PROCESS, 0));
    });
}

static void refused(void)
{
    section("refused");
    SHOW(set_policy(0, SCHED_OTHER, 1));
    SHOW(set_policy(0, SCHED_FIFO, 0));
    SHOW(set_policy(0, SCHED_FIFO, 100));
    SHOW(set_policy(0, 4, 0));
    SHOW(set_policy(-1, SCHED_OTHER, 0));
    SHOW(set_policy(NOBODY, SCHED_OTHER, 0));
    SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL));
    SHOW(syscall(SYS_sched_get_priority_max, 7));
    SHOW(syscall(SYS_sched_get_priority_max, 8));
    SHOW(syscall(SYS_sched_get_priority_max, 4));
}

/* Without a capability more than its user has, a process renices only what has none either. */
static void renice_the_more_capable(void)
{
    unsigned int header[] = {0x20080522, 0}; /* capset(2): version 3, this thread */
    unsigned int none[6] = {0};

    SHOW(syscall(SYS_capset, header, none));
    SHOW(setpriority(PRIO_PROCESS, 0, 10));
    SHOW(setpriority(PRIO_PROCESS, 0, 9));
    SHOW(setpriority(PRIO_PROCESS, getppid(), 10));
    SHOW(setpriority(PRIO_PROCESS, getppid(), -1));
    SHOW(setpriority(PRIO_PROCESS, 1, 10));
}

/* As Linux 5.3 has it, which C libraries know under several names, or not at all. */
struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t least, most;
    uint64_t more;
};
#define KNOWN  56 /* bytes of it, of which there were 48 at first */
#define OLDEST 48

static long get(pid_t pid, struct attributes *attributes, unsigned int size, unsigned int flags)
{
    return syscall(SYS_sched_getattr, pid, attributes, size, flags);
}

static long set(pid_t pid, struct attributes *attributes, unsigned int flags)
{
    return syscall(SYS_sched_setattr, pid, attributes, flags);
}

static void show_attributes(void)
{
    struct attributes a = {0};

    SHOW(get(0, &a, KNOWN, 0));
    say("size %d, policy %d, flags %d, nice %d, priority %d", (int)a.size, (int)a.policy,
        (int)a.flags, a.nice, (int)a.priority);
}

static void attributes(void)
{
    struct attributes a = {.size = KNOWN, .policy = SCHED_BATCH, .nice = 12, .flags = 1};

    section("sched_setattr and sched_getattr");
    SHOW(set(0, &a, 0));
    show_attributes();
    a = (struct attributes){.policy = SCHED_OTHER, .nice = 100};
    SHOW(set(getpid(), &a, 0));
    show_attributes();
    a.flags = 8 | 16; /* SCHED_FLAG_KEEP_POLICY and _PARAMS */
    SHOW(set(0, &a, 0));
    show_attributes();
    SHOW(get(0, &a, OLDEST, 0));
    SHOW(a.size);
    SHOW(get(0, &a, OLDEST - 1, 0));
    SHOW(get(0, &a, 4097, 0));
    SHOW(get(0, &a, KNOWN, 1));
    SHOW(get(0, NULL, KNOWN, 0));
    SHOW(get(-1, &a, KNOWN, 0));
    SHOW(get(NOBODY, &a, KNOWN, 0));
    SHOW(get(0, (void *)8, KNOWN, 0));
    SHOW(set(0, NULL, 0));
    SHOW(set(0, (void *)8, 0));
    SHOW(set(0, &a, 1));
    SHOW(set(NOBODY, &a, 0));
    a = (struct attributes){.size = OLDEST - 1};
    SHOW(set(0, &a, 0));
    SHOW(a.size >= KNOWN);
    a = (struct attributes){.size = sizeof(a) + 64, .policy = 20};
    SHOW(set(0, &a, 0));
    a = (struct attributes){.policy = 20};
    SHOW(set(0, &a, 0));
    a = (struct attributes){.policy = (uint32_t)-1};
    SHOW(set(0, &a, 0));
    a = (struct attributes){.policy = SCHED_OTHER, .priority = 1};
    SHOW(set(0, &a, 0));
    a = (struct attributes){.policy = SCHED_FIFO};
    SHOW(set(0, &a, 0));
    a = (struct attributes){.flags = 1u << 20};
    SHOW(set(0, &a, 0));
}

static void of_the_more_capable(void)
{
    section("of who may do more");
    SHOW(prctl(PR_SET_KEEPCAPS, 1));
    SHOW(syscall(SYS_setresuid, 1000, 1000, 1000));
    SHOW_CHILD(renice_the_more_capable());
}

int main(void)
{
    of_threads();
    of_zombies();
    of_children();
    refused();
    SHOW_CHILD(attributes());
    of_the_more_capable();
    return 0;
}
