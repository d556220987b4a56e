// SPDX-License-Identifier: MIT
/*
 * wait4 and waitid: which children they wait for, what they tell of them, and what they refuse.
 */
#include "tests/programs/show.h"

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

/* ---- exit statuses ---- */

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

/* ---- which child ---- */

static void nobody(void)
{
    siginfo_t info;
    int status = 1234;

    SHOW(wait(NULL));                              /* without children */
    SHOW(waitpid(-1, &status, 0));                 /* without children */
    SHOW(status);                                  /* the status is left alone */
    SHOW(waitpid(-1, &status, WNOHANG));           /* without children */
    SHOW(waitpid(getpid(), NULL, 0));              /* for the caller */
    SHOW(waitpid(0, NULL, 0));                     /* for the caller's group */
    SHOW(waitpid(-999999, NULL, 0));               /* for a group that is not there */
    SHOW(wait4((pid_t)0x80000000, NULL, 0, NULL)); /* for the least number */
    SHOW(waitpid(-1, NULL, 0x10));                 /* with an unknown option */
    SHOW(waitpid(-1, NULL, WEXITED));
    SHOW(waitpid(-1, NULL, WNOWAIT));
    SHOW(waitid(P_ALL, 0, &info, WEXITED));         /* without children */
    SHOW(waitid(P_ALL, 0, &info, WNOHANG));         /* without a kind of change */
    SHOW(waitid(P_ALL, 0, &info, WEXITED | 0x100)); /* with an unknown option */
    SHOW(waitid(P_PID, 0, &info, WEXITED));
    SHOW(waitid(P_PID, (id_t)-1, &info, WEXITED));
    SHOW(waitid(P_PGID, (id_t)-1, &info, WEXITED));      /* for group -1 */
    SHOW(waitid((idtype_t)7, 1, &info, WEXITED));        /* for an unknown kind */
    SHOW(waitid((idtype_t)3, (id_t)-1, &info, WEXITED)); /* for a bad pidfd */
}

static void chosen_child(void)
{
    pid_t first = child_that_exits(1);
    pid_t second = child_that_exits(2);
    int status;

    SHOW(waitpid(second, &status, 0) == second); /* gives the child asked for */
    say_status("the second", status);
    SHOW(waitpid(second, &status, 0)); /* a second wait for it */
    SHOW(wait(&status) == first);      /* gives the one that is left */
    say_status("the first", status);
    SHOW(wait(&status)); /* then nobody is left */
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
    SHOW(waitpid(-other, &status, 0) == other); /* waitpid(-group) */
    say_status("the one of that group", status);
    SHOW(waitpid(0, &status, 0) == mine);
    say_status("the one of the own group", status);
    mine = child_that_exits(5);
    SHOW(waitid(P_PGID, 0, &info, WEXITED));
    SHOW(info.si_pid == mine && info.si_status == 5); /* it is the one of the own group */
}

static void not_yet(void)
{
    siginfo_t info = {.si_signo = 1, .si_code = 2, .si_errno = 3};
    pid_t pid = child_that_waits();
    int status = 1234;

    info.si_pid = 77;
    SHOW(waitpid(pid, &status, WNOHANG));                     /* while it runs */
    SHOW(status);                                             /* the status is left alone */
    SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG)); /* while it runs */
    say("then siginfo has signo %d, code %d, pid %d", info.si_signo, info.si_code, info.si_pid);
    end(pid);
}

/* ---- what is told ---- */

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

    SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
    say_info("exit 300", &info, pid);
    SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED)); /* once more */
    say_info("exit 300 again", &info, pid);
    SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED)); /* and once more */

    pid = child_that_waits();
    kill(pid, SIGTERM);
    waitid(P_PID, (id_t)pid, &info, WEXITED);
    say_info("killed by SIGTERM", &info, pid);

    memset(&info, 7, sizeof(info));
    SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED)); /* of one that is gone */
    say("it is told of nobody: signo %d, code %d, pid %d, status %d", info.si_signo, info.si_code,
        info.si_pid, info.si_status);
    SHOW(waitid((idtype_t)9, 1, &info, WEXITED));          /* of a wrong type */
    SHOW(waitid((idtype_t)9, 1, (siginfo_t *)8, WEXITED)); /* the same with a bad siginfo */
    SHOW(waitid((idtype_t)3, 99, &info, WEXITED));         /* of a descriptor that is none */

    pid = child_that_exits(1);
    SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));     /* it shall end first */
    SHOW(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WCONTINUED)); /* waiting for its stop */
    SHOW(waitid(P_PID, (id_t)pid, NULL, WEXITED));                /* without siginfo */
    pid = child_that_exits(1);
    SHOW(waitid(P_PID, (id_t)pid, (siginfo_t *)8, WEXITED)); /* with a bad siginfo */
    SHOW(waitpid(pid, NULL, 0));                             /* it has been taken all the same */
    pid = child_that_exits(1);
    SHOW(waitpid(pid, (int *)8, 0)); /* with a bad status */
    SHOW(waitpid(pid, NULL, 0));     /* it has been taken all the same */
    pid = child_that_exits(1);
    SHOW(wait4(pid, NULL, 0, (struct rusage *)8)); /* with a bad rusage */
    SHOW(waitpid(pid, NULL, 0));                   /* it has been taken all the same */
}

