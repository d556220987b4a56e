// SPDX-License-Identifier: MIT
/*
 * Pseudo-terminals: making and naming them, bytes from end to end, settings and window sizes, what
 * is left when either end is closed, and packets.
 */
#include "tests/programs/terminal/pty.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define DEVPTS_MAGIC 0x1cd1

static void names(void)
{
    int lock = 0, number = -1, master = posix_openpt(O_RDWR | O_NOCTTY);
    struct stat status;
    struct statfs system;
    char name[64], wanted[64];

    section("names");
    SHOW(ioctl(master, TIOCGPTN, &number));
    SHOW(ptsname_r(master, name, sizeof(name)));
    snprintf(wanted, sizeof(wanted), "/dev/pts/%d", number);
    SHOW(!strcmp(name, wanted)); /* it is the slave's name */
    SHOW(open(name, O_RDWR | O_NOCTTY));
    SHOW(ioctl(master, TIOCGPTLCK, &lock));
    SHOW(lock);
    SHOW(grantpt(master));
    SHOW(unlockpt(master));
    SHOW(ioctl(master, TIOCGPTLCK, &lock));
    SHOW(lock);
    int slave = open(name, O_RDWR | O_NOCTTY);
    SHOW(isatty(master));
    SHOW(isatty(slave));
    SHOW(fstat(slave, &status));
    SHOW(S_ISCHR(status.st_mode));
    SHOW(major(status.st_rdev));
    SHOW(minor(status.st_rdev) == (unsigned int)number); /* the minor number is the slave's */
    SHOW(status.st_uid == geteuid());                    /* it is the opener's */
    SHOW(fstat(master, &status));
    SHOW(major(status.st_rdev));
    SHOW(minor(status.st_rdev));
    SHOW(ttyname_r(slave, name, sizeof(name)));
    SHOW(!strcmp(name, wanted)); /* it is the same name */
    SHOW(ptsname_r(slave, name, sizeof(name)));
    SHOW(statfs(wanted, &system));
    SHOW(system.f_type == DEVPTS_MAGIC);
    SHOW(close(master));
    SHOW(open(wanted, O_RDWR | O_NOCTTY));
    SHOW(access(wanted, F_OK));
    SHOW(fstat(slave, &status));
    SHOW(status.st_nlink);
    close(slave);
}

static void peers(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);

    section("the slave without its name");
    SHOW(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY));
    SHOW(unlockpt(master));
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    SHOW(fcntl(slave, F_GETFD));
    SHOW(fcntl(slave, F_GETFL) & O_ACCMODE);
    SHOW(isatty(slave));
    SHOW(ioctl(slave, TIOCGPTPEER, O_RDWR));
    SHOW(ioctl(slave, TIOCGPTN, nowhere));
    SHOW(ioctl(slave, TIOCSPTLCK, nowhere));
    SHOW(ioctl(master, TIOCGPTN, nowhere));
    SHOW(ioctl(master, TIOCSPTLCK, nowhere));
    close(slave);
    close(master);
}

/* Whoever is not root does not open it. */
static void exclusive(void)
{
    struct pair pair = open_pair();
    int value = -1;

    section("exclusive");
    if (!setuid(65534))
        errno = 0;
    SHOW(ioctl(pair.slave, TIOCEXCL));
    SHOW(ioctl(pair.slave, TIOCGEXCL, &value));
    SHOW(value);
    SHOW(ioctl(pair.master, TIOCGEXCL, &value));
    SHOW(value);
    SHOW(ioctl(pair.master, TIOCGPTPEER, O_RDWR | O_NOCTTY));
    SHOW(ioctl(pair.slave, TIOCNXCL));
    SHOW(ioctl(pair.master, TIOCGPTPEER, O_RDWR | O_NOCTTY) >= 0); /* it can be opened */
    close_pair(pair);
}

