// SPDX-License-Identifier: MIT
/*
 * clone without threads: what a child may share, where its number is put, how its end is told.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static char stack[65536] __attribute__((aligned(16)));
static volatile int word;
static int descriptor;
static volatile pid_t number;

static int change_all(void *argument)
{
    (void)argument;
    word = 7;
    close(descriptor);
    umask(0123);
    return chdir("/proc") ? 9 : 5;
}

/* Runs the child on a stack of its own and says what of its changes the parent sees. */
static void shared(const char *what, int flags)
{
    char directory[256];
    int status, here = open(".", O_RDONLY);
    mode_t before = umask(022);

    word = 1;
    descriptor = dup(0);
    pid_t pid = clone(change_all, stack + sizeof(stack), flags | SIGCHLD, NULL);
    if (pid == -1) {
        say("%s: %s", what, strerror(errno));
    } else {
        waitpid(pid, &status, 0);
        say_status(what, status);
        mode_t mask = umask(before);
        say("memory is %s, descriptors are %s, directory is %s, umask is %s",
            word == 7 ? "shared" : "copied", fcntl(descriptor, F_GETFD) ? "shared" : "copied",
            strcmp(getcwd(directory, sizeof(directory)), "/proc") ? "copied" : "shared",
            mask == 0123 ? "shared" : "copied");
    }
    umask(before);
    close(descriptor);
    if (fchdir(here))
        say("the directory is lost");
    close(here);
}

/* ---- what is shared no more ---- */

static int close_own(void *argument)
{
    (void)argument;
    if (unshare(CLONE_FILES))
        return 1;
    umask(0123);
    return close(descriptor);
}

static int close_own_range(void *argument)
{
    (void)argument;
    return (int)syscall(SYS_close_range, 3, ~0U, 2 /* UNSHARE */);
}

static int become_another(void *argument)
{
    execl("/proc/self/exe", "clone", "ends", NULL);
    (void)argument;
    return 2;
}

/* A child that shares the descriptors until then: one is closed there, and not here. */
static void unshared(const char *what, int (*function)(void *), int flags)
{
    int status = -1;
    mode_t before = umask(022);

    descriptor = fcntl(0, F_DUPFD_CLOEXEC, 3);
    pid_t pid = clone(function, stack + sizeof(stack), flags | CLONE_FILES | SIGCHLD, NULL);
    waitpid(pid, &status, 0);
    say_status(what, status);
    SHOW(fcntl(descriptor, F_GETFD) == FD_CLOEXEC); /* the descriptor is still there */
    SHOW(umask(before) == 0123);                    /* the umask is shared */
    close(descriptor);
}

static void unshare_flags(void)
{
    SHOW(unshare(0));
    SHOW(unshare(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM));
    SHOW(unshare(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM));
    SHOW(unshare(SIGCHLD));
    SHOW(unshare(CLONE_SETTLS));
    unshared("unshare of files", close_own, CLONE_FS);
    unshared("CLOSE_RANGE_UNSHARE", close_own_range, 0);
    unshared("exec", become_another, CLONE_FS);
    unshared("exec in shared memory", become_another, CLONE_VM | CLONE_VFORK);
}

static volatile sig_atomic_t came;

static void note(int signal)
{
    came = signal;
}

static int do_nothing(void *argument)
{
    (void)argument;
    return 3;
}

