// SPDX-License-Identifier: MIT
/*
 * /sys.
 */
#include "fs/proc/sysfs.h"

#include <asm/errno.h>
#include <linux/magic.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/mmu/pkru.h"
#include "fs/more/mount.h"
#include "fs/more/node_more.h"
#include "fs/proc/counters.h"
#include "fs/root/root.h"
#include "libc/core/format.h"
#include "libc/core/parse.h"
#include "mm/huge/huge_pages.h"

/* ---- the pool of huge pages ---- */

int sysfs_show_pool_size(const struct pseudo_node *node, struct text *text)
{
    struct huge_page_counters counters;

    (void)node;
    huge_pages_read_counters(&counters);
    text_print(text, "%u\n", counters.total);
    return 0;
}

/* The pool becomes as large as it can be; who wants to know reads the size again, as on Linux. */
int sysfs_store_pool_size(const struct pseudo_node *node, const char *value)
{
    uint64_t count;
    int error = pseudo_parse_setting(value, &count);

    (void)node;
    if (!error)
        huge_pages_resize(count < UINT32_MAX ? (unsigned int)count : UINT32_MAX);
    return error;
}

static int show_pool_free(const struct pseudo_node *node, struct text *text)
{
    struct huge_page_counters counters;

    (void)node;
    huge_pages_read_counters(&counters);
    text_print(text, "%u\n", counters.free);
    return 0;
}

static int show_pool_reserved(const struct pseudo_node *node, struct text *text)
{
    struct huge_page_counters counters;

    (void)node;
    huge_pages_read_counters(&counters);
    text_print(text, "%u\n", huge_pages_outstanding(&counters));
    return 0;
}

static const struct pseudo_entry pool_entries[] = {
    PSEUDO_TEXT("free_hugepages", show_pool_free),
    PSEUDO_SETTING("nr_hugepages", sysfs_show_pool_size, sysfs_store_pool_size),
    PSEUDO_TEXT("resv_hugepages", show_pool_reserved),
    PSEUDO_CONSTANT("surplus_hugepages", "0\n"),
    PSEUDO_END,
};

static const struct pseudo_entry pools_entries[] = {
    PSEUDO_DIRECTORY("hugepages-2048kB", pool_entries),
    PSEUDO_END,
};

static const struct pseudo_entry transparent_entries[] = {
    PSEUDO_CONSTANT("enabled", "always [madvise] never\n"),
    PSEUDO_CONSTANT("hpage_pmd_size", "2097152\n"),
    PSEUDO_END,
};

static const struct pseudo_entry mm_entries[] = {
    PSEUDO_DIRECTORY("hugepages", pools_entries),
    PSEUDO_DIRECTORY("transparent_hugepage", transparent_entries),
    PSEUDO_END,
};

/* ---- debugfs: the PKRU that programs start with ---- */

static int show_init_pkru(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, "0x%x\n", pkru_init_value);
    return 0;
}

/* A program that starts without key 0 has neither stack nor data: refused, as on Linux. */
static int store_init_pkru(const struct pseudo_node *node, const char *value)
{
    uint64_t pkru;

    (void)node;
    if (parse_u64(value, &pkru) || pkru > UINT32_MAX || pkru_rights((uint32_t)pkru, 0))
        return -EINVAL;
    pkru_set_init_value((uint32_t)pkru);
    return 0;
}

static bool has_keys(void)
{
    return cpu_state.pku;
}

static const struct pseudo_entry x86_entries[] = {
    {
        .name = "init_pkru",
        .mode = S_IFREG | 0600,
        .operations = &pseudo_text_operations,
        .show = show_init_pkru,
        .store = store_init_pkru,
        .writes_in_place = true,
        .is_there = has_keys,
    },
    PSEUDO_END,
};

const struct pseudo_entry sysfs_debug_entries[] = {
    PSEUDO_DIRECTORY("latchkey", counters_entries),
    PSEUDO_DIRECTORY("x86", x86_entries),
    PSEUDO_END,
};

static const struct pseudo_entry kernel_entries[] = {
    PSEUDO_DIRECTORY("debug", sysfs_debug_entries),
    PSEUDO_DIRECTORY("mm", mm_entries),
    PSEUDO_END,
};

/* ---- CPUs ---- */

static const struct pseudo_entry no_entries[] = {PSEUDO_END};

/* The CPUs that are up, as a range: those that did not start are not there. */
static int show_cpu_range(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, cpu_count > 1 ? "0-%u\n" : "%u\n", cpu_count - 1);
    return 0;
}

/*
 * glibc reads these, or counts the directories cpuN, to tell how many CPUs there are. A directory
 * for each CPU that is up comes behind them.
 */
static struct pseudo_entry cpu_entries[3 + CPU_MAX + 1] = {
    PSEUDO_TEXT("online", show_cpu_range),
    PSEUDO_TEXT("possible", show_cpu_range),
    PSEUDO_TEXT("present", show_cpu_range),
    PSEUDO_END,
};

static void add_cpu_directories(void)
{
    static char names[CPU_MAX][sizeof("cpu255")];

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        snprintf(names[cpu], sizeof(names[cpu]), "cpu%u", cpu);
        cpu_entries[3 + cpu] = (struct pseudo_entry)PSEUDO_DIRECTORY(names[cpu], no_entries);
    }
}

static const struct pseudo_entry system_entries[] = {
    PSEUDO_DIRECTORY("cpu", cpu_entries),
    PSEUDO_END,
};

static const struct pseudo_entry devices_entries[] = {
    PSEUDO_DIRECTORY("system", system_entries),
    PSEUDO_END,
};

static const struct pseudo_entry root_entries[] = {
    PSEUDO_DIRECTORY("devices", devices_entries),
    PSEUDO_DIRECTORY("kernel", kernel_entries),
    PSEUDO_END,
};

static int mount(struct node *root)
{
    static const struct pseudo_entry top = PSEUDO_DIRECTORY("", root_entries);
    static const struct file_system sysfs = {.device = PSEUDO_SYS, .magic = SYSFS_MAGIC};

    add_cpu_directories();
    return fs_mount(root, "sys", pseudo_create_root(&top, &sysfs));
}
ATTACH(root_is_made, mount);
