// SPDX-License-Identifier: MIT
/*
 * Process groups and sessions: who may be put where, and what reaches a whole group.
 */
#include "tests/programs/program.h"

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
    VALUE("setpgid with a negative group", setpgid(0, -1));
    VALUE("setpgid of a negative pid", setpgid(-1, 0));
    VALUE("setpgid of a pid that is not there", setpgid(4194304, 0));
    VALUE("setpgid into a group that is not there", setpgid(0, 4194304));
    VALUE("getpgid of a pid that is not there", getpgid(4194304));
    VALUE("getpgid of a negative pid", getpgid(-1));
    VALUE("getsid of a pid that is not there", getsid(4194304));
    VALUE("getsid of a negative pid", getsid(-1));
    VALUE("setpgid by a session's leader", setpgid(0, 0));
    VALUE("setsid by a group's leader", setsid());
    VALUE("kill of a group that is not there", kill(-4194304, 0));
    VALUE("kill of a pid that is not there", kill(4194304, 0));
    VALUE("kill with a signal below 0", kill(getpid(), -1));
    VALUE("kill with signal 65", kill(getpid(), 65));
    VALUE("kill with signal 0", kill(getpid(), 0));
    VALUE("killpg with a group below 0", killpg(-2, 0));
    VALUE("killpg of the own group", killpg(0, 0));
}

static void parents_and_children(void)
{
    pid_t own = getpgrp();
    pid_t first = child_that_does(NULL);
    pid_t second = child_that_does(NULL);
    pid_t leader = child_that_does(lead_session);

    VALUE("setpgid makes a child lead a group", setpgid(first, 0));
    TRUTH("it does", getpgid(first) == first);
    VALUE("another child follows it", setpgid(second, first));
    TRUTH("it does", getpgid(second) == first);
    VALUE("and comes back", setpgid(second, own));
    TRUTH("it does", getpgid(second) == own);
    VALUE("the leader comes back", setpgid(first, own));
    VALUE("now its group is gone", setpgid(second, first));
    VALUE("setpgid of a child in another session", setpgid(leader, 0));
    VALUE("setpgid into another session's group", setpgid(second, leader));
    TRUTH("the child leads its session", getsid(leader) == leader && getpgid(leader) == leader);
    TRUTH("the others are in the parent's", getsid(second) == getsid(0));
    end("the first", first);
    end("the second", second);
    end("the leader of a session", leader);
    VALUE("setpgid of a child that has been waited for", setpgid(first, 0));
}

static void zombies(void)
{
    siginfo_t info;
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    TRUTH("a zombie has its group", getpgid(pid) == getpgrp());
    TRUTH("a zombie has its session", getsid(pid) == getsid(0));
    VALUE("a zombie may be sent a signal", kill(pid, SIGTERM));
    VALUE("a zombie may be put into a group", setpgid(pid, 0));
    TRUTH("it is in it", getpgid(pid) == pid);
    VALUE("a group of zombies may be sent a signal", kill(-pid, SIGTERM));
    waitpid(pid, NULL, 0);
    VALUE("a group that is gone may not", kill(-pid, SIGTERM));
}

static void whole_group(void)
{
    pid_t first = child_that_does(lead_group);
    pid_t second = child_that_does(NULL);
    pid_t apart = child_that_does(NULL);
    int status;

    setpgid(second, first);
    VALUE("kill of a group", kill(-first, SIGTERM));
    waitpid(first, &status, 0);
    say_status("its leader", status);
    waitpid(second, &status, 0);
    say_status("its other member", status);
    VALUE("one who is not in it", waitpid(apart, &status, WNOHANG));
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
    VALUE("bytes from the member", read(ends[0], result, 2));
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

    TRUTH("a child is in its parent's session", before != getpid());
    TRUTH("setsid gives the own pid", setsid() == getpid());
    TRUTH("as the session", getsid(0) == getpid());
    TRUTH("as the group", getpgrp() == getpid());
    VALUE("a second setsid", setsid());
    VALUE("there is no terminal", open("/dev/tty", O_RDWR));
    VALUE("setpgid by the leader of a session", setpgid(0, 0));
    pid_t pid = fork();
    if (pid == 0) {
        TRUTH("a child of the leader may leave", setsid() == getpid());
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    TRUTH("getsid(pid)", getsid(getpid()) == getpid());
    VALUE("setpgid of the parent", setpgid(getppid(), 0));
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
