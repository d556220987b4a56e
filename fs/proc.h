// SPDX-License-Identifier: MIT
/*
 * /proc: what the kernel tells of itself and of the processes, in Linux's formats.
 *
 * fs/proc.c has the root and finds processes; the other files are named after what they show.
 */
#ifndef FS_PROC_H
#define FS_PROC_H

#include "fs/pseudo.h"

struct task;
struct text;

/* A new root of /proc, in no place yet, or NULL when memory is out. */
struct node *proc_create(void);

/* ---- Among fs/proc*.c ---- */

/*
 * The thread that a node tells of, for a process its leader; NULL: it is gone, or its number is
 * another's by now.
 */
struct task *proc_task(const struct pseudo_node *node);

/* fs/proc_process.c: the entries of /proc/PID, and of /proc/PID/task/TID. */
extern const struct pseudo_entry proc_process_entries[], proc_thread_entries[];

/* fs/proc_links.c: exe, cwd, root, fd and fdinfo. */
extern const struct node_operations proc_exe_operations, proc_cwd_operations, proc_root_operations,
    proc_fd_operations, proc_fdinfo_operations;

/* fs/proc_mem.c */
extern const struct node_operations proc_mem_operations, proc_pagemap_operations;

/* fs/proc_maps.c */
int proc_show_maps(const struct pseudo_node *node, struct text *text);
int proc_show_smaps(const struct pseudo_node *node, struct text *text);
int proc_show_smaps_rollup(const struct pseudo_node *node, struct text *text);

/* fs/proc_status.c */
int proc_show_status(const struct pseudo_node *node, struct text *text);
int proc_show_stat(const struct pseudo_node *node, struct text *text);
int proc_show_statm(const struct pseudo_node *node, struct text *text);

/* fs/proc_fail_nth.c, which is not part of every build. */
__attribute__((weak)) int proc_show_fail_nth(const struct pseudo_node *node, struct text *text);
__attribute__((weak)) int proc_store_fail_nth(const struct pseudo_node *node, const char *value);

/* fs/proc_cpuinfo.c, fs/proc_system.c */
int proc_show_cpuinfo(const struct pseudo_node *node, struct text *text);
int proc_show_mounts(const struct pseudo_node *node, struct text *text);
int proc_show_mountinfo(const struct pseudo_node *node, struct text *text);
extern const struct pseudo_entry proc_system_entries[];

/* fs/proc_random.c: those of /proc/sys/kernel/random. */
extern const struct pseudo_entry proc_random_entries[];

/* fs/proc_sys.c: the entries of /proc/sys. */
extern const struct pseudo_entry proc_sys_entries[];

#endif
