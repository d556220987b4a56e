// SPDX-License-Identifier: MIT
/*
 * What is told about files: struct stat.
 */
#ifndef FS_MORE_STATUS_H
#define FS_MORE_STATUS_H

#include <stdint.h>

#include <asm/stat.h>

struct file;
struct file_system;
struct node;

/* Of what is in no tree: pipes, and files of kinds that have one of their own on Linux. */
extern const struct file_system nameless_file_system;

/* Fills the whole structure. */
void node_status(struct node *node, struct stat *status);

/* What fstat() says of any file. */
int file_status(struct file *file, struct stat *status);

/*
 * The same of the file that a path of user space leads to, or with AT_EMPTY_PATH and an empty path
 * of the descriptor. flags may have AT_SYMLINK_NOFOLLOW, too.
 */
long path_status(int fd, uintptr_t user_path, unsigned int flags, struct stat *status);
long status_put(uintptr_t address, const struct stat *status);

#endif
