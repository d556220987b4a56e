// SPDX-License-Identifier: MIT
/*
 * /proc/PID/maps, smaps and smaps_rollup: the areas of an address space, each with what it maps,
 * and what they take, each or all together.
 */
#include <asm/errno.h>
#include <asm/mman.h>

#include "arch/cpu/cpu.h"
#include "fs/more/node_more.h"
#include "fs/more/node_path.h"
#include "fs/proc/proc.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"
#include "mm/huge/huge_pages.h"
#include "mm/object/object.h"
#include "mm/page/slab.h"
#include "mm/usage/area_usage.h"

#define NAME_COLUMN 73 /* Linux: 25 + 6 * sizeof(void *) */

/* What is mapped: a file, or memory that is shared by mapping it. */
struct source {
    uint32_t device;
    uint64_t inode;
    uint64_t offset; /* bytes into it */
};

struct show {
    struct text *text;
    struct address_space *space;
    char *path; /* PATH_MAX bytes */
};

static struct node *file_of(const struct area *area)
{
    return area->object ? area->object->owner : NULL;
}

static struct source source_of(const struct area *area)
{
    struct source source = {0};
    const struct node *node = file_of(area);

    if (node) {
        source.device = node->file_system->device;
        source.inode = node->inode;
    }
    if (area->object)
        source.offset = area->object_page << PAGE_SHIFT;
    return source;
}

/* A newline in a path would look like the end of the line. */
static void put_path(struct text *text, const char *path)
{
    for (; *path; path++) {
        if (*path == '\n')
            text_put(text, "\\012", 4);
        else
            text_put(text, path, 1);
    }
}

static void put_name(struct show *show, const struct area *area, uint64_t line_start)
{
    const char *name = area->name; /* which no area of a file has */

    if (file_of(area))
        name = node_path(file_of(area), show->path, PATH_MAX) < 0 ? NULL : show->path;
    else if (area->object && !name) /* as on Linux, where such memory is a file of a hidden tmpfs */
        name = "/dev/zero (deleted)";
    else if (area->flags & AREA_HUGETLB)
        name = "/anon_hugepage (deleted)";
    if (name) {
        text_pad(show->text, line_start, NAME_COLUMN);
        put_path(show->text, name);
    }
}

static void put_area(struct show *show, const struct area *area)
{
    struct source source = source_of(area);
    uint64_t line_start = text_size(show->text);

    text_print(show->text, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", area->start, area->end,
               area->prot & PROT_READ ? 'r' : '-', area->prot & PROT_WRITE ? 'w' : '-',
               area->prot & PROT_EXEC ? 'x' : '-', area->flags & AREA_SHARED ? 's' : 'p',
               source.offset, source.device >> 8, source.device & 0xff, source.inode);
    put_name(show, area, line_start);
    text_put(show->text, "\n", 1);
}

/* ---- smaps ---- */

static void put_size(struct text *text, const char *label, uint64_t bytes)
{
    text_print(text, "%-16s%8lu kB\n", label, bytes >> 10);
}

static void put_usage(struct text *text, const struct area_usage *usage)
{
    put_size(text, "Rss:", usage->resident);
    put_size(text, "Pss:", usage->proportional);
    put_size(text, "Pss_Dirty:", usage->proportional_dirty);
    put_size(text, "Shared_Clean:", usage->shared_clean);
    put_size(text, "Shared_Dirty:", usage->shared_dirty);
    put_size(text, "Private_Clean:", usage->private_clean);
    put_size(text, "Private_Dirty:", usage->private_dirty);
    put_size(text, "Referenced:", usage->resident);
    put_size(text, "Anonymous:", usage->anonymous);
    put_size(text, "LazyFree:", 0);
    put_size(text, "AnonHugePages:", usage->huge);
    put_size(text, "ShmemPmdMapped:", 0);
    put_size(text, "FilePmdMapped:", 0);
    put_size(text, "Shared_Hugetlb:", usage->pool_shared);
    text_print(text, "Private_Hugetlb: %7lu kB\n", usage->pool_private >> 10);
    put_size(text, "Swap:", 0);
    put_size(text, "SwapPss:", 0);
}

struct mnemonic {
    bool holds;
    char text[4];
};

