// SPDX-License-Identifier: MIT
/*
 * The files that calls are aimed at: a folder for each worker with names that keep coming back,
 * and descriptors with known numbers.
 *
 * Every batch begins with the same descriptors open and the same names there; what the calls do to
 * them meanwhile is the point. Nothing outside the folder is ever changed: paths that a call may
 * make, remove or write begin in it, and ".." leads no further than the folders above it, which
 * are the fuzzer's too.
 */
#ifndef TESTS_FUZZ_FILES_H
#define TESTS_FUZZ_FILES_H

#include "tests/fuzz/call.h"

/* The descriptors at the beginning of a batch. */
enum descriptor {
    FD_FILE,
    FD_READ_ONLY,
    FD_APPEND,
    FD_DIRECTORY,
    FD_PATH, /* O_PATH */
    FD_PIPE_READ,
    FD_PIPE_WRITE,
    FD_ZERO,
    FD_FULL,
    FD_RANDOM,
    FD_TERMINAL, /* for reading, if there is one */
    FD_PROC,
    FD_EVENT,  /* eventfd */
    FD_TIMER,  /* timerfd */
    FD_SIGNAL, /* signalfd */
    FD_EPOLL,
    FD_SOCKET, /* a pair */
    FD_SOCKET_OTHER,
    FD_PROCESS, /* pidfd of the worker */
    FD_MASTER,  /* a pseudo-terminal that is nobody's controlling one */
    FD_SLAVE,
    FDS,
};

/* AF_UNIX and SOCK_STREAM, which are in no header that every C library and Linux share. */
#define SOCKET_UNIX   1
#define SOCKET_STREAM 1

#define FD_SPARE 24 /* the first one that calls may make and close */
#define FD_LAST  56

/* The folder that holds the workers' folders; before the first worker, and after the last. */
void files_create_root(const char *folder);
void files_remove_root(void);

/* For a worker: its folder becomes the working directory. number is the worker's. */
void files_start(unsigned int number);

/* At the beginning of a batch. */
void files_reset(void);

/* ---- generators ---- */

uint64_t fd_any(const struct use *use);
uint64_t fd_file(const struct use *use);     /* a regular file for reading and writing */
uint64_t fd_readable(const struct use *use); /* data without waiting, mostly */
uint64_t fd_writable(const struct use *use);
uint64_t fd_directory(const struct use *use); /* or AT_FDCWD */
uint64_t fd_process(const struct use *use);
uint64_t fd_spare(const struct use *use);  /* a new one, to be closed */
uint64_t fd_target(const struct use *use); /* a number for dup2 to use */

uint64_t path_any(const struct use *use);       /* to look at: the rest of the system's too */
uint64_t path_own(const struct use *use);       /* there, of any kind */
uint64_t path_file(const struct use *use);      /* a regular file, or a link to one */
uint64_t path_directory(const struct use *use); /* a directory */
uint64_t path_empty_directory(const struct use *use);
uint64_t path_link(const struct use *use);
uint64_t path_new(const struct use *use); /* not there, mostly */
uint64_t path_program(const struct use *use);

/* ---- what calls leave behind ---- */

/* A call has made a descriptor: those that are too many are closed. */
void after_fd(const struct use *use, long result);

#endif
