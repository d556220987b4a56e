// SPDX-License-Identifier: MIT
/*
 * Whose terminal it is: controlling terminals and how sessions get and lose them, the process group
 * in the foreground, signals from the keyboard and of the window, readers and writers in the
 * background, and what a hang-up does.
 */
#include "tests/programs/terminal/pty.h"

#include <signal.h>
#include <sys/prctl.h>

static struct pair pair;
static volatile sig_atomic_t caught[32];

static void note(int signal)
{
    caught[signal]++;
}

static void catch (int signal)
{
    struct sigaction action = {.sa_handler = note};

    sigaction(signal, &action, NULL);
}

static bool has_caught(void)
{
    for (int signal = 1; signal < 32; signal++)
        if (caught[signal])
            return true;
    return false;
}

/* Says which signals have come, soon after the first of them, or when half a second has gone by. */
static void show_signals(const char *what)
{
    char text[100] = "";

    for (int i = 0; i < 50 && !has_caught(); i++)
        usleep(10000);
    usleep(30000);
    for (int signal = 1; signal < 32; signal++) {
        if (caught[signal])
            sprintf(text + strlen(text), " %d", signal);
        caught[signal] = 0;
    }
    say("%s:%s", what, *text ? text : " no signal");
}

static const char *slave_name(void)
{
    static char name[64];

    ptsname_r(pair.master, name, sizeof(name));
    return name;
}

/* The fields of /proc/self/stat about the terminal. */
static void show_stat(const char *what)
{
    char text[512] = "", *after;
    int terminal = -1, foreground = -2;
    FILE *file = fopen("/proc/self/stat", "r");

    if (file && fgets(text, sizeof(text), file) && (after = strrchr(text, ')')))
        sscanf(after + 1, " %*c %*d %*d %*d %d %d", &terminal, &foreground);
    if (file)
        fclose(file);
    say("%s: terminal's major %d, foreground %s", what, terminal >> 8 & 0xfff,
        foreground == getpgrp() ? "mine"
        : foreground == -1      ? "-1"
        : foreground == 0       ? "0"
                                : "another's");
}

/* Runs a function in a child that leads a session, whose terminal is the slave if it takes it. */
static void in_session(const char *what, void (*function)(void))
{
    int status;

    section(what);
    pair = open_pair();
    pid_t pid = fork();
    if (!pid) {
        setsid();
        function();
        _exit(0);
    }
    close(pair.slave);
    waitpid(pid, &status, 0);
    say_status("the session's leader", status);
    close(pair.master);
}

static void take(void)
{
    SHOW(ioctl(pair.slave, TIOCSCTTY, 0));
}

static void taking(void)
{
    int fd, number = 0;

    SHOW(open("/dev/tty", O_RDWR));
    show_stat("without a terminal");
    SHOW(tcgetpgrp(pair.slave));
    SHOW(ioctl(pair.slave, TIOCNOTTY));
    fd = open(slave_name(), O_RDWR | O_NOCTTY);
    SHOW(tcgetsid(fd));
    close(fd);
    fd = open(slave_name(), O_WRONLY);
    SHOW(tcgetsid(fd));
    close(fd);
    fd = open(slave_name(), O_RDWR);
    SHOW(tcgetsid(fd) == getpid() && tcgetpgrp(fd) == getpgrp()); /* opening takes it */
    /* the master tells, too */
    SHOW(tcgetsid(pair.master) == getpid() && tcgetpgrp(pair.master) == getpgrp());
    show_stat("with one");
    SHOW(ioctl(fd, TIOCSCTTY, 0));
    fd = open("/dev/tty", O_RDWR);
    SHOW(write(fd, "by another name", 15));
    show_next("the master reads", pair.master);
    SHOW(tcsetpgrp(fd, -5));
    SHOW(tcsetpgrp(fd, 4194304));
    SHOW(tcsetpgrp(fd, getppid()));
    SHOW(ioctl(fd, TIOCSPGRP, nowhere));
    SHOW(ioctl(fd, TIOCGPGRP, nowhere));
    struct pair other = open_pair();
    SHOW(ioctl(other.slave, TIOCSCTTY, 0));
    SHOW(tcgetsid(other.slave));
    SHOW(tcsetpgrp(other.slave, getpgrp()));
    close_pair(other);
    catch (SIGHUP);
    catch (SIGCONT);
    SHOW(ioctl(fd, TIOCNOTTY));
    show_signals("giving it up");
    show_stat("without it");
    SHOW(ioctl(fd, TIOCGSID, &number));
    SHOW(open("/dev/tty", O_RDWR));
    SHOW(ioctl(fd, TIOCSCTTY, 0));
    show_stat("with it again");
}

/* A child has what its parent had when it was made. */
static void child_without(void)
{
    show_stat("child");
    SHOW(ioctl(pair.slave, TIOCSCTTY, 0));
    SHOW(open("/dev/tty", O_RDWR));
}

