// SPDX-License-Identifier: MIT
/*
 * Locks that processes put on files to tell each other: of bytes, by fcntl(), and of whole files,
 * by flock(). They bind only those who ask for them.
 *
 * The locks of a file hang in a list of its node, or in its own if it has none. A lock of bytes
 * belongs to a process (that is, to its descriptor table) or to an open file, one of a whole file
 * always to an open file. The two kinds take no notice of each other. The kernel lock covers all of
 * it.
 *
 * The room owns these locks and the calls on them. It is told when a file is let go
 * (kernel/file/file.h); locks on regions of memory are futexes (kernel/futex/).
 */
#ifndef FS_LOCK_FILE_LOCK_H
#define FS_LOCK_FILE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <bsd/sys/queue.h>

#include "fs/node/node.h"
#include "kernel/file/file.h"

#define FILE_LOCK_END    ((uint64_t)INT64_MAX) /* the end of a lock that reaches to any end */
#define FILE_LOCK_NO_PID (-1)                  /* an open file's lock */

struct file_lock {
    LIST_ENTRY(file_lock) link;
    const void *owner;   /* a struct file_table or a struct file */
    int pid;             /* for F_GETLK; FILE_LOCK_NO_PID */
    short type;          /* F_RDLCK, F_WRLCK; F_UNLCK in requests only */
    bool whole;          /* of flock() */
    uint64_t start, end; /* the first and the last byte */
    uint64_t number;     /* no two that were set have the same; parts of one lock do */
};

/* Where the locks on a file hang. */
struct file_lock_list *file_locks(struct file *file);

/* A lock that stands in the way of a request, or NULL. */
const struct file_lock *file_lock_conflict(const struct file_lock_list *list,
                                           const struct file_lock *request);

/*
 * Sets or removes what the request says; its owner's locks of the same bytes give way. Waits for
 * others' if wait: -EAGAIN, -ERESTARTSYS, -ENOLCK; -EDEADLK where the wait for a process's lock
 * would close a cycle. What lets go of whole locks never fails. Whoever waited looks again whether
 * the owner still has the file.
 */
int file_lock_set(struct file_lock_list *list, const struct file_lock *request, bool wait);

/* Removes all locks of an owner. */
void file_lock_remove_owner(struct file_lock_list *list, const void *owner);

#endif
