// SPDX-License-Identifier: MIT
/*
 * execve and execveat: arguments from user space, scripts, and the way to exec_file().
 */
#include "fs/exec.h"

#include <asm/errno.h>
#include <linux/binfmts.h>
#include <linux/fcntl.h>

#include "arch/usercopy.h"
#include "fs/open.h"
#include "fs/path.h"
#include "fs/permission.h"
#include "kernel/syscall.h"
#include "libc/include/stdio.h"
#include "libc/include/string.h"
#include "mm/slab.h"

#define SCRIPT_LINE_SIZE 256 /* Linux's BINPRM_BUF_SIZE: what is looked at of a file */
#define INTERPRETERS_MAX 5   /* a script's interpreter may be a script */
#define STRINGS_FIRST    4096

/* ---- Arguments ---- */

/* Strings that are being collected, one behind the other. */
struct string_buffer {
    char *bytes;
    size_t used, size;
    unsigned int count;
};

static int grow(struct string_buffer *buffer)
{
    size_t size = buffer->size ? 2 * buffer->size : STRINGS_FIRST;
    char *bytes;

    if (buffer->used + buffer->count * sizeof(uintptr_t) > EXEC_ARGUMENTS_MAX)
        return -E2BIG;
    bytes = kmalloc(size);
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
        long length = room ? strncpy_from_user(buffer->bytes + buffer->used, user, room) : 0;
        int error;

        if (length < 0)
            return length;
        if ((size_t)length >= MAX_ARG_STRLEN)
            return -E2BIG;
        if ((size_t)length < room) {
            buffer->used += length + 1;
            buffer->count++;
            return 0;
        }
        error = grow(buffer);
        if (error)
            return error;
    }
}

static int add_string(struct string_buffer *buffer, const char *string)
{
    size_t size = strlen(string) + 1;

    while (buffer->size - buffer->used < size) {
        int error = grow(buffer);

        if (error)
            return error;
    }
    memcpy(buffer->bytes + buffer->used, string, size);
    buffer->used += size;
    buffer->count++;
    return 0;
}

/* The strings of a NULL-terminated array of pointers; NULL is an empty array. */
static int add_user_array(struct string_buffer *buffer, uintptr_t array)
{
    uintptr_t pointer;

    for (; array; array += sizeof(pointer)) {
        int error;

        if (copy_from_user(&pointer, array, sizeof(pointer)))
            return -EFAULT;
        if (!pointer)
            return 0;
        error = add_user_string(buffer, pointer);
        if (error)
            return error;
        if (buffer->used + buffer->count * sizeof(pointer) > EXEC_ARGUMENTS_MAX)
            return -E2BIG;
    }
    return 0;
}

static void set_arguments(struct exec_arguments *arguments, const struct string_buffer *buffer,
                          unsigned int argc)
{
    arguments->strings = buffer->bytes;
    arguments->size = buffer->used;
    arguments->argc = argc;
    arguments->envc = buffer->count - argc;
}

/* A program always has an argv[0], as on Linux. The strings are the caller's to free. */
static int arguments_from_user(uintptr_t argv, uintptr_t envp, struct exec_arguments *arguments)
{
    struct string_buffer buffer = {0};
    unsigned int argc;
    int error = add_user_array(&buffer, argv);

    if (!error && !buffer.count)
        error = add_string(&buffer, "");
    argc = buffer.count;
    if (!error)
        error = add_user_array(&buffer, envp);
    if (error)
        kfree(buffer.bytes);
    else
        set_arguments(arguments, &buffer, argc);
    return error;
}

/* ---- Scripts ---- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/*
 * Cuts the first line of a script, "#! interpreter argument", into its parts: *argument is all
 * that follows the interpreter, or NULL. False: it is no such line.
 */
static bool parse_script_line(char *line, char **interpreter, char **argument)
{
    char *end = line + strcspn(line, "\n");

    if (end == line + SCRIPT_LINE_SIZE - 1) /* the interpreter's name may go on */
        return false;
    while (is_blank(end[-1]))
        end--;
    *end = '\0';
    line += 2;
    while (is_blank(*line))
        line++;
    *interpreter = line;
    while (*line && !is_blank(*line))
        line++;
    *argument = NULL;
    if (*line) {
        *line++ = '\0';
        while (is_blank(*line))
            line++;
        *argument = line;
    }
    return **interpreter;
}

/* argv becomes: interpreter, its argument, the script's path, argv[1] and so on. */
static int insert_interpreter(struct exec_arguments *arguments, const char *interpreter,
                              const char *argument, const char *script)
{
    struct string_buffer buffer = {0};
    const char *string = arguments->strings + strlen(arguments->strings) + 1;
    unsigned int rest = arguments->argc + arguments->envc - 1;
    int error = add_string(&buffer, interpreter);

    if (!error && argument)
        error = add_string(&buffer, argument);
    if (!error)
        error = add_string(&buffer, script);
    for (; !error && rest; rest--) {
        error = add_string(&buffer, string);
        string += strlen(string) + 1;
    }
    if (error) {
        kfree(buffer.bytes);
        return error;
    }
    kfree(arguments->strings);
    set_arguments(arguments, &buffer, buffer.count - arguments->envc);
    return 0;
}