static void bytes(void)
{
    struct pair pair = open_pair();
    int count;

    section("bytes");
    show_poll("the master at first", pair.master, POLLIN | POLLOUT);
    show_poll("the slave at first", pair.slave, POLLIN | POLLOUT);
    type(pair.master, "one line\nand a bit");
    show_next("echo", pair.master);
    show_read("line", pair.slave, 4096);
    SHOW(ioctl(pair.slave, FIONREAD, &count));
    SHOW(count);
    type(pair.master, "\177\177\177tail\r");
    show_next("echo", pair.master);
    show_poll("a line", pair.slave, POLLIN);
    SHOW(ioctl(pair.slave, FIONREAD, &count));
    SHOW(count);
    show_read("the first half", pair.slave, 5);
    show_read("the second", pair.slave, 100);
    SHOW(write(pair.slave, "a\tb\nc\n", 6));
    show_poll("output", pair.master, POLLIN);
    SHOW(ioctl(pair.master, FIONREAD, &count));
    SHOW(count);
    show_read("three bytes of output", pair.master, 3);
    show_read("the rest", pair.master, 100);
    type(pair.master, "\004");
    show_read("end of file", pair.slave, 100);
    SHOW(fcntl(pair.master, F_SETFL, O_RDWR | O_NONBLOCK));
    SHOW(fcntl(pair.slave, F_SETFL, O_RDWR | O_NONBLOCK));
    show_read("nothing at the master", pair.master, 100);
    show_read("nothing at the slave", pair.slave, 100);
    SHOW(read(pair.slave, nowhere, 0));
    SHOW(write(pair.slave, nowhere, 5));
    SHOW(write(pair.master, nowhere, 5));
    SHOW(lseek(pair.master, 0, SEEK_CUR));
    SHOW(pread(pair.slave, &count, 1, 0));
    close_pair(pair);
}

static void raw(void)
{
    struct pair pair = open_pair();
    struct termios settings;
    int flags = fcntl(pair.slave, F_GETFL);

    section("raw");
    set_raw(pair.slave);
    type(pair.master, "\003\004\r\n\177x");
    show_read("every byte", pair.slave, 100);
    show_poll("no echo", pair.master, POLLIN);
    SHOW(write(pair.slave, "a\nb\tc", 5));
    show_read("as it is", pair.master, 100);
    tcgetattr(pair.master, &settings);
    SHOW(settings.c_lflag & (ICANON | ECHO));
    settings.c_cc[VMIN] = 0;
    settings.c_cc[VTIME] = 1;
    SHOW(tcsetattr(pair.master, TCSANOW, &settings));
    show_read("after a tenth of a second", pair.slave, 100);
    settings.c_cc[VMIN] = 4;
    settings.c_cc[VTIME] = 0;
    SHOW(tcsetattr(pair.master, TCSANOW, &settings));
    type(pair.master, "abc");
    show_poll("three of four bytes", pair.slave, POLLIN);
    type(pair.master, "de");
    show_poll("five of four", pair.slave, POLLIN);
    show_read("all of them", pair.slave, 100);
    fcntl(pair.slave, F_SETFL, flags | O_NONBLOCK);
    type(pair.master, "f");
    show_read("one that does not wait", pair.slave, 100);
    close_pair(pair);
}

static void settings(void)
{
    struct pair pair = open_pair();
    struct winsize size = {.ws_row = 11, .ws_col = 22, .ws_xpixel = 33, .ws_ypixel = 44};
    struct termios mine;
    int value = -1;

    section("settings");
    tcgetattr(pair.slave, &mine);
    say("flags %o %o %o %o", mine.c_iflag, mine.c_oflag, mine.c_cflag, mine.c_lflag);
    SHOW(cfgetospeed(&mine) == B38400);
    for (int i = 0; i < 17; i++)
        say("character %d is %d", i, mine.c_cc[i]);
    SHOW(ioctl(pair.slave, TIOCGWINSZ, &size));
    say("window %d %d %d %d", size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel);
    size = (struct winsize){11, 22, 33, 44};
    SHOW(ioctl(pair.master, TIOCSWINSZ, &size));
    memset(&size, 0, sizeof(size));
    SHOW(ioctl(pair.slave, TIOCGWINSZ, &size));
    say("window %d %d %d %d", size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel);
    SHOW(ioctl(pair.master, TIOCGWINSZ, nowhere));
    SHOW(ioctl(pair.master, TIOCSWINSZ, nowhere));
    SHOW(ioctl(pair.master, TIOCGETD, &value));
    SHOW(value);
    SHOW(tcgetpgrp(pair.master));
    SHOW(tcgetpgrp(pair.slave));
    SHOW(tcgetsid(pair.master));
    SHOW(tcgetsid(pair.slave));
    SHOW(tcsetpgrp(pair.slave, getpgrp()));
    SHOW(ioctl(pair.master, TIOCNOTTY));
    SHOW(ioctl(pair.slave, TIOCNOTTY));
    SHOW(tcdrain(pair.master));
    SHOW(tcdrain(pair.slave));
    SHOW(tcsendbreak(pair.slave, 0));
    SHOW(tcflush(pair.slave, 3));
    SHOW(tcflow(pair.slave, 4));
    SHOW(ioctl(pair.master, 0x12345678, &value));
    SHOW(ioctl(pair.slave, 0x12345678, &value));
    close_pair(pair);
}

