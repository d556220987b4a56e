// SPDX-License-Identifier: MIT
/* Which seals a file has, and the change of that: commands of fcntl(). */
#include <asm/errno.h>
#include <asm/mman.h>

#include "fs/more/events.h"
#include "fs/more/seals.h"
#include "fs/node/node.h"
#include "fs/open/open.h"
#include "kernel/task/task.h"
#include "mm/object/object.h"
#include "mm/space/address_space.h"

#define SEALS \
    (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_EXEC)

static unsigned int seals_of(const struct node *node)
{
    return node->seals & TAKES_SEALS ? node->seals & ~TAKES_SEALS : F_SEAL_SEAL;
}

/* -EINVAL where there can be none. */
static long get(const struct file *file)
{
    return file_is_stored(file) ? (long)seals_of(file->node) : -EINVAL;
}

/* Whether a mapping of the object that is shared may be written to, now or after mprotect(). */
static bool may_write_shared(struct address_space *space, const struct memory_object *object)
{
    struct vma *vma;
    bool found = false;

    space_lock_read(space);
    RB_FOREACH (vma, vma_tree, &space->vmas)
        found |= vma->object == object && (vma->flags & VMA_SHARED) && (vma->max_prot & PROT_WRITE);
    space_unlock_read(space);
    return found;
}

/* Nobody maps a file while the kernel lock is held, so that what is found stays true. */
static bool is_mapped_for_writing(const struct memory_object *object)
{
    struct task *task;

    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (task->space && may_write_shared(task->space, object))
            return true;
    return false;
}

/*
 * -EPERM if it is not open for writing or takes no more, -EINVAL, -EBUSY if a mapping may write
 * that is to be sealed off.
 */
static long add(struct file *file, unsigned int seals)
{
    struct node *node = file->node;
    struct memory_object *object;

    if (!file_is_writable(file))
        return -EPERM;
    if ((seals & ~(unsigned int)SEALS) || !file_is_stored(file))
        return -EINVAL;
    if (seals_of(node) & F_SEAL_SEAL)
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

static int command(const struct file_command *command, long *result)
{
    if (command->number == F_GET_SEALS)
        *result = get(command->file);
    else if (command->number == F_ADD_SEALS)
        *result = add(command->file, command->argument);
    else
        return 0;
    return 1;
}
ATTACH(file_is_commanded, command);
