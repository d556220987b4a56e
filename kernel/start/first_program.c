// SPDX-License-Identifier: MIT
/* The first program: what it is given, how it starts, and what its end means. */
#include "kernel/start/start.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <stdbool.h>
#include <stddef.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/types.h"
#include "arch/device/power.h"
#include "fs/node/path.h"
#include "fs/open/open.h"
#include "kernel/channel/channel.h"
#include "kernel/console/command_line.h"
#include "kernel/console/console.h"
#include "kernel/file/file.h"
#include "kernel/process/events.h"
#include "kernel/process/exec.h"
#include "kernel/report/panic.h"
#include "kernel/start/events.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/process.h"
#include "kernel/task/sched.h"
#include "kernel/task/task.h"
#include "libc/core/format.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

#define INIT_DEFAULT "/init"
#define STRINGS_MAX  (EXEC_ARGUMENTS_MAX - PAGE_SIZE) /* and a page for those that are built in */

static uint64_t entry_tsc;

void machine_end(bool success)
{
    char value[COMMAND_LINE_VALUE_SIZE] = "";

    command_line_value("exit", value);
    console_drain();
    if (!strcmp(value, "halt"))
        power_halt();
    if (success && strcmp(value, "debug") != 0)
        power_off();
    power_debug_exit(DEBUG_EXIT_FAILURE);
}

/* Reports to the host over the channel, or without one on the console. */
static void first_program_ended(int wait_status)
{
    TELL(first_program_ends);
    if (channel_is_connected())
        channel_exit(wait_status);
    else if (wait_status & 0x7f)
        kprintf(KERN_NOTICE "first program ended by signal %d\n", wait_status & 0x7f);
    else
        kprintf(KERN_NOTICE "first program ended with status %d\n", wait_status >> 8);
    machine_end(wait_status == 0);
}

ATTACH(first_process_ends, first_program_ended);

/*
 * Adds the strings of a file, each with its NUL, as /run/argv has them, or those that stand for it
 * where it is not there. How many they are.
 */
static unsigned int add_strings(struct exec_arguments *arguments, const char *path,
                                const char *otherwise, size_t size)
{
    const struct open_how how = {.flags = O_RDONLY};
    char *to = arguments->strings + arguments->size;
    unsigned int count = 0;
    struct file *file;
    long got = 0;

    if (!open_path(path_root, path, &how, &file)) {
        got = file_read_kernel(file, to, STRINGS_MAX - arguments->size, 0);
        file_put(file);
    }
    if (got <= 0 || to[got - 1] != '\0') {
        memcpy(to, otherwise, size);
        got = (long)size;
    }
    for (long i = 0; i < got; i++)
        count += to[i] == '\0';
    arguments->size += (size_t)got;
    return count;
}

static void first_arguments(const char *path, struct exec_arguments *arguments)
{
    static const char environment[] = "PATH=/bin\0HOME=/\0TERM=linux";

    arguments->path = path;
    arguments->strings = kmalloc(EXEC_ARGUMENTS_MAX);
    if (!arguments->strings)
        panic("not enough memory for the first program's arguments");
    arguments->argc = add_strings(arguments, "/run/argv", path, strlen(path) + 1);
    arguments->envc = add_strings(arguments, "/run/envp", environment, sizeof(environment));
}

/* Says why on the console, and to the host as the program's standard error. */
static void __attribute__((noreturn))
refuse_first_program(const char *path, const struct exec_arguments *arguments, int error)
{
    const char *problem = arguments->problem ? arguments->problem
                          : error == -ENOENT ? "it is not there"
                          : error == -EACCES ? "it is no file that may be executed"
                                             : "not enough memory";
    char message[256];
    struct iovec segment = {message, 0};
    struct io_iter from;

    snprintf(message, sizeof(message), "latchkey: %s cannot be run: %s\n", path, problem);
    kprintf(KERN_ERR "%s", message);
    if (channel_is_connected()) {
        segment.iov_len = strlen(message);
        io_iter_kernel(&from, &segment);
        channel_write(2, &from, 0);
    }
    process_exit((error == -ENOENT ? 127 : 126) << 8);
}

/* Runs as the first task, in the kernel; its return enters ring 3. */
static void start_first_program(void *path)
{
    struct exec_arguments arguments = {0};
    struct node *node;

    irq_enable();
    kernel_lock();
    first_arguments(path, &arguments);
    int error = path_lookup(path_root, path, PATH_FOLLOW, &node);
    if (!error) {
        error = exec_node(node, path, &arguments);
        node_put(node);
    }
    kfree(arguments.strings);
    if (error)
        refuse_first_program(path, &arguments, error);
    kernel_unlock();
    irq_disable();
    kprintf("entry      %lu TSC ticks from the first instruction to ring 3\n\n",
            rdtsc() - entry_tsc);
}

/*
 * The terminal that a room above has made of the console or of the host's, or else the host's
 * stream as it is. -ENOENT when there is neither.
 */
static int open_standard(unsigned int descriptor, struct file **file)
{
    const struct open_how how = {.flags = O_RDWR | O_NOCTTY};
    int error = -ENOENT;

    if (!channel_is_connected() || channel_is_terminal(descriptor))
        error = open_path(path_root, "/dev/console", &how, file);
    return error && channel_is_connected() ? channel_stream_file(descriptor, file) : error;
}

/* Without a console the program starts without descriptors, as on Linux. */
static int open_standard_files(struct file_table *files)
{
    for (unsigned int descriptor = 0; descriptor < 3; descriptor++) {
        struct file *file;
        int error = open_standard(descriptor, &file);

        if (error == -ENOENT)
            continue;
        if (error)
            return error;
        files->descriptors[descriptor].file = file; /* no lock: nobody else has the new table yet */
    }
    return 0;
}

void first_program_create(uint64_t tsc)
{
    static char path[COMMAND_LINE_VALUE_SIZE] = INIT_DEFAULT;

    entry_tsc = tsc;
    command_line_value("init", path);
    struct task *task = process_create();
    if (!task)
        panic("not enough memory for the first program");
    channel_set_process_group(task->tid);
    TELL(first_program_is_made, task->process);
    if (open_standard_files(task->files))
        panic("not enough memory for the first program's files");
    task_set_kernel_function(task, start_first_program, path);
    sched_add(task);
}
