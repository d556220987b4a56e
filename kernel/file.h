// SPDX-License-Identifier: MIT
/*
 * Open files and descriptor tables: what a task holds, and what any kind of file must do.
 *
 * fs/ implements the kinds. A struct file is an open file description as POSIX has it: shared by
 * the descriptors that dup() and fork() make of it, with one offset.
 */
#ifndef KERNEL_FILE_H
#define KERNEL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/stat.h>
#include <linux/types.h>

#include "arch/spinlock.h"
#include "kernel/io_iter.h"

struct file;
struct memory_object;

struct file_operations {
    /*
     * Bytes moved (short at end of file or when the iter refused after some bytes), or a negative
     * errno: -EFAULT when it refused at once. offset is where to start, for seekable files.
     * NULL: -EINVAL. They may sleep; -EINTR (as -ERESTARTSYS) when a signal ends the wait.
     */
    long (*read)(struct file *file, struct io_iter *to, uint64_t offset);
    long (*write)(struct file *file, struct io_iter *from, uint64_t offset);
    int (*status)(struct file *file, struct stat *status);
    /* The new offset, or -ESPIPE (also when NULL). */
    long (*seek)(struct file *file, long offset, int whence);
    /* argument as user space gave it. NULL: -ENOTTY. */
    long (*ioctl)(struct file *file, unsigned int request, uintptr_t argument);
    /* Fills up to the iter's size with linux_dirent64 records. NULL: -ENOTDIR. */
    long (*directory)(struct file *file, struct io_iter *to);
    /* POLLIN, POLLOUT ... that hold now. NULL: always readable and writable. */
    unsigned int (*poll)(struct file *file);
    /* The pages to map, with no reference taken. NULL: -ENODEV from mmap. */
    struct memory_object *(*object)(struct file *file);
    /* The last reference is gone. */
    void (*release)(struct file *file);
};

struct file {
    const struct file_operations *operations;
    uint32_t references;
    unsigned int flags; /* O_ACCMODE, O_APPEND, O_NONBLOCK */
    uint64_t offset;
    bool seekable; /* read and write use and move offset */
    void *node;    /* fs/'s own */
};

#define FILES_MAX 256 /* RLIMIT_NOFILE */

struct file_table {
    uint32_t references;
    struct spinlock lock;
    struct file *files[FILES_MAX];
    uint64_t close_on_exec[FILES_MAX / 64];
};

/* A file with one reference, or NULL. node's ownership passes to it. */
struct file *file_create(const struct file_operations *operations, unsigned int flags, void *node);
void file_get(struct file *file);
void file_put(struct file *file);

/* Reads from a file into kernel memory: bytes read, or a negative errno. */
long file_read_kernel(struct file *file, void *buffer, size_t size, uint64_t offset);

/* Whether a file was opened for reading, for writing. */
bool file_is_readable(const struct file *file);
bool file_is_writable(const struct file *file);

struct file_table *file_table_create(void);
/* A copy for fork(): the same files, one more reference each. NULL when memory is out. */
struct file_table *file_table_copy(struct file_table *table);
void file_table_put(struct file_table *table);
void file_table_close_on_exec(struct file_table *table);

/* Puts a file (taking over the caller's reference) at the lowest free descriptor >= lowest. */
int file_table_add(struct file_table *table, struct file *file, int lowest, bool close_on_exec);
/* Puts it at exactly this descriptor, closing what was there. */
int file_table_set(struct file_table *table, int fd, struct file *file, bool close_on_exec);
/* The file at a descriptor with a reference for the caller, or NULL (EBADF). */
struct file *file_table_get(struct file_table *table, int fd);
/* Takes it out; 0 or -EBADF. */
int file_table_close(struct file_table *table, int fd);

#endif
