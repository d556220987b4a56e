// SPDX-License-Identifier: MIT
/*
 * /proc's own entries: what the kernel tells of the machine and of itself.
 */
#include <asm/errno.h>

#include "arch/device/clock.h"
#include "fs/more/tmpfs_more.h"
#include "fs/proc/proc.h"
#include "fs/tmpfs/tmpfs.h"
#include "kernel/call/uname.h"
#include "kernel/console/command_line.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "kernel/timer/load.h"
#include "libc/core/format.h"
#include "libc/include/string.h"
#include "mm/huge/huge_pages.h"
#include "mm/object/object.h"
#include "mm/page/page.h"
#include "mm/usage/usage.h"

static int show_version(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, "%s version %s (%s)\n", kernel_uname.sysname, kernel_uname.release,
               kernel_uname.version);
    return 0;
}

static int show_cmdline(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, "%s\n", command_line_text());
    return 0;
}

static void put_seconds(struct text *text, uint64_t ns, const char *behind)
{
    text_print(text, "%lu.%02lu%s", ns / NS_PER_SECOND, ns % NS_PER_SECOND / CLOCK_TICK_NS, behind);
}

static int show_uptime(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    put_seconds(text, clock_monotonic_ns(), " ");
    put_seconds(text, sched_idle_ns(), "\n");
    return 0;
}

/* ---- meminfo ---- */

static void put_size(struct text *text, const char *label, uint64_t bytes)
{
    text_print(text, "%-16s%8lu kB\n", label, bytes >> 10);
}

static void put_pool(struct text *text)
{
    struct huge_page_counters counters;

    huge_pages_read_counters(&counters);
    text_print(text, "HugePages_Total:   %5u\n", counters.total);
    text_print(text, "HugePages_Free:    %5u\n", counters.free);
    text_print(text, "HugePages_Rsvd:    %5u\n", huge_pages_outstanding(&counters));
    text_print(text, "HugePages_Surp:    %5u\n", 0);
    put_size(text, "Hugepagesize:", HUGE_PAGE_SIZE);
    put_size(text, "Hugetlb:", counters.total * HUGE_PAGE_SIZE);
}

/* Files live in memory for good, so nothing in use could be had by dropping caches: as tmpfs's. */
static int show_meminfo(const struct pseudo_node *node, struct text *text)
{
    uint64_t files = __atomic_load_n(&object_total_pages, __ATOMIC_RELAXED) << PAGE_SHIFT;
    struct page_counters counters;

    (void)node;
    page_read_counters(&counters);
    put_size(text, "MemTotal:", counters.total << PAGE_SHIFT);
    put_size(text, "MemFree:", counters.free << PAGE_SHIFT);
    put_size(text, "MemAvailable:", counters.free << PAGE_SHIFT);
    put_size(text, "Buffers:", 0);
    put_size(text, "Cached:", files);
    put_size(text, "SwapCached:", 0);
    put_size(text, "SwapTotal:", 0);
    put_size(text, "SwapFree:", 0);
    put_size(text, "Shmem:", files);
    put_pool(text);
    return 0;
}

/* ---- stat and loadavg ---- */

/* How long a CPU, or all of them, were at work and idle. */
static void put_cpu_times(struct text *text, uint64_t all_ns, uint64_t idle_ns)
{
    uint64_t busy_ns = all_ns > idle_ns ? all_ns - idle_ns : 0;

    text_print(text, " %lu 0 0 %lu 0 0 0 0 0 0\n", busy_ns / CLOCK_TICK_NS,
               idle_ns / CLOCK_TICK_NS);
}

static void put_cpus(struct text *text)
{
    uint64_t now = clock_monotonic_ns();

    text_print(text, "cpu ");
    put_cpu_times(text, cpu_count * now, sched_idle_ns());
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        text_print(text, "cpu%u", cpu);
        put_cpu_times(text, now, sched_idle_ns_of(cpu));
    }
}

static int show_stat(const struct pseudo_node *node, struct text *text)
{
    struct sched_counters counters;

    (void)node;
    put_cpus(text);
    sched_read_counters(&counters);
    text_print(text, "intr %lu\nctxt %lu\nbtime %lu\n", counters.ticks, counters.switches,
               clock_boot_seconds);
    text_print(text, "processes %lu\nprocs_running %u\nprocs_blocked 0\n", task_counts.total,
               sched_count_running());
    return 0;
}

