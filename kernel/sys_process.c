// SPDX-License-Identifier: MIT
/* System calls on other processes, and on the machine. */
#include <linux/sysinfo.h>
#include <linux/time.h>
#include <linux/uio.h>

#include "arch/clock.h"
#include "arch/usercopy.h"
#include "kernel/io_iter.h"
#include "kernel/load.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "mm/access.h"
#include "mm/address_space.h"
#include "mm/page.h"
#include "mm/slab.h"

/* ---- process_vm_readv and process_vm_writev ---- */

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
        moved = space_write_allowed(remote->space, there, remote->buffer, moved);
    } else {
        moved = space_read_allowed(remote->space, there, remote->buffer, size);
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
    if (!credentials_may_trace(other))
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

/* ---- the machine ---- */

SYSCALL1(sysinfo, uintptr_t, address)
{
    struct page_counters counters;
    struct sysinfo info = {.mem_unit = 1};

    page_read_counters(&counters);
    info.uptime = (long)(clock_monotonic_ns() / NS_PER_SECOND);
    for (unsigned int i = 0; i < LOAD_AVERAGES; i++)
        info.loads[i] = load_average(i);
    info.totalram = counters.total << PAGE_SHIFT;
    info.freeram = counters.free << PAGE_SHIFT;
    info.procs = (uint16_t)task_count();
    return copy_to_user(address, &info, sizeof(info)) ? -EFAULT : 0;
}

/* ---- CPUs ---- */

/* Bytes of a mask of all CPUs, in whole words as Linux has it. */
static size_t affinity_size(void)
{
    return align_up(cpu_count, CPU_SET_WORD_BITS) / 8;
}

SYSCALL3(sched_getaffinity, int, pid, size_t, size, uintptr_t, address)
{
    struct task *task = pid ? task_find(pid) : current();
    struct cpu_set cpus = {{0}};

    if (size < affinity_size() || size % sizeof(cpus.words[0]))
        return -EINVAL;
    if (!task)
        return -ESRCH;
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (cpu_set_has(&task->affinity, cpu))
            cpu_set_add(&cpus, cpu);
    return copy_to_user(address, &cpus, affinity_size()) ? -EFAULT : (long)affinity_size();
}

SYSCALL3(sched_setaffinity, int, pid, size_t, size, uintptr_t, address)
{
    struct task *task = pid ? task_find(pid) : current();
    struct cpu_set cpus = {{0}};

    if (copy_from_user(&cpus, address, size < sizeof(cpus) ? size : sizeof(cpus)))
        return -EFAULT;
    if (!task)
        return -ESRCH;
    if (!credentials_may_schedule(task))
        return -EPERM;
    if (cpu_set_next(&cpus, 0) >= cpu_count)
        return -EINVAL;
    sched_set_affinity(task, &cpus);
    return 0;
}

PARALLEL_SYSCALL3(getcpu, uintptr_t, cpu, uintptr_t, node, uintptr_t, unused)
{
    unsigned int number = this_cpu()->number, zero = 0;

    (void)unused;
    if ((cpu && copy_to_user(cpu, &number, sizeof(number))) ||
        (node && copy_to_user(node, &zero, sizeof(zero))))
        return -EFAULT;
    return 0;
}
