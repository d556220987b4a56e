// SPDX-License-Identifier: MIT
/*
 * What programs ask of a terminal, and get where there is none: isatty, tcgetattr and their kin on
 * files, pipes and devices; /dev/tty without a controlling terminal; the functions that only
 * compute.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

static void ask(const char *what, int fd)
{
    struct termios settings;
    struct winsize size;
    pid_t group = getpgrp();
    char name[64];
    int number;

    section(what);
    SHOW(isatty(fd));
    SHOW(tcgetattr(fd, &settings));
    memset(&settings, 0, sizeof(settings));
    SHOW(tcsetattr(fd, TCSANOW, &settings));
    SHOW(ioctl(fd, TIOCGWINSZ, &size));
    SHOW(ioctl(fd, TIOCSWINSZ, &size));
    SHOW(ioctl(fd, TIOCGPGRP, &number));
    SHOW(tcgetpgrp(fd));
    SHOW(tcsetpgrp(fd, group));
    SHOW(tcgetsid(fd));
    SHOW(ttyname_r(fd, name, sizeof(name)));
    SHOW(tcdrain(fd));
    SHOW(tcflush(fd, TCIOFLUSH));
    SHOW(tcflow(fd, TCOON));
    SHOW(tcsendbreak(fd, 0));
    SHOW(ioctl(fd, 0x12345678, &number));
    SHOW(ioctl(fd, TIOCNOTTY));
}

static void others(void)
{
    struct termios settings;
    char name[L_ctermid];
    int number = 1;
    int fd = open("file", O_RDWR | O_CREAT, 0600);

    section("other requests");
    SHOW(ioctl(fd, FIONBIO, &number));
    SHOW(fcntl(fd, F_GETFL) & O_NONBLOCK);
    SHOW(ioctl(fd, FIOCLEX));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(ioctl(fd, FIONCLEX));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(ioctl(fd, FIONBIO, nowhere));
    SHOW(ioctl(fd, FIONREAD, nowhere));
    SHOW(ioctl(99, FIONREAD, &number));
    SHOW(open("/dev/tty", O_RDWR));
    SHOW(strcmp(ctermid(name), "/dev/tty"));
    memset(&settings, 0, sizeof(settings));
    cfmakeraw(&settings);
    SHOW(settings.c_cflag & CS8);
    SHOW(cfsetspeed(&settings, B9600));
    SHOW(cfgetospeed(&settings) == B9600);
    SHOW(cfsetospeed(&settings, 12345));
    SHOW(ioctl(fd, TIOCSTI, "x"));
    SHOW(ioctl(fd, TIOCSCTTY, 0));
    close(fd);
}

int main(void)
{
    int ends[2], file;

    show_enter();
    file = open("regular", O_RDWR | O_CREAT, 0600);
    if (pipe(ends))
        return 1;
    ask("standard input", 0);
    ask("standard output", 1);
    ask("a file", file);
    ask("a directory", open(".", O_RDONLY));
    ask("a pipe", ends[0]);
    ask("/dev/null", open("/dev/null", O_RDWR));
    ask("/dev/zero", open("/dev/zero", O_RDWR));
    ask("no descriptor", 99);
    ask("a path", open(".", O_PATH));
    SHOW_CHILD(others());
    show_leave();
    return 0;
}
