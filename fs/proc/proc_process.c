// SPDX-License-Identifier: MIT
/*
 * /proc/PID: its entries, and the smaller ones themselves.
 */
#include <asm/errno.h>

#include "fs/more/node_more.h"
#include "fs/proc/proc.h"
#include "fs/proc/proc_program.h"
#include "kernel/call/permission.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"
#include "libc/include/string.h"
#include "mm/access/access.h"

#define PIECE 512 /* bytes copied at a time */

/* A range of the process's own memory, such as argv's strings. */
static void put_memory(struct text *text, struct address_space *space, uintptr_t start,
                       uintptr_t end)
{
    char piece[PIECE];
    size_t got = PIECE;

    for (; start < end && got == PIECE; start += got) {
        got = space_read(space, start, piece, end - start < PIECE ? end - start : PIECE);
        text_put(text, piece, got);
    }
}

static int show_cmdline(const struct pseudo_node *node, struct text *text)
{
    const struct task *task = proc_task(node);

    if (!task)
        return -ESRCH;
    if (task->space)
        put_memory(text, task->space, program_of(task->process)->arguments[0],
                   program_of(task->process)->arguments[1]);
    return 0;
}

static int show_environ(const struct pseudo_node *node, struct text *text)
{
    const struct task *task = proc_task(node);

    if (!task)
        return -ESRCH;
    if (task->space)
        put_memory(text, task->space, program_of(task->process)->environment[0],
                   program_of(task->process)->environment[1]);
    return 0;
}

static int show_auxv(const struct pseudo_node *node, struct text *text)
{
    const struct task *task = proc_task(node);

    if (!task)
        return -ESRCH;
    if (task->space)
        put_memory(text, task->space, program_of(task->process)->auxv[0],
                   program_of(task->process)->auxv[1]);
    return 0;
}

static int show_comm(const struct pseudo_node *node, struct text *text)
{
    const struct task *task = proc_task(node);

    if (!task)
        return -ESRCH;
    text_print(text, "%s\n", task->name);
    return 0;
}

/* A process may rename its own threads, and nobody else's. */
static int store_comm(const struct pseudo_node *node, const char *value)
{
    struct task *task = proc_task(node);

    if (!task || task->process != current_process())
        return -EINVAL;
    strlcpy(task->name, value, sizeof(task->name));
    return 0;
}

struct limit {
    const char *name, *unit;
};

static void put_limit(struct text *text, uint64_t value)
{
    if (value == RLIM64_INFINITY)
        text_print(text, "%-20s ", "unlimited");
    else
        text_print(text, "%-20lu ", value);
}

