// SPDX-License-Identifier: MIT
/*
 * What a process sets of itself: prctl, policies, nice values.
 */
#include <linux/prctl.h>
#include <linux/time_types.h>

#include "tests/ring3/ring3.h"

/* As in <linux/sched.h>, whose names C libraries have too; and PRIO_PROCESS and so on. */
#define POLICY_NORMAL 0
#define POLICY_FIFO   1
#define POLICY_RR     2
#define POLICY_BATCH  3
#define POLICY_NONE   77
#define OF_PROCESS    0
#define OF_GROUP      1
#define NO_PID        0x3fffffff

static long control(int option, unsigned long argument)
{
    return syscall(__NR_prctl, option, argument, 0, 0, 0);
}

static void simple_settings(void)
{
    unsigned long address = 0;
    int found = -1;

    EXPECT_EQUAL(control(PR_GET_DUMPABLE, 0), 1);
    EXPECT_SUCCESS(control(PR_SET_DUMPABLE, 0));
    EXPECT_EQUAL(control(PR_GET_DUMPABLE, 0), 0);
    EXPECT_ERROR(control(PR_SET_DUMPABLE, 3), EINVAL);
    EXPECT_SUCCESS(control(PR_SET_DUMPABLE, 1));
    EXPECT_EQUAL(control(PR_GET_TIMERSLACK, 0), 50000);
    EXPECT_SUCCESS(control(PR_SET_TIMERSLACK, 777));
    EXPECT_EQUAL(control(PR_GET_TIMERSLACK, 0), 777);
    EXPECT_SUCCESS(control(PR_SET_TIMERSLACK, 0));
    EXPECT_EQUAL(control(PR_GET_TIMERSLACK, 0), 50000);
    EXPECT_EQUAL(control(PR_CAPBSET_READ, 0), 1);
    EXPECT_ERROR(control(PR_CAPBSET_READ, 99), EINVAL);
    EXPECT_SUCCESS(control(PR_SET_PDEATHSIG, SIGUSR2));
    EXPECT_SUCCESS(control(PR_GET_PDEATHSIG, (unsigned long)&found));
    EXPECT_EQUAL(found, SIGUSR2);
    EXPECT_ERROR(control(PR_SET_PDEATHSIG, 65), EINVAL);
    EXPECT_SUCCESS(control(PR_SET_PDEATHSIG, 0));
    EXPECT_ERROR(control(PR_GET_PDEATHSIG, 0), EFAULT);
    EXPECT_SUCCESS(syscall(__NR_set_tid_address, &found));
    if (control(PR_GET_TID_ADDRESS, (unsigned long)&address) == 0) /* optional on Linux */
        EXPECT_EQUAL(address, (unsigned long)&found);
    EXPECT_ERROR(control(12345, 0), EINVAL);
}

static void no_new_privileges(void)
{
    EXPECT_EQUAL(control(PR_GET_NO_NEW_PRIVS, 0), 0);
    EXPECT_ERROR(control(PR_SET_NO_NEW_PRIVS, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0), EINVAL);
    EXPECT_SUCCESS(control(PR_SET_NO_NEW_PRIVS, 1));
    EXPECT_EQUAL(control(PR_GET_NO_NEW_PRIVS, 0), 1);
}

/* A grandchild that its parent leaves behind: it tells its new parent's number by a pipe. */
static void orphans_are_adopted(void)
{
    int ends[2], adopter = 0;
    pid_t child;

    EXPECT_SUCCESS(control(PR_SET_CHILD_SUBREAPER, 1));
    EXPECT_SUCCESS(pipe(ends));
    child = fork();
    if (child == 0) {
        pid_t parent = getpid();
        if (fork() == 0) {
            while (getppid() == parent)
                usleep(1000);
            adopter = getppid();
            _exit(write(ends[1], &adopter, sizeof(adopter)) != sizeof(adopter));
        }
        _exit(0);
    }
    EXPECT_EQUAL(read(ends[0], &adopter, sizeof(adopter)), sizeof(adopter));
    EXPECT_EQUAL(adopter, getpid());
    while (waitpid(-1, NULL, 0) > 0)
        ;
    EXPECT_SUCCESS(control(PR_SET_CHILD_SUBREAPER, 0));
    close(ends[0]);
    close(ends[1]);
}

