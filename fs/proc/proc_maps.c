// SPDX-License-Identifier: MIT
/*
 * /proc/PID/maps, smaps and smaps_rollup: the VMAs of an address space, each with what it maps,
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
#include "mm/usage/vma_usage.h"

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

static struct node *file_of(const struct vma *vma)
{
    return vma->object ? vma->object->owner : NULL;
}

static struct source source_of(const struct vma *vma)
{
    struct source source = {0};
    const struct node *node = file_of(vma);

    if (node) {
        source.device = node->file_system->device;
        source.inode = node->inode;
    }
    if (vma->object)
        source.offset = vma->object_page << PAGE_SHIFT;
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

static void put_name(struct show *show, const struct vma *vma, uint64_t line_start)
{
    const char *name = vma->name; /* which no VMA of a file has */

    if (file_of(vma))
        name = node_path(file_of(vma), show->path, PATH_MAX) < 0 ? NULL : show->path;
    else if (vma->object && !name) /* as on Linux, where such memory is a file of a hidden tmpfs */
        name = "/dev/zero (deleted)";
    else if (vma->flags & VMA_HUGETLB)
        name = "/anon_hugepage (deleted)";
    if (name) {
        text_pad(show->text, line_start, NAME_COLUMN);
        put_path(show->text, name);
    }
}

static void put_vma(struct show *show, const struct vma *vma)
{
    struct source source = source_of(vma);
    uint64_t line_start = text_size(show->text);

    text_print(show->text, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", vma->start, vma->end,
               vma->prot & PROT_READ ? 'r' : '-', vma->prot & PROT_WRITE ? 'w' : '-',
               vma->prot & PROT_EXEC ? 'x' : '-', vma->flags & VMA_SHARED ? 's' : 'p',
               source.offset, source.device >> 8, source.device & 0xff, source.inode);
    put_name(show, vma, line_start);
    text_put(show->text, "\n", 1);
}

/* ---- smaps ---- */

static void put_size(struct text *text, const char *label, uint64_t bytes)
{
    text_print(text, "%-16s%8lu kB\n", label, bytes >> 10);
}

static void put_usage(struct text *text, const struct vma_usage *usage)
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
static void put_flags(struct text *text, const struct vma *vma)
{
    const struct mnemonic mnemonics[] = {
        {vma->prot & PROT_READ, "rd "},       {vma->prot & PROT_WRITE, "wr "},
        {vma->prot & PROT_EXEC, "ex "},       {vma->flags & VMA_SHARED, "sh "},
        {vma->max_prot & PROT_READ, "mr "},   {vma->max_prot & PROT_WRITE, "mw "},
        {vma->max_prot & PROT_EXEC, "me "},   {vma->flags & VMA_SHARED, "ms "},
        {vma->flags & VMA_GROWS_DOWN, "gd "}, {vma->flags & VMA_LOCKED, "lo "},
        {vma->flags & VMA_NO_FORK, "dc "},    {vma->flags & VMA_HUGETLB, "ht "},
        {vma->flags & VMA_WIPE, "wf "},       {vma->flags & VMA_HUGE, "hg "},
    };

    text_print(text, "VmFlags: ");
    for (unsigned int i = 0; i < array_size(mnemonics); i++)
        if (mnemonics[i].holds)
            text_print(text, "%s", mnemonics[i].text);
    text_put(text, "\n", 1);
}

/* Whether 2 MiB pages would be taken: the VMA asks for them, and one fits. */
static bool is_huge_eligible(const struct vma *vma)
{
    return (vma->flags & VMA_HUGE) && !vma->object &&
           align_up(vma->start, HUGE_PAGE_SIZE) + HUGE_PAGE_SIZE <= vma->end;
}

static void put_vma_with_usage(struct show *show, const struct vma *vma)
{
    struct vma_usage usage = {0};

    vma_measure_locked(show->space, vma, &usage);
    put_vma(show, vma);
    put_size(show->text, "Size:", vma->end - vma->start);
    put_size(show->text, "KernelPageSize:", vma_alignment(vma->flags));
    put_size(show->text, "MMUPageSize:", vma_alignment(vma->flags));
    put_usage(show->text, &usage);
    put_size(show->text, "Locked:", vma->flags & VMA_LOCKED ? usage.proportional : 0);
    text_print(show->text, "THPeligible:    %8u\n", is_huge_eligible(vma));
    if (cpu_state.pku)
        text_print(show->text, "ProtectionKey:  %8u\n", vma->key);
    put_flags(show->text, vma);
}

/* ---- both ---- */

static int show_vmas(const struct pseudo_node *node, struct text *text,
                     void (*put)(struct show *show, const struct vma *vma))
{
    const struct task *task = proc_task(node);
    struct show show = {.text = text};
    struct vma *vma;

    if (!task)
        return -ESRCH;
    show.space = task->space;
    if (!show.space)
        return 0;
    show.path = kmalloc(PATH_MAX);
    if (!show.path)
        return -ENOMEM;
    space_lock_read(show.space);
    RB_FOREACH (vma, vma_tree, &show.space->vmas)
        put(&show, vma);
    space_unlock_read(show.space);
    kfree(show.path);
    return 0;
}

/* Adds a VMA, and to locked what of it is locked. */
static void add_vma(struct address_space *space, const struct vma *vma, struct vma_usage *sum,
                    uint64_t *locked)
{
    uint64_t before = sum->proportional;

    vma_measure_locked(space, vma, sum);
    if (vma->flags & VMA_LOCKED)
        *locked += sum->proportional - before;
}

/* One line as that of a VMA, from the first one's start to the last one's end. */
static void put_range(struct text *text, struct address_space *space)
{
    const struct vma *first = RB_MIN(vma_tree, &space->vmas);
    const struct vma *last = RB_MAX(vma_tree, &space->vmas);
    uint64_t line_start = text_size(text);

    text_print(text, "%08lx-%08lx ---p 00000000 00:00 0 ", first ? first->start : 0,
               last ? last->end : 0);
    text_pad(text, line_start, NAME_COLUMN);
    text_print(text, "[rollup]\n");
}

int proc_show_smaps_rollup(const struct pseudo_node *node, struct text *text)
{
    const struct task *task = proc_task(node);
    struct vma_usage sum = {0};
    uint64_t locked = 0;
    struct vma *vma;

    if (!task || !task->space)
        return -ESRCH;
    space_lock_read(task->space);
    RB_FOREACH (vma, vma_tree, &task->space->vmas)
        add_vma(task->space, vma, &sum, &locked);
    put_range(text, task->space);
    space_unlock_read(task->space);
    put_usage(text, &sum);
    put_size(text, "Locked:", locked);
    return 0;
}

int proc_show_maps(const struct pseudo_node *node, struct text *text)
{
    return show_vmas(node, text, put_vma);
}

int proc_show_smaps(const struct pseudo_node *node, struct text *text)
{
    return show_vmas(node, text, put_vma_with_usage);
}