static void child_leaves(void)
{
    show_stat("child");
    SHOW(ioctl(pair.slave, TIOCNOTTY));
    SHOW(open("/dev/tty", O_RDWR));
    show_stat("child");
}

static void child_of_its_own(void)
{
    SHOW(setsid() == getpid());
    show_stat("child");
    SHOW(ioctl(pair.slave, TIOCSCTTY, 0));
    SHOW(tcgetpgrp(pair.slave));
}

static void inheriting(void)
{
    int ends[2], status;

    (void)!pipe(ends);
    pid_t older = fork();
    if (!older) {
        char byte;

        close(ends[1]);
        (void)!read(ends[0], &byte, 1);
        child_without();
        _exit(0);
    }
    take();
    close(ends[1]);
    waitpid(older, &status, 0);
    say_status("an older child", status);
    in_child("a child that leaves it", child_leaves);
    in_child("a child in its own session", child_of_its_own);
    show_stat("the leader still has it");
}

/* What the leader gives up, all of its session lose. */
static void losing(void)
{
    int ends[2], status;
    char byte;

    take();
    (void)!pipe(ends);
    pid_t pid = fork();
    if (!pid) {
        close(ends[1]);
        signal(SIGHUP, SIG_IGN);
        (void)!write(pair.slave, "r", 1);
        (void)!read(ends[0], &byte, 1);
        show_stat("child");
        SHOW(open("/dev/tty", O_RDWR));
        _exit(0);
    }
    (void)!read(pair.master, &byte, 1);
    signal(SIGHUP, SIG_IGN);
    SHOW(ioctl(pair.slave, TIOCNOTTY));
    close(ends[1]);
    waitpid(pid, &status, 0);
    say_status("the child", status);
}

static void keys(void)
{
    struct winsize size = {.ws_row = 5};

    take();
    for (int signal = 1; signal < 32; signal++)
        if (signal == SIGINT || signal == SIGQUIT || signal == SIGTSTP || signal == SIGWINCH)
            catch (signal);
    type(pair.master, "\003");
    show_signals("^C");
    type(pair.master, "\034");
    show_signals("^\\");
    type(pair.master, "\032");
    show_signals("^Z");
    show_next("echo", pair.master);
    type(pair.master, "dropped\003kept\n");
    show_signals("^C in a line");
    show_next("its echo", pair.master);
    show_read("line", pair.slave, 100);
    SHOW(ioctl(pair.slave, TIOCSIG, SIGINT));
    SHOW(ioctl(pair.master, TIOCSIG, SIGQUIT));
    show_signals("by the master");
    SHOW(ioctl(pair.master, TIOCSIG, SIGUSR1));
    clear_modes(pair.slave, 0, ISIG);
    type(pair.master, "\003\n");
    show_read("no signals", pair.slave, 100);
    show_signals("none");
    SHOW(ioctl(pair.master, TIOCSWINSZ, &size));
    show_signals("another size");
    SHOW(ioctl(pair.slave, TIOCSWINSZ, &size));
    show_signals("the same");
    size.ws_xpixel = 1;
    SHOW(ioctl(pair.slave, TIOCSWINSZ, &size));
    show_signals("other pixels");
}

/* What a job in the background does, as a shell has it. */
static void job(const char *what, void (*function)(void))
{
    int status;
    pid_t pid = fork();

    if (!pid) {
        setpgid(0, 0);
        function();
        _exit(0);
    }
    setpgid(pid, pid);
    while (waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status)) {
        say_status(what, status);
        tcsetpgrp(pair.slave, pid);
        kill(-pid, SIGCONT);
    }
    say_status(what, status);
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(pair.slave, getpgrp());
    signal(SIGTTOU, SIG_DFL);
}

static void reads(void)
{
    show_read("it reads", pair.slave, 100);
}

static void reads_ignoring(void)
{
    signal(SIGTTIN, SIG_IGN);
    show_read("it ignores SIGTTIN", pair.slave, 100);
}

static void reads_catching(void)
{
    catch (SIGTTIN);
    show_read("it catches SIGTTIN", pair.slave, 100);
    show_signals("it");
}

static void writes(void)
{
    SHOW(write(pair.slave, "x", 1));
}

static void sets(void)
{
    struct termios settings;

    SHOW(tcgetattr(pair.slave, &settings));
    SHOW(tcsetattr(pair.slave, TCSANOW, &settings));
}

static void sets_ignoring(void)
{
    signal(SIGTTOU, SIG_IGN);
    sets();
}

static void flushes(void)
{
    SHOW(tcflush(pair.slave, TCIFLUSH));
}

static void drains(void)
{
    SHOW(tcdrain(pair.slave));
}

static void takes_foreground(void)
{
    SHOW(tcsetpgrp(pair.slave, getpgrp()));
}

static void sizes(void)
{
    struct winsize size = {.ws_row = 7};

    SHOW(ioctl(pair.slave, TIOCSWINSZ, &size));
}