/* The other layouts of settings, by bytes: the C libraries do not share them. */
#define GET_SETTINGS_2 0x802c542aul
#define SET_SETTINGS_2 0x402c542bul
#define GET_TERMIO     0x5405
#define SET_TERMIO     0x5406

static void show_settings(const char *what, int fd)
{
    uint32_t words[11] = {0};
    uint16_t halves[9] = {0};

    SHOW(ioctl(fd, GET_SETTINGS_2, words));
    say("%s: %o %o %o %o, speeds %u and %u", what, words[0], words[1], words[2], words[3], words[9],
        words[10]);
    SHOW(ioctl(fd, GET_TERMIO, halves));
    say("%s: %o %o %o %o, %o %o", what, halves[0], halves[1], halves[2], halves[3], halves[4],
        halves[8]);
}

static void layouts(void)
{
    struct pair pair = open_pair();
    struct termios settings;
    uint32_t words[11];
    uint16_t halves[9];

    section("layouts of settings");
    show_settings("at first", pair.slave);
    tcgetattr(pair.slave, &settings);
    cfsetspeed(&settings, B115200);
    settings.c_cflag = (settings.c_cflag & ~(tcflag_t)CSIZE) | CS7 | PARENB;
    SHOW(tcsetattr(pair.slave, TCSANOW, &settings));
    show_settings("another speed", pair.master);
    SHOW(ioctl(pair.slave, GET_SETTINGS_2, words));
    words[2] = (words[2] & ~0x100fu) | 0x1000;
    words[10] = 12345;
    SHOW(ioctl(pair.slave, SET_SETTINGS_2, words));
    show_settings("any speed", pair.slave);
    SHOW(ioctl(pair.slave, GET_TERMIO, halves));
    halves[0] = halves[3] = 0;
    halves[2] = 015 | 0400;
    SHOW(ioctl(pair.slave, SET_TERMIO, halves));
    show_settings("few flags", pair.slave);
    SHOW(ioctl(pair.slave, GET_SETTINGS_2, nowhere));
    SHOW(ioctl(pair.slave, SET_TERMIO, nowhere));
    close_pair(pair);
}

/* What comes of either end when the other is closed. */
static void closing(void)
{
    struct pair pair = open_pair();
    char name[64];
    int value;

    section("the slave is closed");
    ptsname_r(pair.master, name, sizeof(name));
    SHOW(write(pair.slave, "last words", 10));
    SHOW(close(pair.slave));
    show_poll("with output", pair.master, POLLIN | POLLOUT);
    show_read("the output", pair.master, 100);
    show_poll("without", pair.master, POLLIN | POLLOUT);
    show_read("nothing", pair.master, 100);
    SHOW(write(pair.master, "typed\n", 6));
    pair.slave = open(name, O_RDWR | O_NOCTTY);
    show_next("its echo, when it is open again", pair.master);
    show_poll("nothing is closed", pair.master, POLLIN | POLLOUT);
    show_read("what was typed", pair.slave, 100);
    section("the master is closed");
    type(pair.master, "never read\n");
    SHOW(close(pair.master));
    show_poll("the slave", pair.slave, POLLIN | POLLOUT);
    show_read("the end", pair.slave, 100);
    SHOW(write(pair.slave, "x", 1));
    SHOW(isatty(pair.slave));
    SHOW(ioctl(pair.slave, FIONREAD, &value));
    SHOW(tcsetpgrp(pair.slave, getpgrp()));
    SHOW(open(name, O_RDWR | O_NOCTTY));
    close(pair.slave);
}

