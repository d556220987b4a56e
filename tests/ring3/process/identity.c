// SPDX-License-Identifier: MIT
/*
 * Who a process is: users, groups and capabilities by the rules for those who have CAP_SETUID and
 * for those who have not. Begins as root.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ptrace.h>
#include <linux/reboot.h>
#include <linux/utsname.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <time.h>

#include "tests/ring3/ring3.h"

#define SOMEBODY   1234
#define ELSE       4321
#define NO_CHANGE  (-1)
#define SETUID_BIT (1u << CAP_SETUID)

struct ids {
    unsigned int real, effective, saved;
};

static struct ids users(void)
{
    struct ids ids = {0};

    EXPECT_SUCCESS(syscall(__NR_getresuid, &ids.real, &ids.effective, &ids.saved));
    return ids;
}

static bool users_are(unsigned int real, unsigned int effective, unsigned int saved)
{
    struct ids ids = users();

    return ids.real == real && ids.effective == effective && ids.saved == saved;
}

static unsigned int capabilities(bool permitted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    EXPECT_SUCCESS(syscall(__NR_capget, &header, data));
    return permitted ? data[0].permitted : data[0].effective;
}

static void root_gives_up_all(void)
{
    EXPECT_SUCCESS(syscall(__NR_setgid, SOMEBODY));
    EXPECT_EQUAL(syscall(__NR_getgid), SOMEBODY);
    EXPECT_EQUAL(syscall(__NR_getegid), SOMEBODY);
    EXPECT_SUCCESS(syscall(__NR_setuid, SOMEBODY));
    EXPECT(users_are(SOMEBODY, SOMEBODY, SOMEBODY));
    EXPECT_EQUAL(capabilities(true), 0);
    EXPECT_EQUAL(capabilities(false), 0);
    EXPECT_ERROR(syscall(__NR_setuid, 0), EPERM);
    EXPECT_ERROR(syscall(__NR_setgid, 0), EPERM);
    EXPECT_ERROR(syscall(__NR_setresuid, NO_CHANGE, ELSE, NO_CHANGE), EPERM);
    EXPECT_ERROR(syscall(__NR_setgroups, 0, NULL), EPERM);
    EXPECT_SUCCESS(syscall(__NR_setresuid, SOMEBODY, NO_CHANGE, SOMEBODY));
}

static void root_comes_back(void)
{
    EXPECT_SUCCESS(syscall(__NR_setresuid, NO_CHANGE, SOMEBODY, NO_CHANGE));
    EXPECT(users_are(0, SOMEBODY, 0));
    EXPECT(capabilities(true) & SETUID_BIT);
    EXPECT_EQUAL(capabilities(false), 0);
    EXPECT_ERROR(syscall(__NR_setuid, ELSE), EPERM);
    EXPECT_SUCCESS(syscall(__NR_setuid, 0));
    EXPECT(users_are(0, 0, 0));
    EXPECT(capabilities(false) & SETUID_BIT);
    EXPECT_SUCCESS(syscall(__NR_setreuid, SOMEBODY, ELSE));
    EXPECT(users_are(SOMEBODY, ELSE, ELSE));
    EXPECT_SUCCESS(syscall(__NR_setreuid, ELSE, SOMEBODY));
    EXPECT(users_are(ELSE, SOMEBODY, SOMEBODY));
    EXPECT_ERROR(syscall(__NR_setreuid, 0, NO_CHANGE), EPERM);
}

static void file_user(void)
{
    EXPECT_EQUAL(syscall(__NR_setfsuid, SOMEBODY), 0);
    EXPECT_EQUAL(syscall(__NR_setfsuid, NO_CHANGE), SOMEBODY);
    EXPECT_SUCCESS(syscall(__NR_setresuid, ELSE, ELSE, ELSE));
    EXPECT_EQUAL(syscall(__NR_setfsuid, SOMEBODY), ELSE);
    EXPECT_EQUAL(syscall(__NR_setfsuid, NO_CHANGE), ELSE);
}

static void groups(void)
{
    static const unsigned int set[] = {5, 7, 6};
    unsigned int found[4] = {0};

    EXPECT_SUCCESS(syscall(__NR_setgroups, 3, set));
    EXPECT_EQUAL(syscall(__NR_getgroups, 0, NULL), 3);
    EXPECT_EQUAL(syscall(__NR_getgroups, 4, found), 3);
    EXPECT_ERROR(syscall(__NR_getgroups, 2, found), EINVAL);
    EXPECT_ERROR(syscall(__NR_getgroups, NO_CHANGE, found), EINVAL);
    EXPECT_ERROR(syscall(__NR_setgroups, NO_CHANGE, set), EINVAL);
    EXPECT_SUCCESS(syscall(__NR_setgroups, 0, NULL));
    EXPECT_EQUAL(syscall(__NR_getgroups, 4, found), 0);
}

static void kept_capabilities(void)
{
    EXPECT_SUCCESS(syscall(__NR_prctl, PR_SET_KEEPCAPS, 1));
    EXPECT_SUCCESS(syscall(__NR_setuid, SOMEBODY));
    EXPECT(capabilities(true) & SETUID_BIT);
    EXPECT_EQUAL(capabilities(false), 0);
    EXPECT_ERROR(syscall(__NR_prctl, PR_SET_KEEPCAPS, 2), EINVAL);
}

static void dropped_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    EXPECT_SUCCESS(syscall(__NR_capget, &header, data));
    data[0].effective &= ~SETUID_BIT;
    EXPECT_SUCCESS(syscall(__NR_capset, &header, data));
    EXPECT_ERROR(syscall(__NR_setuid, SOMEBODY), EPERM);
    data[0].permitted &= ~SETUID_BIT;
    EXPECT_SUCCESS(syscall(__NR_capset, &header, data));
    data[0].permitted |= SETUID_BIT;
    EXPECT_ERROR(syscall(__NR_capset, &header, data), EPERM);
    header.version = 1;
    EXPECT_ERROR(syscall(__NR_capget, &header, data), EINVAL);
    EXPECT_EQUAL(header.version, _LINUX_CAPABILITY_VERSION_3);
    EXPECT_ERROR(syscall(__NR_capget, NULL, data), EFAULT);
}

/* A test changes the process for good, so it has one of its own. */
static void (*run)(void);