static int show_loadavg(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    for (unsigned int i = 0; i < LOAD_AVERAGES; i++) {
        uint64_t hundredths = (load_average(i) * 100 + (1ul << LOAD_SHIFT) / 2) >> LOAD_SHIFT;

        text_print(text, "%lu.%02lu ", hundredths / 100, hundredths % 100);
    }
    text_print(text, "%u/%u %d\n", sched_count_running(), task_counts.now, task_counts.last_tid);
    return 0;
}

/* ---- file systems ---- */

/* debugfs is part of sysfs, in a place of its own. */
static const struct mount {
    unsigned int number, parent; /* the parent's number; 0: it has none */
    unsigned int device;         /* st_dev of what is there */
    const char *place, *type, *options;
} mounts[] = {
    {TMPFS_DEVICE, 0, TMPFS_DEVICE, "/", "tmpfs", "rw"},
    {PSEUDO_PROC, TMPFS_DEVICE, PSEUDO_PROC, "/proc", "proc", "rw"},
    {PSEUDO_SYS, TMPFS_DEVICE, PSEUDO_SYS, "/sys", "sysfs", "rw"},
    {PSEUDO_PTS, TMPFS_DEVICE, PSEUDO_PTS, "/dev/pts", "devpts", "rw,mode=600,ptmxmode=000"},
    {PSEUDO_PTS + 1, PSEUDO_SYS, PSEUDO_SYS, "/sys/kernel/debug", "debugfs", "rw"},
};

int proc_show_mounts(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    for (unsigned int i = 0; i < array_size(mounts); i++)
        text_print(text, "%s %s %s %s 0 0\n", mounts[i].type, mounts[i].place, mounts[i].type,
                   mounts[i].options);
    return 0;
}

/* The fields of proc_pid_mountinfo(5). */
int proc_show_mountinfo(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    for (unsigned int i = 0; i < array_size(mounts); i++)
        text_print(text, "%u %u 0:%u / %s rw - %s %s %s\n", mounts[i].number, mounts[i].parent,
                   mounts[i].device, mounts[i].place, mounts[i].type, mounts[i].type,
                   mounts[i].options);
    return 0;
}

static int show_filesystems(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    text_print(text, "nodev\ttmpfs\nnodev\tproc\nnodev\tsysfs\nnodev\tdevpts\nnodev\tdebugfs\n");
    return 0;
}

/* ---- self, thread-self, mounts: links to the reader's own ---- */

static long cut(int length, size_t size)
{
    return (size_t)length < size ? length : (long)size;
}

static long read_self(struct node *node, char *buffer, size_t size)
{
    char text[PSEUDO_NUMBER_SIZE];
    long length = cut(snprintf(text, sizeof(text), "%d", current_process()->pid), size);

    (void)node;
    memcpy(buffer, text, length);
    return length;
}

static long read_thread_self(struct node *node, char *buffer, size_t size)
{
    char text[2 * PSEUDO_NUMBER_SIZE + sizeof("/task/")];
    long length = cut(
        snprintf(text, sizeof(text), "%d/task/%d", current_process()->pid, current()->tid), size);

    (void)node;
    memcpy(buffer, text, length);
    return length;
}

static long read_mounts(struct node *node, char *buffer, size_t size)
{
    static const char text[] = "self/mounts";
    long length = cut(sizeof(text) - 1, size);

    (void)node;
    memcpy(buffer, text, length);
    return length;
}

#define LINK_OPERATIONS(name, read) \
    static const struct node_operations name = {.read_link = (read), .release = pseudo_release}

LINK_OPERATIONS(self_operations, read_self);
LINK_OPERATIONS(thread_self_operations, read_thread_self);
LINK_OPERATIONS(mounts_operations, read_mounts);

const struct pseudo_entry proc_system_entries[] = {
    PSEUDO_TEXT("cmdline", show_cmdline),
    PSEUDO_TEXT("cpuinfo", proc_show_cpuinfo),
    PSEUDO_TEXT("filesystems", show_filesystems),
    PSEUDO_TEXT("loadavg", show_loadavg),
    PSEUDO_TEXT("meminfo", show_meminfo),
    PSEUDO_LINK("mounts", mounts_operations),
    PSEUDO_LINK("self", self_operations),
    PSEUDO_TEXT("stat", show_stat),
    PSEUDO_DIRECTORY("sys", proc_sys_entries),
    PSEUDO_LINK("thread-self", thread_self_operations),
    PSEUDO_TEXT("uptime", show_uptime),
    PSEUDO_TEXT("version", show_version),
    PSEUDO_END,
};
