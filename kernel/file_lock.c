// SPDX-License-Identifier: MIT
/*
 * Locks on files. An owner's locks never overlap, and those of one type never touch. They stand
 * side by side in the list, by their places in the file, behind those of earlier owners: so F_GETLK
 * tells of the first one that is in the way.
 */
#include "kernel/file_lock.h"

#include <asm/errno.h>
#include <asm/fcntl.h>

#include "kernel/wait_queue.h"
#include "mm/slab.h"

/* Those who wait for any lock; locks are few. */
static struct wait_queue released = WAIT_QUEUE_INIT(released);

static bool is_of(const struct file_lock *lock, const struct file_lock *request)
{
    return lock->owner == request->owner && lock->whole == request->whole;
}

static bool overlap(const struct file_lock *a, const struct file_lock *b)
{
    return a->start <= b->end && b->start <= a->end;
}

const struct file_lock *file_lock_conflict(const struct file_lock_list *list,
                                           const struct file_lock *request)
{
    const struct file_lock *lock;

    LIST_FOREACH (lock, list, link)
        if (lock->whole == request->whole && lock->owner != request->owner &&
            overlap(lock, request) && (lock->type == F_WRLCK || request->type == F_WRLCK))
            return lock;
    return NULL;
}

static void remove(struct file_lock *lock)
{
    LIST_REMOVE(lock, link);
    kfree(lock);
}

static void insert(struct file_lock_list *list, struct file_lock *new)
{
    struct file_lock *lock, *before = NULL;

    LIST_FOREACH (lock, list, link) {
        if (is_of(lock, new) && lock->start >= new->start) {
            LIST_INSERT_BEFORE(lock, new, link);
            return;
        }
        if (before && is_of(before, new) && !is_of(lock, new))
            break;
        before = lock;
    }
    if (before)
        LIST_INSERT_AFTER(before, new, link);
    else
        LIST_INSERT_HEAD(list, new, link);
}

/*
 * Takes the request's bytes out of its owner's locks, but for the new one if it is not NULL; spare
 * becomes the second part of one.
 */
static void cut_out(struct file_lock_list *list, const struct file_lock *request,
                    const struct file_lock *new, struct file_lock **spare)
{
    struct file_lock *lock, *next;

    LIST_FOREACH_SAFE(lock, list, link, next)
    {
        if (lock == new || !is_of(lock, request) || !overlap(lock, request))
            continue;
        if (lock->start < request->start && lock->end > request->end) {
            **spare = *lock;
            (*spare)->start = request->end + 1;
            lock->end = request->start - 1;
            insert(list, *spare);
            *spare = NULL;
        } else if (lock->start < request->start) {
            lock->end = request->start - 1;
        } else if (lock->end > request->end) {
            lock->start = request->end + 1;
        } else {
            remove(lock);
        }
    }
}

/* Grows the new lock by those of its owner and type that touch it. */
static void merge(struct file_lock_list *list, struct file_lock *new)
{
    struct file_lock *lock, *next;

    LIST_FOREACH_SAFE(lock, list, link, next)
    {
        if (lock == new || !is_of(lock, new) || lock->type != new->type)
            continue;
        if (lock->end + 1 == new->start)
            new->start = lock->start;
        else if (new->end + 1 == lock->start)
            new->end = lock->end;
        else
            continue;
        remove(lock);
    }
}

struct lock_wait {
    const struct file_lock_list *list;
    const struct file_lock *request;
};

static bool is_free(void *context)
{
    const struct lock_wait *wait = context;

    return !file_lock_conflict(wait->list, wait->request);
}

int file_lock_set(struct file_lock_list *list, const struct file_lock *request, bool wait)
{
    struct lock_wait context = {list, request};
    struct file_lock *lock, *spare;
    int error = 0;

    if (request->type != F_UNLCK && !is_free(&context))
        error = wait ? wait_event(&released, is_free, &context) : -EAGAIN;
    if (error)
        return error;
    lock = kmalloc(sizeof(*lock));
    spare = kmalloc(sizeof(*spare));
    if (lock && spare) {
        struct file_lock *new = request->type == F_UNLCK ? NULL : lock;
        if (new) {
            *new = *request;
            insert(list, new);
            lock = NULL;
        }
        cut_out(list, request, new, &spare);
        if (new)
            merge(list, new);
        wake_all(&released);
    } else {
        error = -ENOLCK;
    }
    kfree(lock);
    kfree(spare);
    return error;
}

void file_lock_remove_owner(struct file_lock_list *list, const void *owner)
{
    struct file_lock *lock, *next;

    LIST_FOREACH_SAFE(lock, list, link, next)
    {
        if (lock->owner == owner)
            remove(lock);
    }
    wake_all(&released);
}
