// SPDX-License-Identifier: MIT
#include "fs/seals.h"

#include <asm/errno.h>

#include "fs/node.h"
#include "fs/open.h"
#include "kernel/task.h"
#include "mm/address_space.h"
#include "mm/object.h"

#define SEALS \
    (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_EXEC)

long seals_get(const struct file *file)
{
    return file_is_stored(file) ? (long)file->node->seals : -EINVAL;
}

/* Nobody maps a file while the kernel lock is held, so that what is found stays true. */
static bool is_mapped_for_writing(const struct memory_object *object)
{
    struct task *task;

    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (task->space && space_may_write_shared(task->space, object))
            return true;
    return false;
}

long seals_add(struct file *file, unsigned int seals)
{
    struct node *node = file->node;
    struct memory_object *object;

    if (!file_is_writable(file))
        return -EPERM;
    if ((seals & ~(unsigned int)SEALS) || !file_is_stored(file))
        return -EINVAL;
    if (node->seals & F_SEAL_SEAL)
        return -EPERM;
    object = file->operations->object(file);
    if ((seals & F_SEAL_WRITE) && !(node->seals & F_SEAL_WRITE) && is_mapped_for_writing(object))
        return -EBUSY;
    /* A program that stays one stays the one that it is. */
    if ((seals & F_SEAL_EXEC) && (node->mode & 0111))
        seals |= F_SEAL_SHRINK | F_SEAL_GROW | SEALS_OF_WRITING;
    node->seals |= seals;
    object->is_sealed = node->seals & SEALS_OF_WRITING;
    return 0;
}