/* ---- Programs ---- */

static int may_execute(const struct node *node)
{
    return S_ISREG(node->mode) ? node_permission(node, MAY_EXECUTE) : -EACCES;
}

static int open_program(struct node *node, struct file **file)
{
    int error = may_execute(node);

    return error ? error : open_node(node, O_RDONLY, file);
}

/*
 * Starts the program, or finds the interpreter that it names: then *interpreter is set to it, in
 * line, and the arguments are the interpreter's.
 */
static int start_or_interpret(struct file *file, const char *path, char *line,
                              struct exec_arguments *arguments, char **interpreter)
{
    long count = file_read_kernel(file, line, SCRIPT_LINE_SIZE - 1, 0);
    char *argument;

    if (count < 0)
        return count;
    line[count] = '\0';
    if (strncmp(line, "#!", 2))
        return exec_file(file, arguments);
    if (!parse_script_line(line, interpreter, &argument)) {
        arguments->problem = "its first line names no interpreter";
        return -ENOEXEC;
    }
    return insert_interpreter(arguments, *interpreter, argument, path);
}

static int lookup_at(int fd, const char *path, enum path_flags flags, struct node **node)
{
    struct node *base;
    int error = path_base(fd, path, &base);

    if (error)
        return error;
    error = path_lookup(base, path, flags, node);
    node_put(base);
    return error;
}

/* From the node that the path leads to, through its interpreters. */
static int exec_node(struct node *node, const char *path, struct exec_arguments *arguments)
{
    char lines[2][SCRIPT_LINE_SIZE]; /* the one at hand, and the one that named it */
    int error = 0;

    arguments->path = path;
    node_get(node);
    for (unsigned int depth = 0; !error; depth++) {
        struct file *file;
        char *interpreter = NULL;

        error = depth > INTERPRETERS_MAX ? -ELOOP : open_program(node, &file);
        arguments->is_readable = !node_permission(node, MAY_READ);
        node_put(node);
        if (error)
            break;
        error = start_or_interpret(file, path, lines[depth % 2], arguments, &interpreter);
        file_put(file);
        if (error || !interpreter)
            break;
        path = interpreter;
        error = lookup_at(AT_FDCWD, path, PATH_FOLLOW, &node);
    }
    return error;
}

int exec_path(struct node *base, const char *path, struct exec_arguments *arguments)
{
    struct node *node;
    int error = path_lookup(base, path, PATH_FOLLOW, &node);

    if (error)
        return error;
    error = exec_node(node, path, arguments);
    node_put(node);
    return error;
}

/* The node that execveat() means: with AT_EMPTY_PATH the descriptor's own. */
static int node_of_program(int fd, const char *path, unsigned int flags, struct node **node)
{
    struct file *file;

    if (*path)
        return lookup_at(fd, path, flags & AT_SYMLINK_NOFOLLOW ? PATH_NO_FOLLOW : PATH_FOLLOW,
                         node);
    file = fd_get_any(fd);
    if (!file)
        return -EBADF;
    *node = file->node;
    if (*node)
        node_get(*node);
    file_put(file);
    return *node ? 0 : -EACCES;
}

/* The path is the caller's and outlives the change of program. */
static int exec_from_user(int fd, const char *path, uintptr_t argv, uintptr_t envp,
                          unsigned int flags)
{
    struct exec_arguments arguments = {0};
    char name[32]; /* of a program that has no path */
    struct node *node;
    int error = node_of_program(fd, path, flags, &node);

    if (error)
        return error;
    error = S_ISLNK(node->mode) ? -ELOOP : may_execute(node);
    if (!error)
        error = arguments_from_user(argv, envp, &arguments);
    snprintf(name, sizeof(name), "/dev/fd/%d", fd);
    if (!error)
        error = exec_node(node, *path ? path : name, &arguments);
    kfree(arguments.strings);
    node_put(node);
    return error;
}

SYSCALL3(execve, uintptr_t, user_path, uintptr_t, argv, uintptr_t, envp)
{
    char *path;
    int error = path_from_user(user_path, PATH_USER_NOT_EMPTY, &path);

    if (error)
        return error;
    error = exec_from_user(AT_FDCWD, path, argv, envp, 0);
    kfree(path);
    return error;
}

SYSCALL5(execveat, int, fd, uintptr_t, user_path, uintptr_t, argv, uintptr_t, envp, unsigned int,
         flags)
{
    char *path;
    int error;

    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    error = path_from_user(user_path, flags & AT_EMPTY_PATH ? PATH_USER_EMPTY : PATH_USER_NOT_EMPTY,
                           &path);
    if (error)
        return error;
    error = exec_from_user(fd, path, argv, envp, flags);
    kfree(path);
    return error;
}