/* The flags that there are here, in the order of Linux's bits. */
static void put_flags(struct text *text, const struct area *area)
{
    const struct mnemonic mnemonics[] = {
        {area->prot & PROT_READ, "rd "},        {area->prot & PROT_WRITE, "wr "},
        {area->prot & PROT_EXEC, "ex "},        {area->flags & AREA_SHARED, "sh "},
        {area->max_prot & PROT_READ, "mr "},    {area->max_prot & PROT_WRITE, "mw "},
        {area->max_prot & PROT_EXEC, "me "},    {area->flags & AREA_SHARED, "ms "},
        {area->flags & AREA_GROWS_DOWN, "gd "}, {area->flags & AREA_LOCKED, "lo "},
        {area->flags & AREA_NO_FORK, "dc "},    {area->flags & AREA_HUGETLB, "ht "},
        {area->flags & AREA_WIPE, "wf "},       {area->flags & AREA_HUGE, "hg "},
    };

    text_print(text, "VmFlags: ");
    for (unsigned int i = 0; i < array_size(mnemonics); i++)
        if (mnemonics[i].holds)
            text_print(text, "%s", mnemonics[i].text);
    text_put(text, "\n", 1);
}

/* Whether 2 MiB pages would be taken: the area asks for them, and one fits. */
static bool is_huge_eligible(const struct area *area)
{
    return (area->flags & AREA_HUGE) && !area->object &&
           align_up(area->start, HUGE_PAGE_SIZE) + HUGE_PAGE_SIZE <= area->end;
}

static void put_area_with_usage(struct show *show, const struct area *area)
{
    struct area_usage usage = {0};

    area_measure_locked(show->space, area, &usage);
    put_area(show, area);
    put_size(show->text, "Size:", area->end - area->start);
    put_size(show->text, "KernelPageSize:", area_alignment(area->flags));
    put_size(show->text, "MMUPageSize:", area_alignment(area->flags));
    put_usage(show->text, &usage);
    put_size(show->text, "Locked:", area->flags & AREA_LOCKED ? usage.proportional : 0);
    text_print(show->text, "THPeligible:    %8u\n", is_huge_eligible(area));
    if (cpu_state.pku)
        text_print(show->text, "ProtectionKey:  %8u\n", area->key);
    put_flags(show->text, area);
}

/* ---- both ---- */

static int show_areas(const struct pseudo_node *node, struct text *text,
                      void (*put)(struct show *show, const struct area *area))
{
    const struct task *task = proc_task(node);
    struct show show = {.text = text};
    struct area *area;

    if (!task)
        return -ESRCH;
    show.space = task->space;
    if (!show.space)
        return 0;
    show.path = kmalloc(PATH_MAX);
    if (!show.path)
        return -ENOMEM;
    space_lock_read(show.space);
    RB_FOREACH (area, area_tree, &show.space->areas)
        put(&show, area);
    space_unlock_read(show.space);
    kfree(show.path);
    return 0;
}

/* Adds an area, and to locked what of it is locked. */
static void add_area(struct address_space *space, const struct area *area, struct area_usage *sum,
                     uint64_t *locked)
{
    uint64_t before = sum->proportional;

    area_measure_locked(space, area, sum);
    if (area->flags & AREA_LOCKED)
        *locked += sum->proportional - before;
}

/* One line as that of an area, from the first one's start to the last one's end. */
static void put_range(struct text *text, struct address_space *space)
{
    const struct area *first = RB_MIN(area_tree, &space->areas);
    const struct area *last = RB_MAX(area_tree, &space->areas);
    uint64_t line_start = text_size(text);

    text_print(text, "%08lx-%08lx ---p 00000000 00:00 0 ", first ? first->start : 0,
               last ? last->end : 0);
    text_pad(text, line_start, NAME_COLUMN);
    text_print(text, "[rollup]\n");
}

int proc_show_smaps_rollup(const struct pseudo_node *node, struct text *text)
{
    const struct task *task = proc_task(node);
    struct area_usage sum = {0};
    uint64_t locked = 0;
    struct area *area;

    if (!task || !task->space)
        return -ESRCH;
    space_lock_read(task->space);
    RB_FOREACH (area, area_tree, &task->space->areas)
        add_area(task->space, area, &sum, &locked);
    put_range(text, task->space);
    space_unlock_read(task->space);
    put_usage(text, &sum);
    put_size(text, "Locked:", locked);
    return 0;
}

int proc_show_maps(const struct pseudo_node *node, struct text *text)
{
    return show_areas(node, text, put_area);
}

int proc_show_smaps(const struct pseudo_node *node, struct text *text)
{
    return show_areas(node, text, put_area_with_usage);
}
