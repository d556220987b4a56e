// SPDX-License-Identifier: MIT
/*
 * Process groups and sessions: who may be put where, and what reaches a whole group.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <signal.h>

/* A child that says by a byte that it has done its part, and waits to be ended. */
static pid_t child_that_does(void (*function)(void))
{
    int ends[2];
    char byte;

    (void)!pipe(ends);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        if (function)
            function();
        close(ends[1]);
        for (;;)
            pause();
    }
    close(ends[1]);
    (void)!read(ends[0], &byte, 1);
    close(ends[0]);
    return pid;
}

static void end(const char *what, pid_t pid)
{
    int status;

    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (what)
        say_status(what, status);
}

static void lead_group(void)
{
    setpgid(0, 0);
}

static void lead_session(void)
{
    setsid();
}

static void errors(void)
{
    SHOW(setpgid(0, -1));      /* with a negative group */
    SHOW(setpgid(-1, 0));      /* of a negative pid */
    SHOW(setpgid(4194304, 0)); /* of a pid that is not there */
    SHOW(setpgid(0, 4194304)); /* into a group that is not there */
    SHOW(getpgid(4194304));    /* of a pid that is not there */
    SHOW(getpgid(-1));         /* of a negative pid */
    SHOW(getsid(4194304));     /* of a pid that is not there */
    SHOW(getsid(-1));          /* of a negative pid */
    SHOW(setpgid(0, 0));       /* by a session's leader */
    SHOW(setsid());            /* by a group's leader */
    SHOW(kill(-4194304, 0));   /* of a group that is not there */
    SHOW(kill(4194304, 0));    /* of a pid that is not there */
    SHOW(kill(getpid(), -1));  /* with a signal below 0 */
    SHOW(kill(getpid(), 65));
    SHOW(kill(getpid(), 0));
    SHOW(killpg(-2, 0)); /* with a group below 0 */
    SHOW(killpg(0, 0));  /* of the own group */
}

static void parents_and_children(void)
{
    pid_t own = getpgrp();
    pid_t first = child_that_does(NULL);
    pid_t second = child_that_does(NULL);
    pid_t leader = child_that_does(lead_session);

    SHOW(setpgid(first, 0));        /* makes a child lead a group */
    SHOW(getpgid(first) == first);  /* it does */
    SHOW(setpgid(second, first));   /* another child follows it */
    SHOW(getpgid(second) == first); /* it does */
    SHOW(setpgid(second, own));     /* and comes back */
    SHOW(getpgid(second) == own);   /* it does */
    SHOW(setpgid(first, own));      /* the leader comes back */
    SHOW(setpgid(second, first));   /* now its group is gone */
    SHOW(setpgid(leader, 0));       /* of a child in another session */
    SHOW(setpgid(second, leader));  /* into another session's group */
    /* the child leads its session */
    SHOW(getsid(leader) == leader && getpgid(leader) == leader);
    SHOW(getsid(second) == getsid(0)); /* the others are in the parent's */
    end("the first", first);
    end("the second", second);
    end("the leader of a session", leader);
    SHOW(setpgid(first, 0)); /* of a child that has been waited for */
}

static void zombies(void)
{
    siginfo_t info;
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    SHOW(getpgid(pid) == getpgrp()); /* a zombie has its group */
    SHOW(getsid(pid) == getsid(0));  /* a zombie has its session */
    SHOW(kill(pid, SIGTERM));        /* a zombie may be sent a signal */
    SHOW(setpgid(pid, 0));           /* a zombie may be put into a group */
    SHOW(getpgid(pid) == pid);
    SHOW(kill(-pid, SIGTERM)); /* a group of zombies may be sent a signal */
    waitpid(pid, NULL, 0);
    SHOW(kill(-pid, SIGTERM)); /* a group that is gone may not */
}

static void whole_group(void)
{
    pid_t first = child_that_does(lead_group);
    pid_t second = child_that_does(NULL);
    pid_t apart = child_that_does(NULL);
    int status;

    setpgid(second, first);
    SHOW(kill(-first, SIGTERM)); /* of a group */
    waitpid(first, &status, 0);
    say_status("its leader", status);
    waitpid(second, &status, 0);
    say_status("its other member", status);
    SHOW(waitpid(apart, &status, WNOHANG)); /* one who is not in it */
    end("ends otherwise", apart);
}

static volatile sig_atomic_t hangups, continuations;

static void count(int number)
{
    if (number == SIGHUP)
        hangups++;
    else
        continuations++;
}

static int report_to;

/* Counts its signals until both have come, and tells. */
static void member(void)
{
    signal(SIGHUP, count);
    signal(SIGCONT, count);
    kill(getpid(), SIGSTOP);
    for (int i = 0; i < 200 && !(hangups && continuations); i++)
        usleep(5000);
    char result[2] = {(char)hangups, (char)continuations};
    _exit(write(report_to, result, 2) == 2 ? 0 : 1);
}

/* A group with a stopped member gets SIGHUP and SIGCONT when it loses its last tie. */
static void orphaned_group(void)
{
    char result[2] = {0, 0};
    int ends[2], status;

    (void)!pipe(ends);
    report_to = ends[1];
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            setpgid(0, 0);
            member();
        }
        waitpid(grandchild, &status, WUNTRACED);
        say_status("the member", status);
        _exit(0);
    }
    close(ends[1]);
    waitpid(pid, &status, 0);
    say_status("its parent", status);
    SHOW(read(ends[0], result, 2)); /* bytes from the member */
    say("it got %d SIGHUP and %d SIGCONT", result[0], result[1]);
    close(ends[0]);
}

/* In an orphaned group only SIGSTOP stops. */
static void stop_in_orphaned_group(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        setsid();
        raise(SIGTSTP);
        raise(SIGTTIN);
        raise(SIGTTOU);
        _exit(5);
    }
    waitpid(pid, &status, WUNTRACED);
    say_status("SIGTSTP in an orphaned group", status);
    pid = fork();
    if (pid == 0) {
        setsid();
        raise(SIGSTOP);
        _exit(6);
    }
    waitpid(pid, &status, WUNTRACED);
    say_status("SIGSTOP in an orphaned group", status);
    kill(pid, SIGCONT);
    waitpid(pid, &status, 0);
    say_status("and SIGCONT", status);
}

static void sessions(void)
{
    pid_t before = getsid(0);

    SHOW(before != getpid());       /* a child is in its parent's session */
    SHOW(setsid() == getpid());     /* gives the own pid */
    SHOW(getsid(0) == getpid());    /* as the session */
    SHOW(getpgrp() == getpid());    /* as the group */
    SHOW(setsid());                 /* a second setsid */
    SHOW(open("/dev/tty", O_RDWR)); /* there is no terminal */
    SHOW(setpgid(0, 0));            /* by the leader of a session */
    pid_t pid = fork();
    if (pid == 0) {
        SHOW(setsid() == getpid()); /* a child of the leader may leave */
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    SHOW(getsid(getpid()) == getpid());
    SHOW(setpgid(getppid(), 0)); /* of the parent */
}

int main(void)
{
    errors();
    parents_and_children();
    zombies();
    whole_group();
    orphaned_group();
    stop_in_orphaned_group();
    in_child("sessions", sessions);
    return 0;
}
