// SPDX-License-Identifier: MIT
/*
 * Opening: from a path or a node to a struct file.
 *
 * This room owns opening and the calls on one open file, by its operations (kernel/file/file.h). It
 * leaves what is behind a special file, and requests common to all files, to rooms above; calls on
 * names to fs/tree/, on descriptors to fs/more/.
 */
#ifndef FS_OPEN_OPEN_H
#define FS_OPEN_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/openat2.h>

#include "arch/cpu/attach.h"
#include "fs/node/path.h"
#include "kernel/file/file.h"

/* The supported flags; with O_PATH only PATH_FLAGS count. */
#define OPEN_FLAGS                                                                        \
    (O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | \
     O_DSYNC | FASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME |   \
     O_CLOEXEC | O_PATH | __O_TMPFILE)
#define PATH_FLAGS     (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define OPEN_MODE_BITS 07777 /* permissions, and S_ISUID, S_ISGID and S_ISVTX */

/* Provided: permission bits that a file made by the running task does not get. */
#define UMASK_FIRST 022
unsigned int task_umask(void);

/* -EINVAL for flags that contradict each other: open() makes no directories, for one. Else 0. */
long open_check(const struct open_how *how);

/* Opens a path in user space, from a descriptor's directory, at a new descriptor. */
long open_at(int directory, uintptr_t user_path, struct open_how *how);

/*
 * Opens a path that starts at base as openat2() would; how->mode is a new file's, without what the
 * umask forbids. The file has one reference. Errors are openat2()'s.
 */
int open_path(struct node *base, const char *path, const struct open_how *how, struct file **file);

/*
 * Opens a node without asking whether the task may; flags are open()'s, of which those about names
 * and creation have no effect.
 */
int open_node(struct node *node, unsigned int flags, struct file **file);

/* The same, but the caller has also checked the flags. */
int open_checked(struct node *node, unsigned int flags, struct file **file);

/* RESOLVE_* of openat2(), as flags of the walk. */
static inline enum path_flags path_resolve_flags(const struct open_how *how)
{
    return how->resolve << PATH_RESOLVE_SHIFT;
}

/*
 * Whether it is a regular file whose contents are pages of its own: then it can be copied, and
 * accepts O_DIRECT, since there is no cache to bypass.
 */
bool file_is_stored(const struct file *file);

/*
 * Moves bytes between a file and a buffer in user space, by file_read() or file_write(). As on
 * Linux the file is checked before the buffer. offset NULL: the file's own.
 */
typedef long (*file_transfer_t)(struct file *file, struct io_iter *iter, uint64_t *offset);
static inline long file_transfer_buffer(struct file *file, uintptr_t buffer, size_t count,
                                        uint64_t *offset, file_transfer_t transfer)
{
    struct iovec segment;
    struct io_iter iter;
    long error = transfer == file_read ? file_check_read(file) : file_check_write(file);

    if (!error)
        error = io_iter_buffer(&iter, &segment, buffer, count);
    return error ? error : transfer(file, &iter, offset);
}

/* The running task's file at a descriptor, with a reference, or NULL; and one not opened by O_PATH.
 */
struct file *fd_get_any(int fd);
struct file *fd_get(int fd);

/* ---- what rooms above are asked; the kernel lock is held, and no other ---- */

/* A regular file is about to be made in a directory: 0, or the errno that open() returns. */
EVENT(file_is_made, int, const struct node *directory);

/*
 * A special file, a device or a FIFO, is being opened; permission was checked. A room that knows
 * what is behind it sets file->operations, which are also used to put the file, even if the opening
 * fails; file->flags are those of open(), file->node is node. It may sleep. 0: not known; 1:
 * opened; or the errno that open() returns. If no room knows it: -ENXIO.
 */
EVENT(special_file_opens, int, struct node *node, struct file *file);

/*
 * O_TMPFILE: a new file without a name is to be opened, in the file system of a directory.
 * Arguments are open_path()'s. 1: it is *file; or the errno that open() returns. By default:
 * -EOPNOTSUPP.
 */
EVENT(nameless_file_opens, int, struct node *base, const char *path, const struct open_how *how,
      struct file **file);

#endif
