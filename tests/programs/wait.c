// SPDX-License-Identifier: MIT
/*
 * wait4 and waitid: which children they wait for, what they tell of them, and what they refuse.
 */
#include "tests/programs/program.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static pid_t child_that_exits(int status)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(status);
    return pid;
}

static pid_t child_that_waits(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        for (;;)
            pause();
    }
    setpgid(pid, 0); /* a group that is not orphaned, so that SIGTSTP stops it */
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* ---- Exit statuses ---- */

static void exit_statuses(void)
{
    static const int statuses[] = {0, 1, 77, 127, 128, 255, 256, 257, -1, 0x12345};

    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
        char what[40];
        int status;
        waitpid(child_that_exits(statuses[i]), &status, 0);
        snprintf(what, sizeof(what), "_exit(%d)", statuses[i]);
        say_status(what, status);
    }
}

static const long default_action[4]; /* the kernel's struct sigaction, with SIG_DFL */

/* In an orphaned process group, as this program's is, the terminal's signals do not stop. */
static void ends_by_signals(bool own_group)
{
    for (int number = 1; number <= 64; number++) {
        int status;
        pid_t pid = fork();
        if (pid == 0) {
            if (own_group)
                setpgid(0, 0);
            /* By the call itself: the C libraries keep two signals from signal(). */
            syscall(SYS_rt_sigaction, number, &default_action, NULL, 8);
            syscall(SYS_kill, getpid(), number);
            _exit(0);
        }
        waitpid(pid, &status, WUNTRACED);
        char what[60];
        snprintf(what, sizeof(what), "signal %d by default%s", number,
                 own_group ? " in a group of its own" : "");
        say_status(what, status);
        if (WIFSTOPPED(status))
            end(pid);
    }
}

/* ---- Which child ---- */

static void nobody(void)
{
    siginfo_t info;
    int status = 1234;

    VALUE("wait without children", wait(NULL));
    VALUE("waitpid(-1) without children", waitpid(-1, &status, 0));
    VALUE("the status is left alone", status);
    VALUE("waitpid(WNOHANG) without children", waitpid(-1, &status, WNOHANG));
    VALUE("waitpid for the caller", waitpid(getpid(), NULL, 0));
    VALUE("waitpid for the caller's group", waitpid(0, NULL, 0));
    VALUE("waitpid for a group that is not there", waitpid(-999999, NULL, 0));
    VALUE("wait4 for the least number", wait4((pid_t)0x80000000, NULL, 0, NULL));
    VALUE("waitpid with an unknown option", waitpid(-1, NULL, 0x10));
    VALUE("waitpid with WEXITED", waitpid(-1, NULL, WEXITED));
    VALUE("waitpid with WNOWAIT", waitpid(-1, NULL, WNOWAIT));
    VALUE("waitid without children", waitid(P_ALL, 0, &info, WEXITED));
    VALUE("waitid without a kind of change", waitid(P_ALL, 0, &info, WNOHANG));
    VALUE("waitid with an unknown option", waitid(P_ALL, 0, &info, WEXITED | 0x100));
    VALUE("waitid for pid 0", waitid(P_PID, 0, &info, WEXITED));
    VALUE("waitid for pid -1", waitid(P_PID, (id_t)-1, &info, WEXITED));
    VALUE("waitid for group -1", waitid(P_PGID, (id_t)-1, &info, WEXITED));
    VALUE("waitid for an unknown kind", waitid((idtype_t)7, 1, &info, WEXITED));
    VALUE("waitid for a bad pidfd", waitid((idtype_t)3, (id_t)-1, &info, WEXITED));
}

static void chosen_child(void)
{
    pid_t first = child_that_exits(1);
    pid_t second = child_that_exits(2);
    int status;

    TRUTH("waitpid gives the child asked for", waitpid(second, &status, 0) == second);
    say_status("the second", status);
    VALUE("a second wait for it", waitpid(second, &status, 0));
    TRUTH("wait gives the one that is left", wait(&status) == first);
    say_status("the first", status);
    VALUE("then nobody is left", wait(&status));
}

static void chosen_group(void)
{
    int status;
    pid_t mine = child_that_exits(3);
    pid_t other = fork();

    if (other == 0) {
        setpgid(0, 0);
        _exit(4);
    }
    siginfo_t info;
    waitid(P_PID, (id_t)other, &info, WEXITED | WNOWAIT);
    TRUTH("waitpid(-group)", waitpid(-other, &status, 0) == other);
    say_status("the one of that group", status);
    TRUTH("waitpid(0)", waitpid(0, &status, 0) == mine);
    say_status("the one of the own group", status);
    mine = child_that_exits(5);
    VALUE("waitid(P_PGID, 0)", waitid(P_PGID, 0, &info, WEXITED));
    TRUTH("it is the one of the own group", info.si_pid == mine && info.si_status == 5);
}