static void in_a_child(void)
{
    int status = -1;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        run();
        fflush(stdout);
        _exit(!ktap_passing());
    }
    EXPECT_EQUAL(waitpid(child, &status, 0), child);
    EXPECT_EQUAL(status, 0);
}

static void become(unsigned int user)
{
    EXPECT_SUCCESS(syscall(__NR_setresgid, user, user, user));
    EXPECT_SUCCESS(syscall(__NR_setresuid, user, user, user));
}

/* What the caller gets who looks into another process by each way that there is; 0 or an errno. */
static int look_into(pid_t pid)
{
    static char byte;
    struct iovec here = {&byte, 1}, there = {&byte, 1};
    char path[32];

    int by_call = syscall(__NR_process_vm_readv, pid, &here, 1, &there, 1, 0) == 1 ? 0 : errno;
    snprintf(path, sizeof(path), "/proc/%d/mem", pid);
    int file = open(path, O_RDONLY);
    EXPECT_EQUAL(file < 0, by_call != 0);
    if (file >= 0)
        close(file);
    int traced = syscall(__NR_ptrace, PTRACE_ATTACH, pid, 0, 0) == 0 ? 0 : errno;
    EXPECT_EQUAL(traced, by_call);
    if (traced == 0) {
        waitpid(pid, NULL, 0);
        syscall(__NR_ptrace, PTRACE_DETACH, pid, 0, 0);
    }
    return by_call;
}

/* A child that is this user, dumpable or not, and waits to be killed; ready once it is that. */
static pid_t start_waiting(unsigned int user, bool dumpable)
{
    int ready[2];
    char byte;

    EXPECT_SUCCESS(pipe(ready));
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0); /* for Linux with Yama */
        if (user)
            become(user);
        prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
        EXPECT_EQUAL(write(ready[1], "", 1), 1);
        for (;;)
            usleep(1000000);
    }
    EXPECT_EQUAL(read(ready[0], &byte, 1), 1);
    return child;
}

static void tracing(void)
{
    pid_t roots = start_waiting(0, true), same = start_waiting(SOMEBODY, true),
          hidden = start_waiting(SOMEBODY, false), others = start_waiting(ELSE, true);
    const pid_t all[] = {roots, same, hidden, others};

    for (unsigned int i = 0; i < COUNT(all); i++)
        EXPECT_EQUAL(look_into(all[i]), 0);
    pid_t looker = fork();
    if (looker == 0) {
        become(SOMEBODY);
        EXPECT_EQUAL(look_into(roots), EPERM);
        EXPECT_EQUAL(look_into(same), 0);
        EXPECT_EQUAL(look_into(hidden), EPERM);
        EXPECT_EQUAL(look_into(others), EPERM);
        _exit(!ktap_passing());
    }
    int status = -1;
    waitpid(looker, &status, 0);
    EXPECT_EQUAL(status, 0);
    for (unsigned int i = 0; i < COUNT(all); i++)
        kill(all[i], SIGKILL);
}

/* ---- A program that may be executed and not read ---- */

static const char unreadable[] = "/tmp/latchkey-unreadable";

static void copy_program(void)
{
    static char buffer[0x10000];
    int from = open("/proc/self/exe", O_RDONLY);
    ssize_t size;

    syscall(__NR_mkdir, "/tmp", 0777);
    unlink(unreadable);
    int to = open(unreadable, O_WRONLY | O_CREAT | O_TRUNC, 0711);
    EXPECT_SUCCESS(syscall(__NR_fchmod, to, 0711));
    while ((size = read(from, buffer, sizeof(buffer))) > 0)
        EXPECT_EQUAL(write(to, buffer, size), size);
    close(from);
    close(to);
}

