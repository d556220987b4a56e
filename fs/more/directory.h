// SPDX-License-Identifier: MIT
/*
 * Reading directories: the records of getdents64 and getdents.
 */
#ifndef FS_MORE_DIRECTORY_H
#define FS_MORE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/node/node.h"
#include "kernel/file/file.h"

/* Of a record, and of what they are put into. */
#define DIRECTORY_ALIGN 8

/* Records that wait to be copied to the reader. */
struct directory_buffer {
    char *bytes; /* aligned to DIRECTORY_ALIGN */
    size_t size;
    size_t used;
    bool is_full; /* an entry did not fit */
};

struct directory_entry {
    uint64_t inode;
    uint32_t mode;   /* S_IFMT says the type */
    uint64_t offset; /* of the entry after this one */
    const char *name;
    size_t length;
};

/* Adds a record; false when there is no room for it. */
bool directory_add(struct directory_buffer *buffer, const struct directory_entry *entry);

/* Where a reader of tmpfs is that has seen all: it sees no names that are made later. */
#define DIRECTORY_END INT32_MAX

/*
 * "." and "..", as far as *position has not passed them, and moves it on; false when there is no
 * room. The directory's parent must not change meanwhile.
 */
bool directory_add_dots(struct node *directory, uint64_t *position,
                        struct directory_buffer *buffer);

/* How the records of a directory are laid out: they are equally large. */
enum directory_format {
    DIRECTORY_64,  /* getdents64: d_type stands before d_name */
    DIRECTORY_OLD, /* getdents: in the last byte of the record */
};

/*
 * Fills up to the iter's size with records of an open directory, from file->offset on, which moves:
 * bytes, -EINVAL when not even one fits, -ENOENT, -EFAULT, -ENOMEM.
 */
long directory_read(struct file *file, struct io_iter *to, enum directory_format format);

#endif
