// SPDX-License-Identifier: MIT
/* execve: arguments from user space, and the way to exec_file(). */
#include "fs/node/node.h"
#include "kernel/process/exec.h"

#include <asm/errno.h>
#include <linux/binfmts.h>
#include <linux/fcntl.h>

#include "arch/mmu/usercopy.h"
#include "fs/node/path.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/process/events.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

#define STRINGS_FIRST 4096

/* ---- arguments ---- */

/* Strings that are being collected, one after the other. */
struct string_buffer {
    char *bytes;
    size_t used, size;
    unsigned int count;
};

static int grow(struct string_buffer *buffer)
{
    size_t size = buffer->size ? 2 * buffer->size : STRINGS_FIRST;
    char *bytes = kmalloc(size);

    if (!bytes)
        return -ENOMEM;
    memcpy(bytes, buffer->bytes, buffer->used);
    kfree(buffer->bytes);
    buffer->bytes = bytes;
    buffer->size = size;
    return 0;
}

static int add_user_string(struct string_buffer *buffer, uintptr_t user)
{
    for (;;) {
        size_t room = buffer->size - buffer->used;
        long length = strncpy_from_user(buffer->bytes + buffer->used, user, room);

        if (length < 0)
            return length;
        if ((size_t)length >= MAX_ARG_STRLEN)
            return -E2BIG;
        if ((size_t)length < room) {
            buffer->used += length + 1;
            buffer->count++;
            return 0;
        }
        int error = grow(buffer);
        if (error)
            return error;
    }
}

/* The strings of a NULL-terminated array of pointers; NULL is an empty array. */
static int add_user_array(struct string_buffer *buffer, uintptr_t array)
{
    uintptr_t pointer;

    for (; array; array += sizeof(pointer)) {
        if (copy_from_user(&pointer, array, sizeof(pointer)))
            return -EFAULT;
        if (!pointer)
            return 0;
        int error = add_user_string(buffer, pointer);
        if (error)
            return error;
        if (buffer->used + buffer->count * sizeof(pointer) > EXEC_ARGUMENTS_MAX)
            return -E2BIG;
    }
    return 0;
}

/* A program always has an argv[0], as on Linux. The strings are the caller's to free. */
static int arguments_from_user(uintptr_t argv, uintptr_t envp, struct exec_arguments *arguments)
{
    struct string_buffer buffer = {0};
    unsigned int argc;
    int error = grow(&buffer);

    if (!error)
        error = add_user_array(&buffer, argv);
    if (!error && !buffer.count) {
        buffer.bytes[buffer.used++] = '\0';
        buffer.count++;
    }
    argc = buffer.count;
    if (!error)
        error = add_user_array(&buffer, envp);
    if (error) {
        kfree(buffer.bytes);
        return error;
    }
    arguments->strings = buffer.bytes;
    arguments->size = buffer.used;
    arguments->argc = argc;
    arguments->envc = buffer.count - argc;
    return 0;
}

/* ---- programs ---- */

static int may_execute(const struct node *node)
{
    return S_ISREG(node->mode) ? node_permission(node, MAY_EXECUTE) : -EACCES;
}

int exec_node(struct node *node, const char *path, struct exec_arguments *arguments)
{
    struct file *file;
    int error = may_execute(node);

    if (!error)
        error = open_node(node, O_RDONLY, &file);
    if (error)
        return error;
    if (!arguments->path)
        arguments->path = path;
    arguments->is_readable = !node_permission(node, MAY_READ);
    int answer = ASK(program_is_opened, file, path, arguments);
    if (!answer)
        error = exec_file(file, arguments);
    else if (answer < 0)
        error = answer;
    file_put(file);
    return error;
}

int exec_from_user(struct node *node, const char *path, uintptr_t argv, uintptr_t envp)
{
    struct exec_arguments arguments = {0};
    int error = S_ISLNK(node->mode) ? -ELOOP : may_execute(node);

    if (!error)
        error = arguments_from_user(argv, envp, &arguments);
    if (!error)
        error = exec_node(node, path, &arguments);
    kfree(arguments.strings);
    return error;
}

SYSCALL3(execve, uintptr_t, user_path, uintptr_t, argv, uintptr_t, envp)
{
    struct node *node;
    char *path;
    int error = path_from_user(user_path, PATH_USER_NOT_EMPTY, &path);

    if (error)
        return error;
    error = path_lookup_at(AT_FDCWD, path, PATH_FOLLOW, &node);
    if (!error) {
        error = exec_from_user(node, path, argv, envp);
        node_put(node);
    }
    kfree(path);
    return error;
}
