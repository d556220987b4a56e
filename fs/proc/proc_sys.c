// SPDX-License-Identifier: MIT
/*
 * /proc/sys: the settings that programs ask for, and change where what they are about can change.
 */
#include "fs/pipe/pipe.h"
#include "fs/proc/proc.h"
#include "fs/proc/sysfs.h"
#include "fs/pseudo/setting.h"
#include "kernel/call/permission.h"
#include "kernel/call/uname.h"
#include "kernel/console/console.h"
#include "kernel/file/file.h"
#include "kernel/job/group.h"
#include "kernel/log/log.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"
#include "mm/space/mmap.h"
#include "mm/space/vma.h"
#include "mm/usage/usage.h"

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

static int show_last_capability(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, "%d\n", CAP_LAST_CAP);
    return 0;
}

/* ---- kernel ---- */

static const struct name_setting host = {kernel_uname.nodename, sizeof(kernel_uname.nodename)};
static const struct name_setting domain = {kernel_uname.domainname,
                                           sizeof(kernel_uname.domainname)};
static const struct number_setting pids = {&pid_max, RESERVED_PIDS + 1, PID_MAX_LIMIT, NULL, NULL};

/* What Linux notes of a kernel that can no longer be trusted: so many bits, which stay. */
#define TAINT_BITS 19

static uint64_t tainted;

static bool may_administer(void)
{
    return task_may(CAP_SYS_ADMIN);
}

static int add_taint(uint64_t *bits)
{
    *bits = tainted | (*bits & ((1u << TAINT_BITS) - 1));
    return 0;
}

static const struct number_setting taint = {&tainted, 0, UINT64_MAX, may_administer, add_taint};

static const struct number_setting log_restriction = {&log_is_restricted, 0, 1, may_administer,
                                                      NULL};

static const struct pseudo_entry kernel_entries[] = {
    SETTING_TEXT("cap_last_cap", show_last_capability),
    SETTING_CONSTANT("core_pattern", "\n"), /* none: there are no core dumps */
    SETTING_NUMBER("dmesg_restrict", 0644, &log_restriction),
    SETTING_NAME("domainname", &domain),
    SETTING_NAME("hostname", &host),
    SETTING_TEXT("osrelease", show_release),
    SETTING_TEXT("ostype", show_type),
    SETTING_NUMBER("pid_max", 0644, &pids),
    PSEUDO_DIRECTORY("random", proc_random_entries),
    SETTING_CONSTANT("randomize_va_space", "0\n"),
    SETTING_NUMBER("tainted", 0644, &taint),
    SETTING_TEXT("version", show_version),
    PSEUDO_END,
};

/* ---- fs ---- */

static int round_pipe_size(uint64_t *size)
{
    *size = pipe_round_size((uint32_t)*size);
    return 0;
}

static const struct number_setting files = {&nr_open, FILES_MIN, FILES_MAX, NULL, NULL};
static const struct number_setting pipes = {&pipe_max_size, 0, PIPE_SIZE_LIMIT, NULL,
                                            round_pipe_size};

static const struct pseudo_entry fs_entries[] = {
    SETTING_NUMBER("nr_open", 0644, &files),
    SETTING_NUMBER("pipe-max-size", 0644, &pipes),
    PSEUDO_END,
};

/* ---- vm ---- */

static bool may_map_low(void)
{
    return task_may(CAP_SYS_RAWIO);
}

/* Bits of drop_caches. Pages of files are all that there is of them, and stay: as Linux's tmpfs. */
#define DROP_OBJECTS  2
#define DROP_SILENTLY 4

static uint64_t dropped;

static int drop_caches(uint64_t *what)
{
    static bool is_silent;
    char name[sizeof(current()->name)];

    if (*what & DROP_OBJECTS)
        slab_release_empty();
    if (!is_silent)
        kprintf("%s (%d): drop_caches: %lu\n", console_name(name, sizeof(name), current()->name),
                current()->tid, *what);
    is_silent |= *what & DROP_SILENTLY;
    return 0;
}

static const struct number_setting drop = {&dropped, 1, 4, NULL, drop_caches};
static const struct number_setting vmas = {&max_map_count, 0, INT32_MAX, NULL, NULL};
static const struct number_setting lowest = {&mmap_min_addr, 0, UINT64_MAX, may_map_low, NULL};

static const struct pseudo_entry vm_entries[] = {
    SETTING_NUMBER("drop_caches", 0200, &drop),
    SETTING_NUMBER("max_map_count", 0644, &vmas),
    SETTING_NUMBER("mmap_min_addr", 0644, &lowest),
    PSEUDO_SETTING("nr_hugepages", sysfs_show_pool_size, sysfs_store_pool_size),
    SETTING_CONSTANT("overcommit_memory", "0\n"), /* what cannot be is refused: mm/space/mmap.c */
    PSEUDO_END,
};

const struct pseudo_entry proc_sys_entries[] = {
    PSEUDO_DIRECTORY("fs", fs_entries),
    PSEUDO_DIRECTORY("kernel", kernel_entries),
    PSEUDO_DIRECTORY("vm", vm_entries),
    PSEUDO_END,
};
