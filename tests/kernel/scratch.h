// SPDX-License-Identifier: MIT
/*
 * For tests of fs/: cpio archives made in memory, and scratch directories that leave nothing
 * behind.
 */
#ifndef TESTS_KERNEL_SCRATCH_H
#define TESTS_KERNEL_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

#include "fs/node/node.h"

#define ARCHIVE_SIZE 8192

struct archive {
    char bytes[ARCHIVE_SIZE];
    size_t size;
    unsigned int entries;
};

/* One entry of an archive; what is 0 or NULL is so in the archive too. */
struct archive_file {
    const char *name;
    uint32_t mode;
    const char *data; /* a string */
    uint32_t inode;   /* 0: one of its own */
    uint32_t links;
};

void archive_add(struct archive *archive, const struct archive_file *file);

/* The trailer, and NULs up to a multiple of 512 bytes. */
void archive_end(struct archive *archive);

/* An empty tmpfs of its own, and its end with all that is in it. */
struct node *scratch_create(void);
void scratch_free(struct node *root);

/* The content of the file at a path, which must fit; as a string in a static buffer, or NULL. */
const char *scratch_read(struct node *root, const char *path);

#endif
