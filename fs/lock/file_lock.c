// SPDX-License-Identifier: MIT
/*
 * Locks on files. An owner's locks never overlap, and those of one type never touch. They stand
 * side by side in the list, by their places in the file, behind those of earlier owners: so F_GETLK
 * tells of the first one that is in the way.
 */
#include "fs/lock/file_lock.h"

#include <asm/errno.h>
#include <asm/fcntl.h>

#include "kernel/file/file.h"
#include "kernel/task/state.h"
#include "kernel/task/wait_queue.h"
#include "mm/page/slab.h"

FILE_STATE(struct file_lock_list, own_locks); /* lock: kernel */

#define WAITS_FOLLOWED_MAX 11 /* a cycle of twelve is found */

/* Those who wait for any lock; locks are few. */
static struct wait_queue released = WAIT_QUEUE_INIT(released);

/* One of them, on its own stack. It waits for whoever then has the lock that is in its way. */
struct lock_wait {
    LIST_ENTRY(lock_wait) link;
    const struct file_lock_list *list;
    const struct file_lock *request;
    uint64_t in_the_way;    /* the number of that lock */
    bool is_in_cycle;       /* of owners that wait for each other: ends with an error */
    bool is_followed;       /* by the search for such a cycle */
    struct lock_wait *next; /* of those that it is yet to follow */
};

static LIST_HEAD(, lock_wait) waits = LIST_HEAD_INITIALIZER(waits);

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

/* ---- waiting ---- */

static bool is_of_process(const struct file_lock *lock)
{
    return lock->pid != FILE_LOCK_NO_PID;
}

/* Adds what an owner waits for, in each of its threads, to what is yet to be followed. */
static void follow(const void *owner, struct lock_wait **pending)
{
    struct lock_wait *wait;

    LIST_FOREACH (wait, &waits, link) {
        if (wait->is_followed || wait->request->owner != owner)
            continue;
        wait->is_followed = true;
        wait->next = *pending;
        *pending = wait;
    }
}

/*
 * Whether an owner waits for another, through as many waits as Linux follows: each costs a look at
 * all locks of a file and at all waits. A wait for an open file's lock leads nowhere, as there:
 * whoever has the file may let it go.
 */
static bool waits_for(const void *owner, const void *other)
{
    struct lock_wait *wait, *pending = NULL;
    unsigned int followed = 0;

    LIST_FOREACH (wait, &waits, link)
        wait->is_followed = false;
    follow(owner, &pending);
    while ((wait = pending) && followed++ < WAITS_FOLLOWED_MAX) {
        const struct file_lock *lock = file_lock_conflict(wait->list, wait->request);

        pending = wait->next;
        if (!lock || !is_of_process(lock))
            continue;
        if (lock->owner == other)
            return true;
        follow(lock->owner, &pending);
    }
    return false;
}

/*
 * Whether there is nothing to wait for, or nothing will come of it. A cycle is looked for when
 * another lock has come in the way: so it ends for the one whose wait has closed it.
 */
static bool is_decided(void *context)
{
    struct lock_wait *wait = context;
    const struct file_lock *request = wait->request;
    const struct file_lock *lock = file_lock_conflict(wait->list, request);

    if (!lock)
        return true;
    if (lock->number != wait->in_the_way)
        wait->is_in_cycle = is_of_process(request) && waits_for(lock->owner, request->owner);
    wait->in_the_way = lock->number;
    return wait->is_in_cycle;
}

static int wait_until_free(const struct file_lock_list *list, const struct file_lock *request)
{
    struct lock_wait wait = {.list = list, .request = request};
    int error;

    LIST_INSERT_HEAD(&waits, &wait, link);
    error = wait_event(&released, is_decided, &wait);
    LIST_REMOVE(&wait, link);
    return wait.is_in_cycle ? -EDEADLK : error;
}

/* ---- setting ---- */

/* Whether a lock of the owner's would be left with a part before the request and one behind it. */
static bool splits(const struct file_lock_list *list, const struct file_lock *request)
{
    const struct file_lock *lock;

    LIST_FOREACH (lock, list, link)
        if (is_of(lock, request) && lock->start < request->start && lock->end > request->end)
            return true;
    return false;
}

/*
 * Memory for the new lock, and for the second part of one that is split. Letting go needs some for
 * the latter alone: a whole lock always goes. One that is waited for may meet other locks then.
 */
static int prepare(const struct file_lock_list *list, const struct file_lock *request,
                   struct file_lock **lock, struct file_lock **spare)
{
    bool is_set = request->type != F_UNLCK;
    bool may_split = is_set ? !request->whole : splits(list, request);

    *lock = is_set ? kmalloc(sizeof(**lock)) : NULL;
    *spare = may_split ? kmalloc(sizeof(**spare)) : NULL;
    return (is_set && !*lock) || (may_split && !*spare) ? -ENOLCK : 0;
}

/* Makes room for a request; a whole lock of the other type lets go first, and may lose to others.
 */
static int make_room(struct file_lock_list *list, const struct file_lock *request, bool wait)
{
    if (request->whole) {
        cut_out(list, request, NULL, NULL);
        wake_all(&released);
    }
    if (request->type == F_UNLCK || !file_lock_conflict(list, request))
        return 0;
    return wait ? wait_until_free(list, request) : -EAGAIN;
}

int file_lock_set(struct file_lock_list *list, const struct file_lock *request, bool wait)
{
    static uint64_t last_number;
    struct file_lock *new, *spare;
    int error = prepare(list, request, &new, &spare);

    if (!error)
        error = make_room(list, request, wait);
    if (!error) {
        if (new) {
            *new = *request;
            new->number = ++last_number;
            insert(list, new);
        }
        cut_out(list, request, new, &spare);
        if (new)
            merge(list, new);
        new = NULL;
        wake_all(&released);
    }
    kfree(new);
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

struct file_lock_list *file_locks(struct file *file)
{
    return file->node ? &file->node->locks : file_state(file, own_locks);
}

/* A process that closes any of its descriptors of a file loses its locks of bytes there. */
static void unlock_all(struct file *file, const void *owner)
{
    if (!LIST_EMPTY(file_locks(file)))
        file_lock_remove_owner(file_locks(file), owner);
}
ATTACH(file_is_released, unlock_all);