static void not_yet(void)
{
    siginfo_t info = {.si_signo = 1, .si_code = 2, .si_errno = 3};
    pid_t pid = child_that_waits();
    int status = 1234;

    info.si_pid = 77;
    VALUE("waitpid(WNOHANG) while it runs", waitpid(pid, &status, WNOHANG));
    VALUE("the status is left alone", status);
    VALUE("waitid(WNOHANG) while it runs", waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG));
    say("then siginfo has signo %d, code %d, pid %d", info.si_signo, info.si_code, info.si_pid);
    end(pid);
}

/* ---- What is told ---- */

static void say_info(const char *what, const siginfo_t *info, pid_t pid)
{
    say("%s: signo %d, errno %d, code %d, status %d, %s pid, %s uid", what, info->si_signo,
        info->si_errno, info->si_code, info->si_status, info->si_pid == pid ? "its" : "another",
        info->si_uid == getuid() ? "its" : "another");
}

static void waitid_tells(void)
{
    siginfo_t info;
    pid_t pid = child_that_exits(300);

    VALUE("waitid(WNOWAIT)", waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
    say_info("exit 300", &info, pid);
    VALUE("waitid once more", waitid(P_PID, (id_t)pid, &info, WEXITED));
    say_info("exit 300 again", &info, pid);
    VALUE("and once more", waitid(P_PID, (id_t)pid, &info, WEXITED));

    pid = child_that_waits();
    kill(pid, SIGTERM);
    waitid(P_PID, (id_t)pid, &info, WEXITED);
    say_info("killed by SIGTERM", &info, pid);

    memset(&info, 7, sizeof(info));
    VALUE("waitid of one that is gone", waitid(P_PID, (id_t)pid, &info, WEXITED));
    say("it is told of nobody: signo %d, code %d, pid %d, status %d", info.si_signo, info.si_code,
        info.si_pid, info.si_status);
    VALUE("waitid of a wrong type", waitid((idtype_t)9, 1, &info, WEXITED));
    VALUE("the same with a bad siginfo", waitid((idtype_t)9, 1, (siginfo_t *)8, WEXITED));
    VALUE("waitid of a descriptor that is none", waitid((idtype_t)3, 99, &info, WEXITED));

    pid = child_that_exits(1);
    VALUE("it shall end first", waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
    VALUE("waiting for its stop", waitid(P_PID, (id_t)pid, &info, WSTOPPED | WCONTINUED));
    VALUE("waitid without siginfo", waitid(P_PID, (id_t)pid, NULL, WEXITED));
    pid = child_that_exits(1);
    VALUE("waitid with a bad siginfo", waitid(P_PID, (id_t)pid, (siginfo_t *)8, WEXITED));
    VALUE("it has been taken all the same", waitpid(pid, NULL, 0));
    pid = child_that_exits(1);
    VALUE("waitpid with a bad status", waitpid(pid, (int *)8, 0));
    VALUE("it has been taken all the same", waitpid(pid, NULL, 0));
    pid = child_that_exits(1);
    VALUE("wait4 with a bad rusage", wait4(pid, NULL, 0, (struct rusage *)8));
    VALUE("it has been taken all the same", waitpid(pid, NULL, 0));
}

static void stops(void)
{
    siginfo_t info;
    int status;
    pid_t pid = child_that_waits();

    kill(pid, SIGSTOP);
    TRUTH("waitpid(WUNTRACED)", waitpid(pid, &status, WUNTRACED) == pid);
    say_status("a stop", status);
    VALUE("a stop is told once", waitpid(pid, &status, WUNTRACED | WNOHANG));
    kill(pid, SIGCONT);
    TRUTH("waitpid(WCONTINUED)", waitpid(pid, &status, WCONTINUED) == pid);
    say_status("a continuation", status);
    VALUE("a continuation is told once", waitpid(pid, &status, WCONTINUED | WNOHANG));

    kill(pid, SIGTSTP);
    waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT);
    say_info("waitid(WSTOPPED | WNOWAIT)", &info, pid);
    VALUE("WEXITED does not take the stop", waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG));
    waitid(P_PID, (id_t)pid, &info, WSTOPPED);
    say_info("waitid(WSTOPPED)", &info, pid);
    kill(pid, SIGCONT);
    waitid(P_PID, (id_t)pid, &info, WCONTINUED);
    say_info("waitid(WCONTINUED)", &info, pid);
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    kill(pid, SIGTERM);
    VALUE("SIGTERM waits for SIGCONT", waitpid(pid, &status, WNOHANG));
    kill(pid, SIGCONT);
    waitpid(pid, &status, 0);
    say_status("then it ends", status);
    pid = child_that_waits();
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    kill(pid, SIGKILL);
    waitpid(pid, &status, WUNTRACED);
    say_status("SIGKILL does not wait", status);
}