/* Output stops and goes on; what waits is dropped. */
static void flow(void)
{
    struct pair pair = open_pair();
    int count;

    section("flow");
    type(pair.master, "\023abc");
    show_next("no echo while output is stopped", pair.master);
    type(pair.master, "\021");
    show_next("but then", pair.master);
    type(pair.master, "\025");
    show_next("taken back", pair.master);
    clear_modes(pair.slave, 0, ECHO);
    fcntl(pair.slave, F_SETFL, O_RDWR | O_NONBLOCK);
    fcntl(pair.master, F_SETFL, O_RDWR | O_NONBLOCK);
    type(pair.master, "\023");
    show_poll("stopped", pair.slave, POLLOUT);
    SHOW(write(pair.slave, "x", 1));
    type(pair.master, "\021");
    show_poll("started", pair.slave, POLLOUT);
    SHOW(write(pair.slave, "x", 1));
    show_next("output", pair.master);
    SHOW(tcflow(pair.slave, TCOOFF));
    SHOW(write(pair.slave, "y", 1));
    type(pair.master, "\021");
    SHOW(write(pair.slave, "y", 1));
    SHOW(tcflow(pair.slave, TCOON));
    SHOW(write(pair.slave, "y", 1));
    show_next("output", pair.master);
    SHOW(tcflow(pair.slave, TCIOFF));
    show_next("the character that stops", pair.master);
    SHOW(tcflow(pair.slave, TCION));
    show_next("and starts", pair.master);
    type(pair.master, "dropped\n");
    show_poll("a line", pair.slave, POLLIN);
    SHOW(tcflush(pair.slave, TCIFLUSH));
    show_read("is gone", pair.slave, 100);
    type(pair.master, "kept\n");
    show_poll("a line", pair.slave, POLLIN);
    SHOW(tcflush(pair.slave, TCOFLUSH));
    show_read("is there", pair.slave, 100);
    SHOW(write(pair.slave, "shown", 5));
    show_poll("output", pair.master, POLLIN);
    SHOW(tcflush(pair.master, TCIFLUSH));
    SHOW(ioctl(pair.master, FIONREAD, &count));
    SHOW(count);
    close_pair(pair);
}

static void packets(void)
{
    struct pair pair = open_pair();
    int on = 1, off = 0, value = -1;

    section("packets");
    clear_modes(pair.slave, 0, ECHO);
    SHOW(ioctl(pair.slave, TIOCPKT, &on));
    SHOW(ioctl(pair.master, TIOCPKT, nowhere));
    SHOW(ioctl(pair.master, TIOCPKT, &on));
    SHOW(ioctl(pair.master, TIOCGPKT, &value));
    SHOW(value);
    SHOW(write(pair.slave, "data", 4));
    show_read("data", pair.master, 100);
    SHOW(write(pair.slave, "data", 4));
    show_read("two bytes", pair.master, 2);
    show_read("the rest", pair.master, 100);
    SHOW(tcflush(pair.slave, TCIFLUSH));
    show_poll("input dropped", pair.master, POLLIN | POLLPRI);
    show_read("input dropped", pair.master, 100);
    SHOW(tcflush(pair.slave, TCIOFLUSH));
    show_read("both dropped", pair.master, 100);
    type(pair.master, "\023");
    show_read("stopped", pair.master, 100);
    type(pair.master, "\021");
    show_read("started", pair.master, 100);
    clear_modes(pair.slave, IXON, 0);
    show_read("no flow control", pair.master, 100);
    SHOW(tcflow(pair.slave, TCOOFF));
    show_read("stopped", pair.master, 100);
    SHOW(tcflow(pair.slave, TCOON));
    show_read("started", pair.master, 100);
    SHOW(ioctl(pair.master, TIOCPKT, &off));
    SHOW(write(pair.slave, "data", 4));
    show_next("no packets", pair.master);
    close_pair(pair);
}

/* A writer waits for a reader, and gets all across. */
static void much(void)
{
    enum {
        TOTAL = 100000
    };
    struct pair pair = open_pair();
    static char piece[1000];
    long total = 0, wrong = 0;
    pid_t pid;

    section("much");
    set_raw(pair.slave);
    pid = fork();
    if (!pid) {
        close(pair.master);
        for (int i = 0; i < TOTAL; i += (int)sizeof(piece)) {
            for (size_t j = 0; j < sizeof(piece); j++)
                piece[j] = (char)((i + (int)j) % 251);
            if (write(pair.slave, piece, sizeof(piece)) != sizeof(piece))
                _exit(1);
        }
        _exit(0);
    }
    close(pair.slave);
    for (ssize_t got; (got = read(pair.master, piece, sizeof(piece))) > 0; total += got)
        for (ssize_t j = 0; j < got; j++)
            wrong += piece[j] != (char)((total + j) % 251);
    SHOW(errno == EIO);
    SHOW(total);
    SHOW(wrong);
    show_end("the writer", pid);
    close(pair.master);
}

int main(void)
{
    show_enter();
    names();
    peers();
    in_child("a child", exclusive);
    bytes();
    raw();
    settings();
    layouts();
    closing();
    flow();
    packets();
    much();
    show_leave();
    return 0;
}
