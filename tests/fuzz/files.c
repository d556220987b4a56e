// SPDX-License-Identifier: MIT
#include "tests/fuzz/files.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <asm/ioctls.h>

#include "tests/fuzz/arena.h"
#include "tests/fuzz/random.h"
#include "tests/fuzz/tree.h"

#define PATH_SIZE 256
#define NAME_SIZE 64
#define LONG_FILE (UINT64_C(64) << 10) /* bytes of f0, most of them a hole */

/* The workers' folders are two levels below the root, so that ".." stays in it. */
static char root[PATH_SIZE];
static char own_folder[PATH_SIZE + NAME_SIZE];
static char program[PATH_SIZE]; /* this program */

/* ---- folders ---- */

static void make_folder(const char *below_root)
{
    char path[PATH_SIZE + NAME_SIZE];

    snprintf(path, sizeof(path), "%s%s", root, below_root);
    KERNEL(mkdir, path, 0777);
}

void files_create_root(const char *folder)
{
    long length = KERNEL(readlink, "/proc/self/exe", program, sizeof(program) - 1);

    if (is_error(length))
        strcpy(program, "/run/program"); /* where tools/run puts it */
    else
        program[length] = '\0';
    snprintf(root, sizeof(root), "%s/fuzz", folder);
    make_folder("");
    make_folder("/a");
    make_folder("/a/b");
}

void files_remove_root(void)
{
    KERNEL(chdir, "/");
    tree_remove(AT_FDCWD, root);
}

void files_start(unsigned int number)
{
    snprintf(own_folder, sizeof(own_folder), "%s/a/b/w%u", root, number);
    KERNEL(mkdir, own_folder, 0777);
    KERNEL(chdir, own_folder);
}

static void put_file(const char *name, int mode, const char *text)
{
    long fd = KERNEL(open, name, O_CREAT | O_RDWR | O_NONBLOCK, mode);

    KERNEL(write, fd, text, strlen(text));
    KERNEL(close, fd);
}

/* Whatever of the folder is not there any more. */
static void put_names(void)
{
    for (char name[] = "f0"; name[1] < '4'; name[1]++)
        put_file(name, 0666, "bytes of a file, and some more of them\n");
    KERNEL(truncate, "f0", LONG_FILE);
    KERNEL(mkdir, "d0", 0777);
    KERNEL(mkdir, "d1", 0777);
    KERNEL(mkdir, "d2", 0777);
    put_file("d0/f0", 0666, "in a directory\n");
    KERNEL(symlink, "f0", "l0");
    KERNEL(symlink, "missing", "l1");
    KERNEL(symlink, "l2", "l2");
    KERNEL(symlink, "d0", "l3");
    KERNEL(symlink, program, "program");
    KERNEL(mknod, "p0", 0010666, 0);
    put_file("script", 0777, "#!program --exit\n");
    put_file("junk", 0777, "\177ELF and nothing that follows from it");
}

/* Opens something at a number: nothing else is open when this begins. */
static void put_descriptor(int number, const char *path, int flags)
{
    long fd = KERNEL(open, path, flags | O_NONBLOCK, 0666);

    if (is_error(fd))
        fd = KERNEL(open, "f1", O_RDONLY | O_NONBLOCK); /* it may be a FIFO by now */
    if (fd != number) {
        KERNEL(dup2, fd, number);
        KERNEL(close, fd);
    }
}

static void put_terminal(void)
{
    static const int unlocked = 0;

    put_descriptor(FD_MASTER, "/dev/ptmx", O_RDWR | O_NOCTTY);
    KERNEL(ioctl, FD_MASTER, TIOCSPTLCK, &unlocked);
    KERNEL(ioctl, FD_MASTER, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK);
    KERNEL(write, FD_MASTER, "a line to be read from a terminal\n", 34);
}

static void put_descriptors(void)
{
    static const uint64_t signals = UINT64_C(1) << (SIGUSR1 - 1);
    int ends[2];

    KERNEL(close_range, 0, ~0u, 0);
    put_descriptor(FD_FILE, "f0", O_RDWR | O_CREAT);
    put_descriptor(FD_READ_ONLY, "f1", O_RDONLY);
    put_descriptor(FD_APPEND, "f2", O_RDWR | O_APPEND);
    put_descriptor(FD_DIRECTORY, ".", O_RDONLY | O_DIRECTORY);
    put_descriptor(FD_PATH, "d0", O_PATH);
    KERNEL(pipe2, ends, 0);
    KERNEL(write, FD_PIPE_WRITE, "some bytes to be read from a pipe", 33);
    put_descriptor(FD_ZERO, "/dev/zero", O_RDWR);
    put_descriptor(FD_FULL, "/dev/full", O_RDWR);
    put_descriptor(FD_RANDOM, "/dev/urandom", O_RDONLY);
    put_descriptor(FD_TERMINAL, "/dev/tty", O_RDONLY);
    put_descriptor(FD_PROC, "/proc/self/maps", O_RDONLY);
    KERNEL(eventfd2, 1, O_NONBLOCK);
    KERNEL(timerfd_create, 1 /* CLOCK_MONOTONIC */, O_NONBLOCK);
    KERNEL(signalfd4, -1, &signals, sizeof(signals), O_NONBLOCK);
    KERNEL(epoll_create1, 0);
    KERNEL(socketpair, SOCKET_UNIX, SOCKET_STREAM | O_NONBLOCK, 0, ends);
    KERNEL(write, FD_SOCKET, "some bytes to be read from a socket", 35);
    KERNEL(pidfd_open, own_pid(), 0);
    put_terminal();
}