static void stops(void)
{
    siginfo_t info;
    int status;
    pid_t pid = child_that_waits();

    kill(pid, SIGSTOP);
    SHOW(waitpid(pid, &status, WUNTRACED) == pid);
    say_status("a stop", status);
    SHOW(waitpid(pid, &status, WUNTRACED | WNOHANG)); /* a stop is told once */
    kill(pid, SIGCONT);
    SHOW(waitpid(pid, &status, WCONTINUED) == pid);
    say_status("a continuation", status);
    SHOW(waitpid(pid, &status, WCONTINUED | WNOHANG)); /* a continuation is told once */

    kill(pid, SIGTSTP);
    waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT);
    say_info("waitid(WSTOPPED | WNOWAIT)", &info, pid);
    SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG)); /* does not take the stop */
    waitid(P_PID, (id_t)pid, &info, WSTOPPED);
    say_info("waitid(WSTOPPED)", &info, pid);
    kill(pid, SIGCONT);
    waitid(P_PID, (id_t)pid, &info, WCONTINUED);
    say_info("waitid(WCONTINUED)", &info, pid);
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    kill(pid, SIGTERM);
    SHOW(waitpid(pid, &status, WNOHANG)); /* SIGTERM waits for SIGCONT */
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
    SHOW(told); /* SIGCHLD for an end */
    say_info("its siginfo", &told_info, pid);

    handle_sigchld(SA_RESTART);
    pid = child_that_waits();
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    SHOW(told); /* SIGCHLD for a stop */
    say_info("its siginfo", &told_info, pid);
    kill(pid, SIGCONT);
    waitpid(pid, &status, WCONTINUED);
    while (told < 2) /* the parent may hear of it a moment later */
        usleep(1000);
    SHOW(told); /* and for a continuation */
    say_info("its siginfo", &told_info, pid);
    end(pid);
    say_info("SIGCHLD for a kill", &told_info, pid);

    handle_sigchld(SA_RESTART | SA_NOCLDSTOP);
    pid = child_that_waits();
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    kill(pid, SIGCONT);
    waitpid(pid, &status, WCONTINUED);
    SHOW(told); /* with SA_NOCLDSTOP for a stop and a continuation */
    end(pid);
    SHOW(told); /* and for the end */

    handle_sigchld(SA_NOCLDWAIT | SA_RESTART);
    child_that_exits(1);
    SHOW(waitpid(-1, &status, 0)); /* wait with SA_NOCLDWAIT */
    SHOW(told);                    /* SIGCHLD with SA_NOCLDWAIT */

    signal(SIGCHLD, SIG_IGN);
    child_that_exits(1);
    child_that_exits(2);
    SHOW(waitpid(-1, &status, 0)); /* wait with SIGCHLD ignored */
    signal(SIGCHLD, SIG_DFL);
    child_that_exits(6);
    SHOW(waitpid(-1, &status, 0) > 0); /* wait with SIGCHLD's default */
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
    SHOW(waitpid(pid, &status, 0)); /* waitpid, interrupted by SIGALRM */
    SHOW(told);                     /* the handler ran */
    end(pid);
    signal(SIGALRM, SIG_DFL);
}

/* ---- usage ---- */

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
    SHOW(wait4(pid, &status, 0, &of_child) == pid);
    getrusage(RUSAGE_CHILDREN, &after);
    long used = (of_child.ru_utime.tv_sec + of_child.ru_stime.tv_sec) * 1000000 +
                of_child.ru_utime.tv_usec + of_child.ru_stime.tv_usec;
    long all = (after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
                before.ru_stime.tv_sec) *
                   1000000 +
               after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec -
               before.ru_stime.tv_usec;
    SHOW(used >= 19000 && used < 2000000);    /* the child's time is told */
    SHOW(all >= used - 2 && all <= used + 2); /* and added to RUSAGE_CHILDREN */
    SHOW(of_child.ru_minflt > 0);             /* the child's page faults are told */
}

/* ---- orphans ---- */

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
    SHOW(read(ends[0], &byte, 1)); /* the orphan goes on */
    SHOW(byte == 'y');             /* and has a new parent */
    SHOW(read(ends[0], &byte, 1));
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