/* ---- SIGCHLD ---- */

static volatile sig_atomic_t told;
static siginfo_t told_info;

static void note(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    told++;
    told_info = *info;
}

static void handle_sigchld(int flags)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | flags};

    sigaction(SIGCHLD, &action, NULL);
    told = 0;
}

static void sigchld(void)
{
    int status;

    handle_sigchld(SA_RESTART);
    pid_t pid = child_that_exits(9);
    waitpid(pid, &status, 0);
    VALUE("SIGCHLD for an end", told);
    say_info("its siginfo", &told_info, pid);

    handle_sigchld(SA_RESTART);
    pid = child_that_waits();
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    VALUE("SIGCHLD for a stop", told);
    say_info("its siginfo", &told_info, pid);
    kill(pid, SIGCONT);
    waitpid(pid, &status, WCONTINUED);
    while (told < 2) /* the parent may hear of it a moment later */
        usleep(1000);
    VALUE("and for a continuation", told);
    say_info("its siginfo", &told_info, pid);
    end(pid);
    say_info("SIGCHLD for a kill", &told_info, pid);

    handle_sigchld(SA_RESTART | SA_NOCLDSTOP);
    pid = child_that_waits();
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    kill(pid, SIGCONT);
    waitpid(pid, &status, WCONTINUED);
    VALUE("with SA_NOCLDSTOP for a stop and a continuation", told);
    end(pid);
    VALUE("and for the end", told);

    handle_sigchld(SA_NOCLDWAIT | SA_RESTART);
    child_that_exits(1);
    VALUE("wait with SA_NOCLDWAIT", waitpid(-1, &status, 0));
    VALUE("SIGCHLD with SA_NOCLDWAIT", told);

    signal(SIGCHLD, SIG_IGN);
    child_that_exits(1);
    child_that_exits(2);
    VALUE("wait with SIGCHLD ignored", waitpid(-1, &status, 0));
    signal(SIGCHLD, SIG_DFL);
    child_that_exits(6);
    TRUTH("wait with SIGCHLD's default", waitpid(-1, &status, 0) > 0);
    say_status("it tells", status);
}

static void interrupted(void)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    int status;

    sigaction(SIGALRM, &action, NULL);
    pid_t pid = child_that_waits();
    told = 0;
    alarm(1);
    VALUE("waitpid, interrupted by SIGALRM", waitpid(pid, &status, 0));
    VALUE("the handler ran", told);
    end(pid);
    signal(SIGALRM, SIG_DFL);
}

/* ---- Usage ---- */

static void usage(void)
{
    struct rusage before, after, of_child;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct rusage own;
        do
            getrusage(RUSAGE_SELF, &own);
        while (own.ru_utime.tv_usec + own.ru_stime.tv_usec < 20000);
        _exit(0);
    }
    getrusage(RUSAGE_CHILDREN, &before);
    memset(&of_child, 0xff, sizeof(of_child));
    TRUTH("wait4", wait4(pid, &status, 0, &of_child) == pid);
    getrusage(RUSAGE_CHILDREN, &after);
    long used = (of_child.ru_utime.tv_sec + of_child.ru_stime.tv_sec) * 1000000 +
                of_child.ru_utime.tv_usec + of_child.ru_stime.tv_usec;
    long all = (after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
                before.ru_stime.tv_sec) *
                   1000000 +
               after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec -
               before.ru_stime.tv_usec;
    TRUTH("the child's time is told", used >= 19000 && used < 2000000);
    TRUTH("and added to RUSAGE_CHILDREN", all >= used - 2 && all <= used + 2);
    TRUTH("the child's page faults are told", of_child.ru_minflt > 0);
}

/* ---- Orphans ---- */

static void orphans(void)
{
    int ends[2];
    char byte = 0;
    int status;

    (void)!pipe(ends);
    pid_t pid = fork();
    if (pid == 0) {
        pid_t parent = getpid();
        if (fork() == 0) {
            while (getppid() == parent)
                usleep(1000);
            byte = getppid() > 0 ? 'y' : 'n';
            _exit(write(ends[1], &byte, 1) == 1 ? 0 : 1);
        }
        _exit(0);
    }
    close(ends[1]);
    waitpid(pid, &status, 0);
    say_status("the parent of an orphan", status);
    VALUE("the orphan goes on", read(ends[0], &byte, 1));
    TRUTH("and has a new parent", byte == 'y');
    VALUE("then it ends", read(ends[0], &byte, 1));
    close(ends[0]);
}

int main(void)
{
    nobody();
    exit_statuses();
    ends_by_signals(false);
    ends_by_signals(true);
    chosen_child();
    chosen_group();
    not_yet();
    waitid_tells();
    stops();
    sigchld();
    interrupted();
    usage();
    in_child("orphans", orphans);
    return 0;
}
