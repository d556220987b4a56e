// SPDX-License-Identifier: MIT
/*
 * Loading programs: static and static-PIE ELF64 executables (System V ABI, AMD64 supplement).
 *
 * The image is checked whole and a new address space is built beside the old one; only when
 * nothing can fail any more does the task change over. A segment that is executable and not
 * readable becomes execute-only memory, by key.
 */
#ifndef KERNEL_EXEC_H
#define KERNEL_EXEC_H

#include <stdbool.h>
#include <stddef.h>

struct file;

/* Largest sum of the strings and of their pointers, as Linux has it: a quarter of the stack. */
#define EXEC_ARGUMENTS_MAX (2ul << 20)

struct exec_arguments {
    char *strings; /* argv's, then envp's, each with its NUL */
    size_t size;   /* bytes of all of them */
    unsigned int argc, envc;
    const char *path;    /* for AT_EXECFN and the task's name */
    bool is_readable;    /* whoever executes the program may read it too */
    const char *problem; /* set when it fails: what is wrong with the file, in words, or NULL */
};

/*
 * Makes the running task this program: its frame starts it. The file's reference stays the
 * caller's. On an error the task is as before, unless memory ran out when the other threads had
 * ended already: then it has SIGKILL.
 * -ENOEXEC (not a program for this kernel; the console says why too), -EINVAL, -ENOMEM, -E2BIG,
 * -EIO, -EAGAIN (another thread ends the process, or is here too).
 */
int exec_file(struct file *file, struct exec_arguments *arguments);

#endif
