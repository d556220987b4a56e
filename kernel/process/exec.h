// SPDX-License-Identifier: MIT
/*
 * Loading ELF64 programs (System V ABI, AMD64 supplement). The image is checked whole and a new
 * address space is built beside the old one; the task switches over only when nothing can fail any
 * more. A segment that is executable and not readable becomes execute-only memory, by key.
 */
#ifndef KERNEL_PROCESS_EXEC_H
#define KERNEL_PROCESS_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/elf.h>

struct address_space;
struct file;
struct node;

/* Most bytes of strings and their pointers, as on Linux: a quarter of the stack. */
#define EXEC_ARGUMENTS_MAX (2ul << 20)

struct exec_arguments {
    char *strings; /* argv's, then envp's, each with its NUL */
    size_t size;   /* bytes of all of them */
    unsigned int argc, envc;
    const char *path;          /* for AT_EXECFN and the task's name */
    unsigned int interpreters; /* followed so far, each named by the one before */
    bool is_readable;          /* the caller may read the program, not only run it */
    const char *problem; /* set when it fails: what is wrong with the file, in words, or NULL */
};

/*
 * Makes the running task run this program: its frame is set to the entry point. The caller keeps
 * its reference to the file. On an error the task is as before, unless memory ran out after the
 * other threads had ended: then it has been sent SIGKILL. -ENOEXEC (not a program for this kernel;
 * the console says why too), -EINVAL, -ENOMEM, -E2BIG, -EIO, -EAGAIN (another thread is ending the
 * process, or is in exec too).
 */
int exec_file(struct file *file, struct exec_arguments *arguments);

/*
 * The same for a node that a path has led to. arguments->strings comes from kmalloc(), may be
 * replaced, and is always the caller's to free. Also -EACCES, when it is no regular file or not
 * executable, and -ELOOP for too many interpreters.
 */
int exec_node(struct node *node, const char *path, struct exec_arguments *arguments);

/* The same with the arguments of execve(): -ELOOP for a symbolic link, -EFAULT. */
int exec_from_user(struct node *node, const char *path, uintptr_t argv, uintptr_t envp);

/* ---- the file: ELF64 (System V ABI, chapters 4 and 5) ---- */

#define ELF_HEADERS_MAX 64

struct elf_image {
    struct file *file;
    uint64_t file_size;
    Elf64_Phdr headers[ELF_HEADERS_MAX]; /* PT_LOAD: bytes of the file, then zeros */
    unsigned int header_count;
    uintptr_t bias;            /* added to every address; 0 unless position-independent */
    uintptr_t entry;           /* first instruction of the program, for AT_ENTRY */
    uintptr_t start, base;     /* first of all; of the interpreter, for AT_BASE, or 0 */
    uintptr_t end;             /* first page behind the last segment */
    uintptr_t headers_address; /* where they are mapped, for AT_PHDR; 0: nowhere */
};

/*
 * Reads the headers and checks them whole: what passes can be mapped. On an error *problem says
 * in words what is wrong. -ENOEXEC, -EIO.
 */
int elf_read(struct file *file, struct elf_image *image, const char **problem);

/* Maps the segments into an address space. -ENOMEM, -EEXIST. */
int elf_map(const struct elf_image *image, struct address_space *space);

/* ---- the stack ---- */

/*
 * The initial stack (System V ABI, AMD64 supplement, 3.4.1), from the top down:
 *
 *   STACK_TOP  8 zero bytes
 *              path, environment strings, argument strings
 *              "x86_64", 16 random bytes
 *              auxiliary vector, ending with AT_NULL
 *              environment pointers, NULL
 *              argument pointers, NULL
 *   RSP ->     argc                                          16-byte aligned
 */
struct stack_plan {
    uintptr_t path, strings, platform, random;
    uintptr_t rsp;
    size_t vector_bytes; /* argc, the pointers and the auxiliary vector */
};
#define AUXV_BYTES (21 * 2 * sizeof(uint64_t)) /* with AT_NULL */

/* Maps a new stack, as much as the arguments and a start need: 0, -ENOMEM or -EEXIST. */
int initial_stack_map(struct address_space *space, const struct exec_arguments *arguments);

/* Writes it, and says where everything lies. -E2BIG or -ENOMEM. */
int initial_stack_write(struct address_space *space, const struct elf_image *image,
                        const struct exec_arguments *arguments, struct stack_plan *plan);

#endif
