// SPDX-License-Identifier: MIT
/*
 * O_ASYNC: SIGIO when there is something to read.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

static sigset_t only_sigio;

/* Of SIGIO, which is blocked, so that nothing is lost. */
static void say_told(const char *what)
{
    const struct timespec second = {1, 0}, moment = {0, 50000000};
    siginfo_t info;
    int number = sigtimedwait(&only_sigio, &info, &second);

    say("%s: signal %d, code %s", what, number, info.si_code == SI_KERNEL ? "SI_KERNEL" : "other");
    while (sigtimedwait(&only_sigio, &info, &moment) > 0)
        ;
}

static void say_not_told(const char *what)
{
    const struct timespec moment = {0, 50000000};

    say("%s: %s", what, sigtimedwait(&only_sigio, NULL, &moment) == -1 ? "nothing" : "a signal");
}

static void empty(int fd)
{
    char bytes[16];

    (void)!read(fd, bytes, sizeof(bytes));
}

static void tell(const char *what, int ends[2])
{
    section(what);
    SHOW(fcntl(ends[0], F_GETOWN));
    SHOW(fcntl(ends[0], F_SETOWN, getpid()));
    SHOW(fcntl(ends[0], F_GETOWN) == getpid());
    SHOW((fcntl(ends[0], F_GETFL) & O_ASYNC) != 0);
    (void)!write(ends[1], "a", 1);
    say_not_told("without O_ASYNC");
    empty(ends[0]);
    SHOW(fcntl(ends[0], F_SETFL, O_ASYNC));
    SHOW((fcntl(ends[0], F_GETFL) & O_ASYNC) != 0);
    (void)!write(ends[1], "a", 1);
    say_told("a byte");
    (void)!write(ends[1], "a", 1);
    say_told("another one, behind it");
    empty(ends[0]);
    SHOW(fcntl(ends[0], F_SETOWN, 0));
    (void)!write(ends[1], "a", 1);
    say_not_told("without an owner");
    empty(ends[0]);
    fcntl(ends[0], F_SETOWN, getpid());
    SHOW(fcntl(ends[0], F_SETFL, 0));
    (void)!write(ends[1], "a", 1);
    say_not_told("without O_ASYNC again");
    empty(ends[0]);
    int on = 1;
    SHOW(ioctl(ends[0], FIOASYNC, &on));
    SHOW(close(ends[1]));
    say_told("the end");
    SHOW(close(ends[0]));
}

static void owners(void)
{
    struct f_owner_ex owner;
    int ends[2];

    section("owners");
    pid_t pid = fork();
    if (pid == 0) {
        for (;;)
            pause();
    }
    if (pipe(ends))
        return;
    SHOW(fcntl(ends[0], F_SETOWN, 4194304));
    SHOW(fcntl(ends[0], F_SETOWN, pid));
    SHOW(fcntl(ends[0], F_GETOWN_EX, &owner));
    SHOW(owner.type == F_OWNER_PID && owner.pid == pid);
    kill(pid, SIGKILL);
    waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
    SHOW(fcntl(ends[0], F_SETOWN, pid));
    SHOW(fcntl(ends[0], F_GETOWN) == pid);
    waitpid(pid, NULL, 0);
    SHOW(fcntl(ends[0], F_GETOWN));
    SHOW(fcntl(ends[0], F_SETFL, O_ASYNC));
    SHOW_WORKS(write(ends[1], "a", 1));
}

static void others(void)
{
    int on = 1, fd = eventfd(0, 0);

    section("a file that tells nobody");
    SHOW(fcntl(fd, F_SETFL, O_ASYNC));
    SHOW((fcntl(fd, F_GETFL) & O_ASYNC) != 0);
    SHOW(ioctl(fd, FIOASYNC, &on));
    on = 0;
    SHOW(ioctl(fd, FIOASYNC, &on));
}

int main(void)
{
    int ends[2];

    sigemptyset(&only_sigio);
    sigaddset(&only_sigio, SIGIO);
    sigprocmask(SIG_BLOCK, &only_sigio, NULL);
    if (pipe(ends))
        return 1;
    tell("a pipe", ends);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        return 1;
    tell("a pair of sockets", ends);
    owners();
    others();
    return 0;
}
