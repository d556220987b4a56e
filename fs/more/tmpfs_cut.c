// SPDX-License-Identifier: MIT
/*
 * Making files shorter: what programs have mapped of the end goes first, so that an access there is
 * SIGBUS and nobody keeps a page that the file no longer has. An object does not know its VMAs:
 * files are mapped often and truncated while mapped hardly ever, so all spaces are looked through.
 */
#include <asm/errno.h>

#include "fs/more/node_times.h"
#include "fs/more/seals.h"
#include "fs/more/tmpfs_more.h"
#include "kernel/task/task.h"
#include "mm/object/object.h"
#include "mm/space/address_space.h"
#include "mm/space/vma.h"

/* Private copies of the object's pages go too, as on Linux. */
static void zap_vma_locked(struct address_space *space, const struct vma *vma, uint64_t first)
{
    uint64_t end_page = vma->object_page + ((vma->end - vma->start) >> PAGE_SHIFT);
    uintptr_t start = vma->start;

    if (first >= end_page)
        return;
    if (first > vma->object_page)
        start += (first - vma->object_page) << PAGE_SHIFT;
    space_zap_locked(space, start, vma->end);
}

static void zap_space(struct address_space *space, const struct memory_object *object,
                      uint64_t first)
{
    struct vma *vma;

    space_lock_write(space);
    RB_FOREACH (vma, vma_tree, &space->vmas)
        if (vma->object == object)
            zap_vma_locked(space, vma, first);
    space_flush_locked(space);
    space_unlock_write(space);
}

/*
 * The size first: a fault that still saw the old one held its space's lock, so that what it mapped
 * is there to be found; a later one is refused. The pages last, when nobody has them.
 */
static void zap_all(struct memory_object *object, uint64_t size)
{
    uint64_t first = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
    struct task *task;

    object_set_size(object, size);
    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (task->space)
            zap_space(task->space, object, first);
}

int tmpfs_cut(struct node *node, uint64_t size)
{
    struct memory_object *object = tmpfs_node(node)->object;
    uint64_t old_size = object->size;
    int error;

    if (size <= OBJECT_SIZE_MAX && ((size < old_size && (node->seals & F_SEAL_SHRINK)) ||
                                    (size > old_size && (node->seals & F_SEAL_GROW))))
        return -EPERM;
    if (size <= old_size)
        zap_all(object, size);
    error = tmpfs_resize(node, size);
    if (!error)
        node_touch(node);
    return error;
}