void files_reset(void)
{
    KERNEL(umask, 022);
    if (one_in(8)) {
        KERNEL(chdir, "/");
        tree_remove(AT_FDCWD, own_folder);
        KERNEL(mkdir, own_folder, 0777);
    }
    KERNEL(chdir, own_folder);
    put_names();
    put_descriptors();
}

/* ---- generators of descriptors ---- */

uint64_t fd_any(const struct use *use)
{
    (void)use;
    return one_in(16) ? random_below(1100) : random_below(FDS);
}

static uint64_t mostly(uint64_t fd, const struct use *use)
{
    return one_in(6) ? fd_any(use) : fd;
}

uint64_t fd_file(const struct use *use)
{
    return mostly(one_in(4) ? FD_APPEND : FD_FILE, use);
}

uint64_t fd_readable(const struct use *use)
{
    static const int fds[] = {FD_FILE, FD_READ_ONLY,    FD_PIPE_READ, FD_ZERO, FD_RANDOM,
                              FD_PROC, FD_SOCKET_OTHER, FD_MASTER,    FD_SLAVE};

    return mostly((uint64_t)PICK(fds), use);
}

uint64_t fd_writable(const struct use *use)
{
    static const int fds[] = {FD_FILE, FD_APPEND, FD_PIPE_WRITE, FD_ZERO,
                              FD_FULL, FD_SOCKET, FD_MASTER,     FD_SLAVE};

    return mostly((uint64_t)PICK(fds), use);
}

uint64_t fd_directory(const struct use *use)
{
    static const int fds[] = {FD_DIRECTORY, FD_DIRECTORY, FD_PATH, AT_FDCWD};

    return mostly((uint64_t)PICK(fds), use);
}

uint64_t fd_process(const struct use *use)
{
    return one_in(6) ? fd_any(use) : FD_PROCESS;
}

uint64_t fd_spare(const struct use *use)
{
    long fd = KERNEL(dup, random_below(FDS));

    return is_error(fd) || one_in(6) ? fd_any(use) : (uint64_t)fd;
}

uint64_t fd_target(const struct use *use)
{
    return one_in(8) ? fd_any(use) : FD_SPARE + random_below(FD_LAST - FD_SPARE);
}

void after_fd(const struct use *use, long result)
{
    (void)use;
    if (result > FD_LAST || (result >= FDS && one_in(2)))
        KERNEL(close, result);
}

/* ---- generators of paths ---- */

static uint64_t path(const char *text)
{
    char *copy = scratch_take(strlen(text) + 1);

    strcpy(copy, text);
    return (uint64_t)copy;
}

/* Names that no call can do much with, or that end in odd ways. */
static uint64_t path_odd(void)
{
    static const char *const paths[] = {
        "", ".", "./", "l2", "l1", "f0/", "f0/x", "d0/", "d0//f0", "missing/x", "l3/../f0", "d0/..",
    };
    char *text;
    size_t length;

    if (!one_in(3))
        return path(PICK(paths));
    length = one_in(2) ? 250 + random_below(12) : 4090 + random_below(12);
    text = scratch_take(length + 1);
    memset(text, 'x', length);
    for (size_t i = 200; length > 300 && i < length; i += 200)
        text[i] = '/';
    return (uint64_t)text;
}

uint64_t path_file(const struct use *use)
{
    static const char *const paths[] = {"f0", "f1", "f2", "f3", "d0/f0", "l0"};

    return use->wild && one_in(3) ? path_odd() : path(PICK(paths));
}

uint64_t path_directory(const struct use *use)
{
    static const char *const paths[] = {"d0", "d1", "d2", "l3", "."};

    return use->wild && one_in(3) ? path_odd() : path(PICK(paths));
}

uint64_t path_empty_directory(const struct use *use)
{
    return one_in(4) ? path_own(use) : path(one_in(2) ? "d1" : "d2");
}

uint64_t path_link(const struct use *use)
{
    static const char *const paths[] = {"l0", "l1", "l2", "l3", "program", "/proc/self/exe"};

    return one_in(5) ? path_own(use) : path(PICK(paths));
}

uint64_t path_own(const struct use *use)
{
    static const char *const others[] = {"d0", "d1", "l0", "l3", "p0", "junk", "."};

    if (use->wild && one_in(3))
        return path_odd();
    return one_in(2) ? path_file(use) : path(PICK(others));
}

uint64_t path_new(const struct use *use)
{
    static const char *const folders[] = {"", "", "d0/", "d1/", "l3/"};
    char name[NAME_SIZE];

    if (use->wild && one_in(3))
        return one_in(2) ? path_odd() : path_own(use);
    snprintf(name, sizeof(name), "%sn%u", PICK(folders), (unsigned int)random_below(16));
    return path(name);
}

uint64_t path_any(const struct use *use)
{
    static const char *const paths[] = {
        "/",
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/proc",
        "/proc/self",
        "/proc/self/maps",
        "/proc/self/smaps",
        "/proc/self/status",
        "/proc/self/stat",
        "/proc/self/fd",
        "/proc/self/cmdline",
        "/proc/self/environ",
        "/proc/meminfo",
        "/proc/cpuinfo",
        "/proc/mounts",
        "/sys/kernel/mm/hugepages",
        "..",
    };

    return one_in(3) ? path(PICK(paths)) : path_own(use);
}

uint64_t path_program(const struct use *use)
{
    static const char *const paths[] = {"program", "program", "script", "junk", "f0", "d0"};

    return use->wild && one_in(3) ? path_own(use) : path(PICK(paths));
}
