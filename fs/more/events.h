// SPDX-License-Identifier: MIT
/*
 * What rooms above are told of files and asked about them (arch/cpu/attach.h).
 */
#ifndef FS_MORE_EVENTS_H
#define FS_MORE_EVENTS_H

#include <stdint.h>

#include "arch/cpu/attach.h"

struct file;
struct node;

/*
 * The running task writes to a regular file, or changes its size: a program in it would be another
 * one. The kernel lock is held. It may not fail.
 */
EVENT(content_changes, void, struct node *node);

/* A command of fcntl(), as the task gave it. */
struct file_command {
    struct file *file; /* not opened by O_PATH */
    int fd;            /* at which it was found */
    unsigned int number;
    uint64_t argument;
};

/*
 * fcntl() has a command that is about what only some files have, or what a room above keeps. Who
 * knows the command carries it out and gives what fcntl() returns. It may sleep.
 * 0: it does not know it; 1: it does. If nobody knows: -EINVAL.
 */
EVENT(file_is_commanded, int, const struct file_command *command, long *result);

#endif