/* A child that ends with another signal than SIGCHLD is waited for with __WALL or __WCLONE. */
static void end_by_signal(const char *what, int signal_at_end)
{
    int status;

    came = 0;
    signal(SIGUSR1, note);
    signal(SIGCHLD, note);
    pid_t pid = clone(do_nothing, stack + sizeof(stack), signal_at_end, NULL);
    usleep(30000);
    say("%s: signal %d came", what, (int)came);
    SHOW(waitpid(pid, &status, WNOHANG) > 0 ? 1 : -1); /* without flags */
    SHOW(waitpid(pid, &status, WNOHANG | __WCLONE) > 0 ? 1 : -1);
    SHOW(waitpid(pid, &status, WNOHANG | __WALL) > 0 ? 1 : -1);
    signal(SIGUSR1, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
}

static int check_number(void *argument)
{
    (void)argument;
    return number == getpid() ? 1 : 2;
}

static void numbers(void)
{
    int status;
    pid_t of_parent = 0;

    number = 0;
    pid_t pid = clone(check_number, stack + sizeof(stack), SIGCHLD | CLONE_CHILD_SETTID, NULL, NULL,
                      NULL, (void *)(uintptr_t)&number);
    waitpid(pid, &status, 0);
    say_status("CLONE_CHILD_SETTID in the child's memory", status);
    SHOW(number == 0); /* and not in the parent's */
    pid = clone(do_nothing, stack + sizeof(stack), SIGCHLD | CLONE_PARENT_SETTID, NULL, &of_parent);
    SHOW(of_parent == pid); /* CLONE_PARENT_SETTID in the parent's */
    waitpid(pid, &status, 0);
    number = 77;
    pid = clone(do_nothing, stack + sizeof(stack), SIGCHLD | CLONE_VM | CLONE_CHILD_CLEARTID, NULL,
                NULL, NULL, (void *)(uintptr_t)&number);
    waitpid(pid, &status, 0);
    SHOW(number); /* CLONE_CHILD_CLEARTID clears it at the end */
}

static int have_sibling(void *argument)
{
    (void)argument;
    static char other[65536] __attribute__((aligned(16)));
    pid_t pid = clone(do_nothing, other + sizeof(other), CLONE_PARENT | SIGCHLD, NULL);

    if (pid == -1)
        return 9;
    return waitpid(pid, NULL, 0) == -1 && errno == ECHILD ? 1 : 2;
}

static void siblings(void)
{
    int status, count = 0;
    pid_t pid = clone(have_sibling, stack + sizeof(stack), SIGCHLD, NULL);

    waitpid(pid, &status, 0);
    say_status("a child that makes another with CLONE_PARENT", status);
    while (wait(&status) > 0)
        count++;
    SHOW(count); /* that one was this program's */
}

static int wait_a_little(void *argument)
{
    (void)argument;
    usleep(30000);
    word = 8;
    return 0;
}

static void vfork_by_clone(void)
{
    word = 0;
    pid_t pid = clone(wait_a_little, stack + sizeof(stack), CLONE_VFORK | CLONE_VM | SIGCHLD, NULL);
    SHOW(word); /* CLONE_VFORK waits for the child */
    waitpid(pid, NULL, 0);
    word = 0;
    pid = clone(wait_a_little, stack + sizeof(stack), CLONE_VFORK | SIGCHLD, NULL);
    SHOW(word);                         /* without CLONE_VM memory is copied */
    SHOW(waitpid(pid, NULL, 0) == pid); /* and the child is there to be waited for */
}

static void ignore(int signal)
{
    (void)signal;
}

static int exec_again(void *argument)
{
    (void)argument;
    execl("/proc/self/exe", "clone", "again", NULL);
    return 5;
}

static void exec_with_shared_handlers(void)
{
    struct sigaction action = {.sa_handler = ignore};
    int status;

    sigaction(SIGUSR1, &action, NULL);
    pid_t pid = clone(exec_again, stack + sizeof(stack), CLONE_VM | CLONE_SIGHAND | SIGCHLD, NULL);
    waitpid(pid, &status, 0);
    say_status("a child that shares handlers execs", status);
    sigaction(SIGUSR1, NULL, &action);
    SHOW(action.sa_handler == ignore); /* the handler is still there */
    signal(SIGUSR1, SIG_DFL);
}

static void errors(void)
{
    SHOW(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0)); /* without CLONE_VM */
    SHOW(syscall(SYS_clone, CLONE_THREAD | CLONE_VM, 0, 0, 0, 0)); /* without CLONE_SIGHAND */
    SHOW(syscall(SYS_clone, CLONE_FS | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0));
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return 4;
    errors();
    shared("nothing", 0);
    shared("CLONE_VM", CLONE_VM);
    unshare_flags();
    end_by_signal("SIGCHLD", SIGCHLD);
    end_by_signal("SIGUSR1", SIGUSR1);
    end_by_signal("none", 0);
    numbers();
    siblings();
    vfork_by_clone();
    exec_with_shared_handlers();
    return 0;
}
