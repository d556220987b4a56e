// SPDX-License-Identifier: MIT
/*
 * /proc/sys: the settings that programs ask for, and the one that can be changed, which is the
 * size of the pool of huge pages.
 */
#include "arch/layout.h"
#include "fs/proc.h"
#include "fs/sysfs.h"
#include "kernel/task.h"
#include "kernel/uname.h"
#include "mm/area.h"
#include "mm/mmap.h"

static int show_type(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, "%s\n", kernel_uname.sysname);
    return 0;
}

static int show_release(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, "%s\n", kernel_uname.release);
    return 0;
}

static int show_version(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, "%s\n", kernel_uname.version);
    return 0;
}

static int show_host(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, "%s\n", kernel_uname.nodename);
    return 0;
}

static int show_pid_max(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, "%d\n", PID_MAX);
    return 0;
}

static int show_min_address(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, "%lu\n", mmap_min_addr);
    return 0;
}

static int show_areas_max(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, "%d\n", AREAS_MAX);
    return 0;
}

static int show_last_capability(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, "%d\n", CAP_LAST_CAP);
    return 0;
}

static const struct pseudo_entry kernel_entries[] = {
    PSEUDO_TEXT("cap_last_cap", show_last_capability),
    PSEUDO_TEXT("hostname", show_host),
    PSEUDO_TEXT("osrelease", show_release),
    PSEUDO_TEXT("ostype", show_type),
    PSEUDO_TEXT("pid_max", show_pid_max),
    PSEUDO_DIRECTORY("random", proc_random_entries),
    PSEUDO_CONSTANT("randomize_va_space", "0\n"),
    PSEUDO_TEXT("version", show_version),
    PSEUDO_END,
};

static const struct pseudo_entry vm_entries[] = {
    PSEUDO_TEXT("max_map_count", show_areas_max),
    PSEUDO_TEXT("mmap_min_addr", show_min_address),
    PSEUDO_SETTING("nr_hugepages", sysfs_show_pool_size, sysfs_store_pool_size),
    PSEUDO_CONSTANT("overcommit_memory", "0\n"), /* what cannot be is refused: mm/mmap.c */
    PSEUDO_END,
};

const struct pseudo_entry proc_sys_entries[] = {
    PSEUDO_DIRECTORY("kernel", kernel_entries),
    PSEUDO_DIRECTORY("vm", vm_entries),
    PSEUDO_END,
};
