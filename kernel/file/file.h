// SPDX-License-Identifier: MIT
/*
 * Open files and descriptor tables: what a task holds, and what any kind of file must do.
 *
 * This room owns descriptors, references, offsets and waking those who wait for files. It leaves
 * what a file is, and how it is opened, to the rooms of fs/. A struct file is an open file
 * description as POSIX has it: shared by the descriptors that dup() and fork() make of it, with one
 * offset.
 */
#ifndef KERNEL_FILE_FILE_H
#define KERNEL_FILE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/fcntl.h>
#include <asm/stat.h>
#include <linux/types.h>

#include "arch/cpu/attach.h"
#include "arch/lock/spinlock.h"
#include "kernel/call/io_iter.h"
#include "kernel/task/wait_queue.h"

struct file;
struct footprint;
struct memory_object;
struct node;
struct task;

struct file_operations {
    /*
     * Returns the bytes moved (fewer at the end of file, or when the iter's memory was not
     * accessible further on), or a negative errno: -EFAULT when not even one could be moved.
     * *offset is where to start, and is advanced; offset is NULL for files that are not seekable.
     * May sleep; -ERESTARTSYS when a signal ends the wait. NULL: -EINVAL.
     */
    long (*read)(struct file *file, struct io_iter *to, uint64_t *offset);
    long (*write)(struct file *file, struct io_iter *from, uint64_t *offset);
    /* NULL: the node's. */
    int (*status)(struct file *file, struct stat *status);
    /* The new offset, or a negative errno. NULL: -ESPIPE. */
    long (*seek)(struct file *file, long offset, int whence);
    /* argument as user space gave it. NULL: -ENOTTY. */
    long (*ioctl)(struct file *file, unsigned int request, uintptr_t argument);
    /* POLLIN, POLLOUT ... that hold now. NULL: always readable and writable. */
    unsigned int (*poll)(struct file *file);
    /* The pages to map, with no reference taken. NULL: -ENODEV from mmap. */
    struct memory_object *(*object)(struct file *file);
    /*
     * The file is opened again through /proc/PID/fd, as made, with made->flags as requested: sets
     * made's operations and state. For files with a node the node is opened instead. NULL: -ENXIO.
     */
    int (*reopen)(struct file *file, struct file *made);
    /* Adds the pages that go free with the last reference; may not sleep. NULL: none. */
    void (*footprint)(struct file *file, struct footprint *footprint);
    /* The last reference is gone. NULL: nothing to do. */
    void (*release)(struct file *file);
    /* O_DIRECT may be set by F_SETFL, though there is no page cache to bypass: pipes. */
    bool may_be_direct;
};

/*
 * Each field says which lock guards it, by the name that it has in docs/architecture.md, "Locks".
 * What is constant is set before anybody else knows of the file.
 */
struct file {
    const struct file_operations *operations; /* lock: none, constant */
    uint32_t references;                      /* lock: none, atomic */
    unsigned int flags;       /* lock: kernel; O_ACCMODE, O_APPEND ... as F_GETFL gives them */
    uint64_t offset;          /* lock: kernel; and offset_lock for who sleeps between its uses */
    struct mutex offset_lock; /* held while offset is used, by all but seek */
    bool seekable;      /* lock: none, constant; read and write use and move offset; pread works */
    bool has_addresses; /* lock: none, constant; offsets are addresses, beyond INT64_MAX too */
    /* lock: none, constant; the name's end, with a reference (fs/node/node.h); NULL: no name */
    struct node *node;
    void *state; /* lock: none; the kind's; its own */
};

#define FILES_MAX  4096 /* descriptors of a process; RLIMIT_NOFILE and nr_open may say less */
#define FILES_MIN  64   /* the lowest nr_open */
#define FILES_SOFT 1024 /* the first RLIMIT_NOFILE, for programs that use select() */

extern uint64_t nr_open; /* fs.nr_open: the largest RLIMIT_NOFILE, and a limit itself */

struct descriptor {
    struct file *file; /* with a reference, or NULL */
    bool close_on_exec;
};

