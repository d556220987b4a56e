// SPDX-License-Identifier: MIT
/*
 * Dynamic programs: what PT_INTERP names, the dynamic loader, is mapped beside the program and runs
 * first. It finds itself by AT_BASE and the program by AT_PHDR and AT_ENTRY.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>

#include "fs/node/path.h"
#include "fs/open/open.h"
#include "kernel/process/events.h"
#include "kernel/process/exec.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"
#include "mm/space/mmap.h"

static int accept(void)
{
    return 1;
}

ATTACH(interpreter_is_named, accept);

static const Elf64_Phdr *find_header(const struct elf_image *image)
{
    for (unsigned int i = 0; i < image->header_count; i++)
        if (image->headers[i].p_type == PT_INTERP)
            return &image->headers[i];
    return NULL;
}

/* The path in the file; it is the caller's to free. */
static int read_path(const struct elf_image *image, const Elf64_Phdr *header, char **path)
{
    size_t size = header->p_filesz;

    if (size < 2 || size > PATH_MAX)
        return -ENOEXEC;
    char *bytes = kmalloc(size);
    if (!bytes)
        return -ENOMEM;
    long got = file_read_kernel(image->file, bytes, size, header->p_offset);
    int error = got < 0 ? (int)got : (size_t)got != size ? -EIO : bytes[size - 1] ? -ENOEXEC : 0;
    if (error)
        kfree(bytes);
    else
        *path = bytes;
    return error;
}

/* Who may not read the interpreter is not to read it in the program's memory either. */
static int open_interpreter(const char *path, struct exec_arguments *arguments, struct file **file)
{
    struct node *node;
    int error = path_lookup_at(AT_FDCWD, path, PATH_FOLLOW, &node);

    if (error)
        return error;
    error = S_ISREG(node->mode) ? node_permission(node, MAY_EXECUTE) : -EACCES;
    if (!error)
        error = open_node(node, O_RDONLY, file);
    if (node_permission(node, MAY_READ))
        arguments->is_readable = false;
    node_put(node);
    return error;
}

/* One that is position-independent goes to the highest free addresses, as what mmap() maps. */
static int place(struct elf_image *interpreter, struct address_space *space)
{
    const Elf64_Phdr *first = interpreter->headers; /* to be loaded: one is, elf_read() has seen */

    if (!interpreter->bias)
        return 0;
    while (first->p_type != PT_LOAD || !first->p_memsz)
        first++;
    uintptr_t start = align_down(interpreter->bias + first->p_vaddr, PAGE_SIZE);
    space_lock_write(space);
    uintptr_t gap = space_find_gap_locked(space, interpreter->end - start, PAGE_SIZE);
    space_unlock_write(space);
    interpreter->bias += gap - start;
    interpreter->entry += gap - start;
    return gap ? 0 : -ENOMEM;
}

static int map(struct file *file, struct address_space *space, struct elf_image *program)
{
    struct elf_image *interpreter = kmalloc(sizeof(*interpreter));
    const char *problem;

    if (!interpreter)
        return -ENOMEM;
    int error = elf_read(file, interpreter, &problem);
    if (!error)
        error = place(interpreter, space);
    if (!error)
        error = elf_map(interpreter, space);
    if (error == -ENOEXEC)
        error = interpreter->file_size < sizeof(Elf64_Ehdr) ? -EIO : -ELIBBAD;
    program->base = interpreter->bias;
    program->start = interpreter->entry;
    kfree(interpreter);
    return error;
}

static const char *explain(int error)
{
    switch (error) {
    case -ENOMEM:
        return NULL;
    case -ENOENT:
        return "the interpreter that it names, its dynamic loader, is not there";
    case -ENOEXEC:
        return "the name of its interpreter is damaged";
    case -EEXIST:
        return "its interpreter lies where the program does";
    case -EIO:
    case -ELIBBAD:
        return "its interpreter is no ELF program for x86-64";
    default:
        return "its interpreter may not be run";
    }
}

static int load(struct address_space *space, struct elf_image *image,
                struct exec_arguments *arguments)
{
    const Elf64_Phdr *header = find_header(image);
    struct file *file;
    char *path;

    if (!header)
        return 0;
    int error = read_path(image, header, &path);
    if (error == -EIO)
        arguments->problem = "it is truncated: the name of its interpreter is not in the file";
    if (!error) {
        error = open_interpreter(path, arguments, &file);
        kfree(path);
    }
    if (!error) {
        error = map(file, space, image);
        file_put(file);
    }
    if (error && !arguments->problem)
        arguments->problem = explain(error);
    return error;
}

ATTACH(exec_maps, load);
