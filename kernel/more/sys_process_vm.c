// SPDX-License-Identifier: MIT
/* process_vm_readv and process_vm_writev: bytes between the caller's memory and another's. */
#include <linux/uio.h>

#include "fs/open/vector.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"
#include "mm/access/access.h"
#include "mm/page/page.h"
#include "mm/page/slab.h"
#include "mm/space/address_space.h"

/* The other side's memory, segment by segment, and what has been moved so far. */
struct remote {
    struct address_space *space;
    const struct iovec *segments;
    size_t count;
    bool write;   /* to there */
    char *buffer; /* a page */
    long moved;
};

/* Moves up to a page: whether all of it went. */
static bool move_piece(struct remote *remote, uintptr_t there, size_t size, struct io_iter *local)
{
    size_t moved;

    if (remote->write) {
        moved = io_iter_take(local, remote->buffer, size);
        moved = space_transfer(remote->space, there, NULL, remote->buffer, moved, PAGE_WRITE);
    } else {
        moved = space_transfer(remote->space, there, remote->buffer, NULL, size, PAGE_READ);
        moved = io_iter_put(local, remote->buffer, moved);
    }
    remote->moved += (long)moved;
    return moved == size;
}

static bool move_segment(struct remote *remote, const struct iovec *segment, struct io_iter *local)
{
    uintptr_t there = (uintptr_t)segment->iov_base;
    size_t left = segment->iov_len < local->remaining ? segment->iov_len : local->remaining;

    while (left) {
        size_t size = left < PAGE_SIZE ? left : PAGE_SIZE;
        if (!move_piece(remote, there, size, local))
            return false;
        there += size;
        left -= size;
    }
    return true;
}

static long transfer(struct remote *remote, struct io_iter *local)
{
    for (size_t i = 0; i < remote->count && local->remaining; i++)
        if (!move_segment(remote, &remote->segments[i], local))
            return remote->moved ? remote->moved : -EFAULT;
    return remote->moved;
}

/* Finds the process, once there is something to move; in Linux's order. */
static long move_memory(int pid, struct remote *remote, struct io_iter *local)
{
    struct task *other;
    size_t size = 0;
    long result;

    for (size_t i = 0; i < remote->count; i++)
        size |= remote->segments[i].iov_len;
    if (!size)
        return 0;
    other = task_find(pid);
    if (!other || !other->space)
        return -ESRCH;
    if (!task_may_trace(other))
        return -EPERM;
    remote->space = other->space;
    remote->buffer = kmalloc(PAGE_SIZE);
    if (!remote->buffer)
        return -ENOMEM;
    result = transfer(remote, local);
    kfree(remote->buffer);
    return result;
}

static long process_vm(int pid, uintptr_t local_address, size_t local_count,
                       uintptr_t remote_address, size_t remote_count, uint64_t flags, bool write)
{
    struct remote remote = {.count = remote_count, .write = write};
    struct iovec *local_segments, *remote_segments;
    struct io_iter local;
    long result = flags ? -EINVAL : 0;

    if (!result)
        result = import_iovec(local_address, local_count, &local_segments, &local);
    if (result)
        return result;
    if (local.remaining) {
        result = iovec_from_user(remote_address, remote_count, &remote_segments);
        if (!result) {
            remote.segments = remote_segments;
            result = move_memory(pid, &remote, &local);
            kfree(remote_segments);
        }
    }
    kfree(local_segments);
    return result;
}

SYSCALL6(process_vm_readv, int, pid, uintptr_t, local, size_t, local_count, uintptr_t, remote,
         size_t, remote_count, uint64_t, flags)
{
    return process_vm(pid, local, local_count, remote, remote_count, flags, false);
}

SYSCALL6(process_vm_writev, int, pid, uintptr_t, local, size_t, local_count, uintptr_t, remote,
         size_t, remote_count, uint64_t, flags)
{
    return process_vm(pid, local, local_count, remote, remote_count, flags, true);
}
