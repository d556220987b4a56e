// SPDX-License-Identifier: MIT
#include "fs/proc/counters.h"

#include "arch/cpu/percpu.h"
#include "arch/lock/spinlock.h"
#include "arch/mmu/tlb.h"
#include "kernel/call/syscall.h"
#include "kernel/cpus/facts.h"
#include "kernel/keys/rights.h"
#include "kernel/more/call_name.h"
#include "kernel/task/task.h"
#include "mm/huge/huge_pages.h"
#include "mm/page/page.h"
#include "mm/usage/usage.h"

/* ---- counters ---- */

struct report {
    struct text *text;
    uint64_t slab_pages;
};

static void show_line(struct text *text, const char *name, uint64_t value)
{
    text_print(text, "%-24s %lu\n", name, value);
}

static void show_cache(const struct slab_cache *cache, void *context)
{
    struct report *report = context;

    text_print(report->text, "objects: %-15s %lu\n", cache->name, cache->used);
    report->slab_pages += cache->slabs << cache->order;
}

/*
 * The pages of objects and of kernel stacks are told apart from the others: how many they are
 * depends on which objects share a slab and on how many tasks there once were at a time.
 */
static void show_pages(struct text *text, uint64_t slab_pages)
{
    uint64_t stack_pages = kernel_stack_pages();
    struct page_counters pages;

    page_read_counters(&pages);
    show_line(text, "pages", pages.total);
    show_line(text, "pages free", pages.free);
    show_line(text, "pages of objects", slab_pages);
    show_line(text, "pages of kernel stacks", stack_pages);
    show_line(text, "pages else", pages.total - pages.free - slab_pages - stack_pages);
}

static int show_counters(const struct pseudo_node *node, struct text *text)
{
    struct report report = {.text = text};
    struct huge_page_counters huge;

    (void)node;
    show_line(text, "tasks", task_counts.now);
    slab_for_each(show_cache, &report);
    show_line(text, "objects", slab_objects_in_use());
    huge_pages_read_counters(&huge);
    show_line(text, "huge pages", huge.total);
    show_line(text, "huge pages free", huge.free);
    show_line(text, "huge pages reserved", huge.reserved);
    show_pages(text, report.slab_pages);
    return 0;
}

/* ---- CPUs ---- */

static int show_cpus(const struct pseudo_node *node, struct text *text)
{
    char row[CPU_ROW_SIZE];

    (void)node;
    text_print(text, "%s\n", cpu_row_head);
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        cpu_format_row(cpu, row);
        text_print(text, "%s\n", row);
    }
    return 0;
}

/* ---- events: what only grows ---- */

/* The sum of what each CPU counts for itself, at this offset of its struct percpu. */
static uint64_t sum_over_cpus(size_t offset)
{
    uint64_t sum = 0;

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        sum += *(const uint64_t *)((const char *)percpu_of(cpu) + offset);
    return sum;
}

static int show_events(const struct pseudo_node *node, struct text *text)
{
    struct page_counters pages;

    (void)node;
    page_read_counters(&pages);
    show_line(text, "pages allocated", pages.allocations);
    show_line(text, "pages zeroed", pages.zeroed);
    show_line(text, "INVLPG", sum_over_cpus(offsetof(struct percpu, tlb.events.invlpg)));
    show_line(text, "CR3 loads", sum_over_cpus(offsetof(struct percpu, tlb.events.cr3_loads)));
    show_line(text, "shootdowns", sum_over_cpus(offsetof(struct percpu, tlb.events.shootdowns)));
    show_line(text, "shootdown IPIs", sum_over_cpus(offsetof(struct percpu, tlb.events.targets)));
    show_line(text, "key map retries", sum_over_cpus(offsetof(struct percpu, key_map_retries)));
    show_line(text, "system calls", sum_over_cpus(offsetof(struct percpu, system_calls)));
    show_line(text, "rights set for all", rights_counters.calls);
    show_line(text, "rights: threads", rights_counters.threads);
    show_line(text, "rights: IPIs", rights_counters.interrupts);
    show_line(text, "rights: restarts", rights_counters.restarts);
    return 0;
}

/* How often locks were taken, by name; nothing but in a build with DEBUG=1. */
static int show_locks(const struct pseudo_node *node, struct text *text)
{
    const char *name;
    uint64_t taken;

    (void)node;
    for (unsigned int i = 0; lock_check_read(i, &name, &taken); i++)
        show_line(text, name, taken);
    return 0;
}

/* ---- system calls ---- */

static int show_syscalls(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    for (unsigned int number = 0; number < EXTRA_SYSCALL_FIRST + EXTRA_SYSCALL_COUNT; number++)
        if (syscall_name(number))
            text_print(text, "%u %s\n", number, syscall_name(number));
    return 0;
}

const struct pseudo_entry counters_entries[] = {
    PSEUDO_TEXT("counters", show_counters), PSEUDO_TEXT("cpus", show_cpus),
    PSEUDO_TEXT("events", show_events),     PSEUDO_TEXT("locks", show_locks),
    PSEUDO_TEXT("syscalls", show_syscalls), PSEUDO_END,
};
