// SPDX-License-Identifier: MIT
/*
 * What the programs about terminals share: a pseudo-terminal, of which the program has the master,
 * and how they show the bytes that come out of it.
 */
#ifndef TESTS_PROGRAMS_TERMINAL_PTY_H
#define TESTS_PROGRAMS_TERMINAL_PTY_H

#include "tests/programs/show.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

struct pair {
    int master, slave;
};

/* Opens one, without making it the controlling terminal; blank input and output processing. */
static inline struct pair open_pair(void)
{
    struct pair pair = {.master = posix_openpt(O_RDWR | O_NOCTTY)};

    if (pair.master < 0 || grantpt(pair.master) || unlockpt(pair.master)) {
        perror("posix_openpt");
        exit(125);
    }
    pair.slave = open(ptsname(pair.master), O_RDWR | O_NOCTTY);
    return pair;
}

static inline void close_pair(struct pair pair)
{
    close(pair.slave);
    close(pair.master);
}

/* Clears flags of the input and of the local modes. */
static inline void clear_modes(int fd, tcflag_t input, tcflag_t local)
{
    struct termios settings;

    tcgetattr(fd, &settings);
    settings.c_iflag &= ~input;
    settings.c_lflag &= ~local;
    tcsetattr(fd, TCSANOW, &settings);
}

static inline void set_raw(int fd)
{
    struct termios settings;

    tcgetattr(fd, &settings);
    cfmakeraw(&settings);
    tcsetattr(fd, TCSANOW, &settings);
}

/* Says what poll() finds, once it finds any of what is asked for or half a second has gone by. */
static inline void show_poll(const char *what, int fd, short events)
{
    static const struct {
        short event;
        const char *name;
    } names[] = {{POLLIN, " in"},   {POLLPRI, " pri"}, {POLLOUT, " out"},
                 {POLLERR, " err"}, {POLLHUP, " hup"}, {POLLNVAL, " nval"}};
    struct pollfd ready = {.fd = fd, .events = events};
    char text[64] = "";

    poll(&ready, 1, 500);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (ready.revents & names[i].event)
            strcat(text, names[i].name);
    say("%s:%s", what, *text ? text : " nothing");
}

/* Says what was read, with what cannot be printed as numbers. */
static inline void show_bytes(const char *what, const char *bytes, ssize_t count)
{
    char text[400] = "";

    for (ssize_t i = 0; i < count && strlen(text) < sizeof(text) - 5; i++)
        sprintf(text + strlen(text), bytes[i] >= ' ' && bytes[i] < 127 ? "%c" : "<%02x>",
                (unsigned char)bytes[i]);
    say("%s: %zd \"%s\"", what, count, text);
}

/* Says what one read gives. */
static inline void show_read(const char *what, int fd, size_t size)
{
    char bytes[4096];
    ssize_t count = read(fd, bytes, size < sizeof(bytes) ? size : sizeof(bytes));

    if (count < 0)
        say("%s: %s", what, strerror(errno));
    else
        show_bytes(what, bytes, count);
}

/* Says what comes, in however many pieces, within half a second and until nothing more does. */
static inline void show_next(const char *what, int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    char bytes[4096];
    size_t count = 0;
    ssize_t got = 1;

    while (got > 0 && poll(&ready, 1, count ? 50 : 500) == 1) {
        got = read(fd, bytes + count, sizeof(bytes) - count);
        count += got > 0 ? (size_t)got : 0;
    }
    if (count || got > 0)
        show_bytes(what, bytes, (ssize_t)count);
    else
        say("%s: %s", what, got ? strerror(errno) : "the end");
}

static inline void type(int master, const char *text)
{
    if (write(master, text, strlen(text)) != (ssize_t)strlen(text))
        say("cannot write to the master: %s", strerror(errno));
}

#endif