static void background(void)
{
    struct termios settings;

    take();
    clear_modes(pair.slave, 0, ECHO);
    type(pair.master, "a line\n");
    job("reading", reads);
    job("reading, SIGTTIN ignored", reads_ignoring);
    job("reading, SIGTTIN caught", reads_catching);
    job("writing", writes);
    tcgetattr(pair.slave, &settings);
    settings.c_lflag |= TOSTOP;
    tcsetattr(pair.slave, TCSANOW, &settings);
    job("writing, which stops", writes);
    job("changing settings", sets);
    job("changing settings, SIGTTOU ignored", sets_ignoring);
    job("flushing", flushes);
    job("draining", drains);
    job("taking the foreground", takes_foreground);
    job("changing the size", sizes);
}

/* Leaves a grandchild in a group of its own, which acts when its parent has ended. */
static pid_t leave_orphan(int fd)
{
    int ends[2], status;
    pid_t orphan = 0;

    (void)!pipe(ends);
    pid_t pid = fork();
    if (!pid) {
        setpgid(0, 0);
        if (fork())
            _exit(0);
        orphan = getpid();
        (void)!write(fd, &orphan, sizeof(orphan));
        close(ends[1]);
        (void)!read(ends[0], &status, 1);
        reads();
        sets();
        takes_foreground();
        _exit(0);
    }
    close(ends[0]);
    waitpid(pid, &status, 0);
    close(ends[1]);
    return pid;
}

/* Nobody could let an orphaned group go on, so it is not stopped. */
static void orphans(void)
{
    int ends[2];
    char rest[100];

    take();
    (void)!pipe(ends);
    leave_orphan(ends[1]);
    close(ends[1]);
    while (read(ends[0], rest, sizeof(rest)) > 0)
        ;
}

/* Unless somebody of the session has taken it in. */
static void adopted(void)
{
    int ends[2], status;
    pid_t orphan = 0;

    take();
    clear_modes(pair.slave, 0, ECHO);
    type(pair.master, "a line\n");
    (void)!pipe(ends);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t group = leave_orphan(ends[1]);
    (void)!read(ends[0], &orphan, sizeof(orphan));
    waitpid(orphan, &status, WUNTRACED);
    say_status("the orphan", status);
    tcsetpgrp(pair.slave, group);
    kill(orphan, SIGCONT);
    waitpid(orphan, &status, WUNTRACED);
    say_status("the orphan", status);
}

/* The master is closed: what the leader gets, and, when that ends, the group in the foreground. */
static void hang_up(void)
{
    int ends[2], status;
    char text[100];
    ssize_t count;

    section("a hang-up");
    pair = open_pair();
    (void)!pipe(ends);
    pid_t pid = fork();
    if (!pid) {
        close(pair.master);
        setsid();
        catch (SIGHUP);
        catch (SIGCONT);
        take();
        pid_t foreground = fork();
        setpgid(foreground, foreground);
        if (!foreground) {
            catch (SIGINT);
            (void)!write(ends[1], "r", 1);
            show_signals("the foreground, at first");
            for (int i = 0; i < 100 && !caught[SIGHUP]; i++)
                usleep(10000);
            usleep(20000);
            show_signals("the foreground, when the leader has gone");
            (void)!write(ends[1], "d", 1);
            _exit(0);
        }
        tcsetpgrp(pair.slave, foreground);
        show_signals("the leader");
        usleep(20000);
        show_stat("the leader");
        SHOW(open("/dev/tty", O_RDWR));
        SHOW(write(pair.slave, "x", 1));
        show_read("the end", pair.slave, 100);
        usleep(700000);
        _exit(3);
    }
    close(pair.slave);
    (void)!read(ends[0], text, 1);
    usleep(20000);
    close(pair.master);
    close(ends[1]);
    count = read(ends[0], text, sizeof(text));
    SHOW(count);
    waitpid(pid, &status, 0);
    say_status("the leader", status);
    close(ends[0]);
}

/* A leader that ends gives its terminal back, and the foreground is told. */
static void ends_at_once(void)
{
    take();
    clear_modes(pair.slave, 0, ECHO);
}

static void leader_ends(void)
{
    int status;

    section("a leader ends");
    pair = open_pair();
    pid_t pid = fork();
    if (!pid) {
        setsid();
        ends_at_once();
        _exit(0);
    }
    waitpid(pid, &status, 0);
    SHOW(tcgetsid(pair.master));
    SHOW(tcgetpgrp(pair.master));
    pid = fork();
    if (!pid) {
        setsid();
        take();
        show_stat("the next leader");
        _exit(0);
    }
    waitpid(pid, &status, 0);
    say_status("the next leader", status);
    close_pair(pair);
}

int main(void)
{
    in_session("taking a terminal", taking);
    in_session("inheriting it", inheriting);
    in_session("losing it", losing);
    in_session("keys", keys);
    in_session("the background", background);
    in_session("orphans", orphans);
    in_session("orphans taken in", adopted);
    hang_up();
    leader_ends();
    return 0;
}
