// SPDX-License-Identifier: MIT
/*
 * /proc: what the kernel tells of itself and of the processes, in Linux's formats.
 *
 * The room owns the files of /proc and /sys and their formats. It leaves to fs/pseudo/ how such
 * files and directories are made, and each number to the room that keeps it; a room above puts
 * files of its own in by pseudo_entry (fs/pseudo/pseudo.h).
 *
 * fs/proc/proc.c has the root and finds processes; the other files are named after what they show.
 */
#ifndef FS_PROC_PROC_H
#define FS_PROC_PROC_H

#include "fs/pseudo/pseudo.h"

struct file;
struct task;
struct text;

/* ---- among fs/proc*.c ---- */

/*
 * The thread that a node tells of, for a process its leader; NULL: it is gone, or its number is
 * another's by now.
 */
struct task *proc_task(const struct pseudo_node *node);

/* fs/proc/proc_process.c: the entries of /proc/PID, and of /proc/PID/task/TID. */
extern const struct pseudo_entry proc_process_entries[], proc_thread_entries[];

/* fs/proc/proc_links.c: exe, cwd and root. */
extern const struct node_operations proc_exe_operations, proc_cwd_operations, proc_root_operations;

/*
 * The task whose files a node tells of, for whoever may trace it, as on Linux: the permissions of
 * the folders above what a link leads to are not asked.
 */
int proc_find_traceable(const struct pseudo_node *node, const struct task **task);

/* A node for an open file that has none. Takes over the reference to the file. */
int proc_create_file_node(struct file *file, struct node **node);

/* The text of a link: the path of what follow() gives. */
long proc_read_link(struct node *node, char *buffer, size_t size);

/* fs/proc/proc_fd.c */
extern const struct node_operations proc_fd_operations, proc_fdinfo_operations;

/* fs/proc/proc_mem.c */
extern const struct node_operations proc_mem_operations, proc_pagemap_operations;

/* fs/proc/proc_maps.c */
int proc_show_maps(const struct pseudo_node *node, struct text *text);
int proc_show_smaps(const struct pseudo_node *node, struct text *text);
int proc_show_smaps_rollup(const struct pseudo_node *node, struct text *text);

/* fs/proc/proc_status.c */
int proc_show_status(const struct pseudo_node *node, struct text *text);
int proc_show_stat(const struct pseudo_node *node, struct text *text);
int proc_show_statm(const struct pseudo_node *node, struct text *text);

/* fs/proc/proc_cpuinfo.c, fs/proc/proc_system.c */
int proc_show_cpuinfo(const struct pseudo_node *node, struct text *text);
int proc_show_mounts(const struct pseudo_node *node, struct text *text);
int proc_show_mountinfo(const struct pseudo_node *node, struct text *text);
extern const struct pseudo_entry proc_system_entries[];

/* fs/proc/proc_random.c: those of /proc/sys/kernel/random. */
extern const struct pseudo_entry proc_random_entries[];

/* fs/proc/proc_sys.c: the entries of /proc/sys. */
extern const struct pseudo_entry proc_sys_entries[];

#endif