struct file_table {
    uint32_t references;            /* lock: none, atomic */
    struct spinlock lock;           /* "file table" */
    unsigned int size;              /* lock: file table; of descriptors, grows as needed */
    struct descriptor *descriptors; /* lock: file table */
};

/* A file with one reference, or NULL. */
struct file *file_create(const struct file_operations *operations, unsigned int flags);
void file_get(struct file *file);
void file_put(struct file *file);

/*
 * A descriptor of the table owner was closed; or the file itself is freed, which is owner then. The
 * kernel lock is held. It may not fail.
 */
EVENT(file_is_released, void, struct file *file, const void *owner);

/* Whether a file was opened for reading, for writing. */
static inline bool file_is_readable(const struct file *file)
{
    return !(file->flags & (O_PATH | O_WRONLY));
}

static inline bool file_is_writable(const struct file *file)
{
    unsigned int mode = file->flags & (O_PATH | O_ACCMODE);

    return mode == O_WRONLY || mode == O_RDWR;
}

/* 0 if it can be read, or written; -EBADF if it was not opened for that; -EINVAL. */
static inline long file_check_read(const struct file *file)
{
    if (!file_is_readable(file))
        return -EBADF;
    return file->operations->read ? 0 : -EINVAL;
}

static inline long file_check_write(const struct file *file)
{
    if (!file_is_writable(file))
        return -EBADF;
    return file->operations->write ? 0 : -EINVAL;
}

/*
 * Call operations->read and write; the caller has made that check. offset NULL: at the file's own
 * offset, which is advanced.
 */
long file_read(struct file *file, struct io_iter *to, uint64_t *offset);
long file_write(struct file *file, struct io_iter *from, uint64_t *offset);

/* operations->seek of files that have no end: SEEK_SET and SEEK_CUR, else -EINVAL. */
long file_seek_without_end(struct file *file, long offset, int whence);

/* Reads from a file into kernel memory: bytes read, or a negative errno. */
long file_read_kernel(struct file *file, void *buffer, size_t size, uint64_t offset);

/*
 * Code that makes a file ready calls file_wake(): it wakes those who wait in the file's own queue,
 * and in file_events those who wait for any of several files (poll() and the like). Also called by
 * interrupt handlers.
 */
extern struct wait_queue file_events;
extern uint64_t file_wakes; /* how often that was */
void file_wake(struct wait_queue *queue);

/* RLIMIT_NOFILE of the running process: all its new descriptors are below this. */
int descriptor_limit(void);

/* An empty table with one reference, or NULL. */
struct file_table *file_table_create(void);
/* A copy for fork(): the same files, one more reference each. NULL when memory is out. */
struct file_table *file_table_copy(struct file_table *table);
/* Takes one more reference, to share the table. */
void file_table_share(struct file_table *table);
void file_table_put(struct file_table *table);
/* The running task gets a table of its own, with the same files: -ENOMEM. */
int unshare_files(void);
/* For exec: closes those with the flag. The table must be the caller's alone. */
void file_table_close_on_exec(struct file_table *table);

/*
 * Puts a file at the lowest free descriptor >= lowest and returns it; -EMFILE; -EINVAL for a lowest
 * beyond the limit. The caller's reference passes to the table, or is dropped.
 */
int file_table_add(struct file_table *table, struct file *file, int lowest, bool close_on_exec);
/* The file at a descriptor with a reference for the caller, or NULL (EBADF). */
struct file *file_table_get(struct file_table *table, int fd);
/* Closes a descriptor: 0 or -EBADF. */
int file_table_close(struct file_table *table, int fd);

/* For other changes to a table: its lock is held, but not for the last one. */
bool file_table_has_locked(const struct file_table *table, int fd);
/* Makes room for a descriptor below FILES_MAX: 0 or -ENOMEM. */
int file_table_grow_locked(struct file_table *table, int fd);
/* Drops the reference of a descriptor that was taken out. */
void file_table_put_closed(struct file_table *table, struct file *file);

#endif