/* Its end of the pipe is closed when the program runs. */
static pid_t start_unreadable(bool traced)
{
    char *arguments[] = {"unreadable", "wait", NULL};
    int ends[2];
    char byte;

    EXPECT_SUCCESS(syscall(__NR_pipe2, ends, O_CLOEXEC));
    pid_t child = fork();
    if (child == 0) {
        if (traced)
            syscall(__NR_ptrace, PTRACE_TRACEME, 0, 0, 0);
        execve(unreadable, arguments, environ);
        _exit(1);
    }
    close(ends[1]);
    EXPECT_EQUAL(read(ends[0], &byte, 1), 0);
    close(ends[0]);
    return child;
}

static void unreadable_program(void)
{
    long word;
    int status;

    copy_program();
    become(SOMEBODY);
    EXPECT_ERROR(open(unreadable, O_RDONLY), EACCES);
    pid_t child = start_unreadable(false);
    EXPECT_EQUAL(look_into(child), EPERM);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    EXPECT_EQUAL(status, SIGKILL);

    child = start_unreadable(true);
    EXPECT_EQUAL(waitpid(child, &status, 0), child);
    EXPECT_EQUAL(status, SIGTRAP << 8 | 0x7f);
    EXPECT_ERROR(syscall(__NR_ptrace, PTRACE_PEEKDATA, child, unreadable, &word), EIO);
    EXPECT_ERROR(syscall(__NR_ptrace, PTRACE_POKEDATA, child, &status, 0), EIO);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
}

/* What others could do with the process that it was they cannot with the one that it is. */
static void not_dumpable(void)
{
    EXPECT_EQUAL(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
    EXPECT_SUCCESS(syscall(__NR_setresuid, SOMEBODY, NO_CHANGE, NO_CHANGE));
    EXPECT_EQUAL(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
    EXPECT_SUCCESS(syscall(__NR_setresuid, NO_CHANGE, SOMEBODY, NO_CHANGE));
    EXPECT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1);
}

/* The machine's affairs are for who has the capability; for root they are left as they are. */
static void the_machine(void)
{
    struct new_utsname names;
    struct timespec time;

    EXPECT_SUCCESS(syscall(__NR_uname, &names));
    EXPECT_SUCCESS(syscall(__NR_sethostname, names.nodename, strlen(names.nodename)));
    EXPECT_SUCCESS(syscall(__NR_setdomainname, names.domainname, strlen(names.domainname)));
    EXPECT_ERROR(syscall(__NR_sethostname, names.nodename, __NEW_UTS_LEN + 1), EINVAL);
    EXPECT_ERROR(syscall(__NR_sethostname, NULL, 1), EFAULT);
    if (is_latchkey()) {
        EXPECT_SUCCESS(syscall(__NR_sethostname, "board", 3));
        EXPECT_SUCCESS(syscall(__NR_uname, &names));
        EXPECT_EQUAL(strcmp(names.nodename, "boa"), 0);
        EXPECT_SUCCESS(syscall(__NR_sethostname, "latchkey", 8));
    }
    become(SOMEBODY);
    EXPECT_SUCCESS(syscall(__NR_clock_gettime, CLOCK_REALTIME, &time));
    EXPECT_ERROR(syscall(__NR_clock_settime, CLOCK_REALTIME, &time), EPERM);
    EXPECT_ERROR(syscall(__NR_sethostname, NULL, -1), EPERM);
    EXPECT_ERROR(syscall(__NR_setdomainname, NULL, -1), EPERM);
    EXPECT_ERROR(syscall(__NR_reboot, 0, 0, 0, 0), EPERM);
    EXPECT_ERROR(syscall(__NR_syslog, 8, NULL, 1), EPERM);
    EXPECT_ERROR(syscall(__NR_timerfd_create, CLOCK_BOOTTIME_ALARM, 0), EPERM);
}

static const struct ktap_test tests[] = {
    {"setuid as root: all is given up", root_gives_up_all},
    {"setresuid and setreuid: the saved one can come back", root_comes_back},
    {"setfsuid gives the old one", file_user},
    {"supplementary groups", groups},
    {"PR_SET_KEEPCAPS keeps what is permitted", kept_capabilities},
    {"capset takes away for good", dropped_capabilities},
    {"who may trace whom", tracing},
    {"a program that may not be read: nor its memory", unreadable_program},
    {"who becomes another is not dumpable", not_dumpable},
    {"clock, names, console and power are root's", the_machine},
};

int main(int argc, char **argv)
{
    struct ktap_test test = {NULL, in_a_child};

    while (argc > 1 && strcmp(argv[1], "wait") == 0)
        usleep(1000000);
    ktap_plan(COUNT(tests));
    for (size_t i = 0; i < COUNT(tests); i++) {
        test.name = tests[i].name;
        run = tests[i].run;
        ktap_run_one(&test);
    }
    unlink(unreadable);
    return ktap_status();
}
