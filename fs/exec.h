// SPDX-License-Identifier: MIT
/*
 * From a path to a running program: finds the file, goes through the interpreters of scripts,
 * and hands it to kernel/exec.h.
 */
#ifndef FS_EXEC_H
#define FS_EXEC_H

#include "fs/node.h"
#include "kernel/exec.h"

/*
 * Makes the running task the program at the path. arguments->strings is of kmalloc(); for a
 * script it is replaced by what the interpreter gets, and is the caller's to free in any case.
 * Errors are execve()'s, and the task is as before: those of path_lookup(); -EACCES when it is
 * no regular file or not executable; -ELOOP for too many interpreters; those of exec_file().
 */
int exec_path(struct node *base, const char *path, struct exec_arguments *arguments);

#endif