/* The grandchild would sleep for ever; its end closes the pipe. */
static void a_parents_death_is_told(void)
{
    int ends[2], ready[2];
    char byte;

    EXPECT_SUCCESS(pipe(ends));
    EXPECT_SUCCESS(pipe(ready));
    if (fork() == 0) {
        if (fork() == 0) {
            control(PR_SET_PDEATHSIG, SIGKILL);
            if (write(ready[1], "r", 1) != 1)
                _exit(1);
            for (;;)
                usleep(1000000);
        }
        _exit(read(ready[0], &byte, 1) != 1);
    }
    close(ends[1]);
    EXPECT_EQUAL(read(ends[0], &byte, 1), 0);
    EXPECT(waitpid(-1, NULL, 0) > 0);
    close(ends[0]);
    close(ready[0]);
    close(ready[1]);
}

static void policies(void)
{
    int priority = 0, found = -1;
    struct __kernel_timespec slice = {.tv_sec = -1};

    EXPECT_EQUAL(syscall(__NR_sched_getscheduler, 0), POLICY_NORMAL);
    EXPECT_SUCCESS(syscall(__NR_sched_setscheduler, 0, POLICY_BATCH, &priority));
    EXPECT_EQUAL(syscall(__NR_sched_getscheduler, getpid()), POLICY_BATCH);
    priority = 5;
    EXPECT_ERROR(syscall(__NR_sched_setscheduler, 0, POLICY_BATCH, &priority), EINVAL);
    EXPECT_SUCCESS(syscall(__NR_sched_setscheduler, 0, POLICY_RR, &priority));
    EXPECT_SUCCESS(syscall(__NR_sched_getparam, 0, &found));
    EXPECT_EQUAL(found, 5);
    priority = 6;
    EXPECT_SUCCESS(syscall(__NR_sched_setparam, 0, &priority));
    EXPECT_SUCCESS(syscall(__NR_sched_rr_get_interval, 0, &slice));
    EXPECT(slice.tv_sec == 0 && slice.tv_nsec > 0);
    priority = 0;
    EXPECT_ERROR(syscall(__NR_sched_setscheduler, 0, POLICY_FIFO, &priority), EINVAL);
    EXPECT_SUCCESS(syscall(__NR_sched_setscheduler, 0, POLICY_NORMAL, &priority));
    EXPECT_ERROR(syscall(__NR_sched_setscheduler, 0, POLICY_NONE, &priority), EINVAL);
    EXPECT_ERROR(syscall(__NR_sched_setscheduler, NO_PID, POLICY_NORMAL, &priority), ESRCH);
    EXPECT_ERROR(syscall(__NR_sched_setscheduler, -1, POLICY_NORMAL, &priority), EINVAL);
    EXPECT_ERROR(syscall(__NR_sched_setscheduler, 0, POLICY_NORMAL, NULL), EINVAL);
    EXPECT_ERROR(syscall(__NR_sched_getparam, 0, NULL), EINVAL);
    EXPECT_EQUAL(syscall(__NR_sched_get_priority_max, POLICY_FIFO), 99);
    EXPECT_EQUAL(syscall(__NR_sched_get_priority_min, POLICY_FIFO), 1);
    EXPECT_EQUAL(syscall(__NR_sched_get_priority_max, POLICY_NORMAL), 0);
    EXPECT_ERROR(syscall(__NR_sched_get_priority_max, POLICY_NONE), EINVAL);
}

static void nice_values(void)
{
    EXPECT_EQUAL(syscall(__NR_getpriority, OF_PROCESS, 0), 20);
    EXPECT_SUCCESS(syscall(__NR_setpriority, OF_PROCESS, 0, 5));
    EXPECT_EQUAL(syscall(__NR_getpriority, OF_PROCESS, getpid()), 15);
    EXPECT_SUCCESS(syscall(__NR_setpriority, OF_PROCESS, 0, 100));
    EXPECT_EQUAL(syscall(__NR_getpriority, OF_PROCESS, 0), 1);
    EXPECT_SUCCESS(syscall(__NR_setpriority, OF_PROCESS, 0, 0));
    EXPECT(syscall(__NR_getpriority, OF_GROUP, 0) >= 20);
    EXPECT_ERROR(syscall(__NR_getpriority, 3, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_setpriority, OF_PROCESS, NO_PID, 0), ESRCH);
}

static const struct ktap_test tests[] = {
    {"prctl: what is set is told again", simple_settings},
    {"prctl: orphans go to the nearest subreaper", orphans_are_adopted},
    {"prctl: PR_SET_PDEATHSIG tells a parent's death", a_parents_death_is_told},
    {"prctl: PR_SET_NO_NEW_PRIVS is for good", no_new_privileges},
    {"policies and their priorities", policies},
    {"nice values", nice_values},
};

int main(void)
{
    return ktap_run(tests, COUNT(tests), NULL);
}