static int show_limits(const struct pseudo_node *node, struct text *text)
{
    static const struct limit limits[RLIM_NLIMITS] = {
        [RLIMIT_CPU] = {"Max cpu time", "seconds"},
        [RLIMIT_FSIZE] = {"Max file size", "bytes"},
        [RLIMIT_DATA] = {"Max data size", "bytes"},
        [RLIMIT_STACK] = {"Max stack size", "bytes"},
        [RLIMIT_CORE] = {"Max core file size", "bytes"},
        [RLIMIT_RSS] = {"Max resident set", "bytes"},
        [RLIMIT_NPROC] = {"Max processes", "processes"},
        [RLIMIT_NOFILE] = {"Max open files", "files"},
        [RLIMIT_MEMLOCK] = {"Max locked memory", "bytes"},
        [RLIMIT_AS] = {"Max address space", "bytes"},
        [RLIMIT_LOCKS] = {"Max file locks", "locks"},
        [RLIMIT_SIGPENDING] = {"Max pending signals", "signals"},
        [RLIMIT_MSGQUEUE] = {"Max msgqueue size", "bytes"},
        [RLIMIT_NICE] = {"Max nice priority", ""},
        [RLIMIT_RTPRIO] = {"Max realtime priority", ""},
        [RLIMIT_RTTIME] = {"Max realtime timeout", "us"},
    };
    const struct task *task = proc_task(node);

    if (!task)
        return -ESRCH;
    text_print(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (unsigned int i = 0; i < RLIM_NLIMITS; i++) {
        text_print(text, "%-25s ", limits[i].name);
        put_limit(text, task->process->limits[i].rlim_cur);
        put_limit(text, task->process->limits[i].rlim_max);
        text_print(text, "%-10s\n", limits[i].unit);
    }
    return 0;
}

/* ---- task/ ---- */

static const struct pseudo_entry thread_directory = {
    .mode = S_IFDIR | 0555,
    .operations = &pseudo_directory_operations,
    .entries = proc_thread_entries,
};

static int lookup_thread(struct node *directory, const struct node_name *name, struct node **child)
{
    const struct task *task = proc_task(pseudo_node(directory));
    const struct task *thread;
    int tid;

    if (!pseudo_parse_number(name, &tid))
        return -ENOENT;
    thread = task_find(tid);
    if (!task || !thread || thread->process != task->process)
        return -ENOENT;
    int error = pseudo_create_numbered(directory, &thread_directory, tid, child);
    if (!error) {
        pseudo_node(*child)->pid = tid;
        pseudo_node(*child)->is_of_thread = true;
    }
    return error;
}

/* The lowest number of a thread that is at least this one; 0 when there is none. */
static int next_tid(const struct process *process, uint64_t from)
{
    const struct task *thread;
    int next = 0;

    TAILQ_FOREACH (thread, &process->threads, thread)
        if ((uint64_t)thread->tid >= from && (!next || thread->tid < next))
            next = thread->tid;
    return next;
}

static void list_threads(struct node *directory, uint64_t *position,
                         struct directory_buffer *buffer)
{
    const struct task *task = proc_task(pseudo_node(directory));
    bool has_room = directory_add_dots(directory, position, buffer);
    int tid;

    while (has_room && task && (tid = next_tid(task->process, *position - DIRECTORY_FIRST)))
        has_room = pseudo_list_number(directory, &thread_directory, tid, position, buffer);
}

static const struct node_operations task_operations = {
    .lookup = lookup_thread,
    .more = &(const struct node_more){.list = list_threads},
    .release = pseudo_release,
};

/* ---- the entries ---- */

/* What a process has in memory is for whoever may trace it, which is judged at the open. */
static int open_private(struct node *node, struct file *file)
{
    const struct task *task = proc_task(pseudo_node(node));

    if (task && !task_may_trace(task))
        return -EACCES;
    return pseudo_open_text(node, file);
}

static const struct node_operations private_operations = {
    .open = open_private,
    .release = pseudo_release,
};

/* clang-format off */
#define PRIVATE(entry_name, entry_mode, entry_show)                                       \
    {                                                                                     \
        .name = (entry_name), .mode = S_IFREG | (entry_mode), .show = (entry_show),       \
        .operations = &private_operations                                                 \
    }

#define THREAD_ENTRIES                                            \
    PRIVATE("auxv", 0400, show_auxv),                             \
    PSEUDO_TEXT("cmdline", show_cmdline),                         \
    PSEUDO_SETTING("comm", show_comm, store_comm),                \
    PSEUDO_LINK("cwd", proc_cwd_operations),                      \
    PRIVATE("environ", 0400, show_environ),                       \
    PSEUDO_LINK("exe", proc_exe_operations),                      \
    PSEUDO_OTHER("fd", S_IFDIR | 0500, proc_fd_operations),       \
    PSEUDO_OTHER("fdinfo", S_IFDIR | 0555, proc_fdinfo_operations), \
    PSEUDO_TEXT("limits", show_limits),                           \
    PRIVATE("maps", 0444, proc_show_maps),                        \
    PSEUDO_OTHER("mem", S_IFREG | 0600, proc_mem_operations),     \
    PSEUDO_TEXT("mountinfo", proc_show_mountinfo),                \
    PSEUDO_TEXT("mounts", proc_show_mounts),                      \
    PSEUDO_OTHER("pagemap", S_IFREG | 0400, proc_pagemap_operations), \
    PSEUDO_LINK("root", proc_root_operations),                    \
    PRIVATE("smaps", 0444, proc_show_smaps),                      \
    PRIVATE("smaps_rollup", 0444, proc_show_smaps_rollup),        \
    PSEUDO_TEXT("stat", proc_show_stat),                          \
    PSEUDO_TEXT("statm", proc_show_statm),                        \
    PSEUDO_TEXT("status", proc_show_status)

const struct pseudo_entry proc_thread_entries[] = {
    THREAD_ENTRIES,
    PSEUDO_END,
};

const struct pseudo_entry proc_process_entries[] = {
    THREAD_ENTRIES,
    PSEUDO_OTHER("task", S_IFDIR | 0555, task_operations),
    PSEUDO_END,
};
/* clang-format on */
