// SPDX-License-Identifier: MIT
/* Scripts: a program whose first line, "#! interpreter argument", names another to be run. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "fs/node/path.h"
#include "fs/open/open.h"
#include "kernel/process/events.h"
#include "kernel/process/exec.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

#define SCRIPT_LINE_SIZE 256 /* Linux's BINPRM_BUF_SIZE: what is looked at of a file */
#define INTERPRETERS_MAX 5   /* a script's interpreter may be a script */

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

static char *put_string(char *to, const char *string)
{
    size_t size = strlen(string) + 1;

    memcpy(to, string, size);
    return to + size;
}

/* argv becomes: interpreter, its argument, the script's path, argv[1] and so on. */
static int insert_interpreter(struct exec_arguments *arguments, const char *interpreter,
                              const char *argument, const char *script)
{
    size_t first = strlen(arguments->strings) + 1;
    size_t rest = arguments->size - first;
    size_t size = strlen(interpreter) + 1 + strlen(script) + 1 + rest;

    if (argument)
        size += strlen(argument) + 1;
    if (size > EXEC_ARGUMENTS_MAX)
        return -E2BIG;
    char *strings = kmalloc(size);
    if (!strings)
        return -ENOMEM;
    char *next = put_string(strings, interpreter);
    if (argument)
        next = put_string(next, argument);
    next = put_string(next, script);
    memcpy(next, arguments->strings + first, rest);
    kfree(arguments->strings);
    arguments->strings = strings;
    arguments->size = size;
    arguments->argc += argument ? 2 : 1;
    return 0;
}

static int run_interpreter(const char *path, struct exec_arguments *arguments)
{
    struct node *node;
    int error = path_lookup_at(AT_FDCWD, path, PATH_FOLLOW, &node);

    if (error)
        return error;
    arguments->interpreters++;
    error = arguments->interpreters > INTERPRETERS_MAX ? -ELOOP : exec_node(node, path, arguments);
    node_put(node);
    return error;
}

static int run_script(struct file *file, const char *path, struct exec_arguments *arguments)
{
    char line[SCRIPT_LINE_SIZE];
    char *interpreter, *argument;
    long count = file_read_kernel(file, line, sizeof(line) - 1, 0);

    if (count < 0)
        return count;
    line[count] = '\0';
    if (strncmp(line, "#!", 2))
        return 0;
    if (!parse_script_line(line, &interpreter, &argument)) {
        arguments->problem = "its first line names no interpreter";
        return -ENOEXEC;
    }
    int error = insert_interpreter(arguments, interpreter, argument, path);
    if (!error)
        error = run_interpreter(interpreter, arguments);
    if (error == -ENOENT && !arguments->problem)
        arguments->problem = "the interpreter that its first line names is not there";
    return error ? error : 1;
}

ATTACH(program_is_opened, run_script);
