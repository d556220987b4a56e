// SPDX-License-Identifier: MIT
/* System calls on other processes, and on the machine. */
#include <linux/sysinfo.h>
#include <linux/time.h>
#include <linux/uio.h>

#include "arch/clock.h"
#include "arch/usercopy.h"
#include "kernel/load.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "mm/access.h"
#include "mm/address_space.h"
#include "mm/page.h"
#include "mm/slab.h"

/* ---- process_vm_readv and process_vm_writev ---- */

#define VECTOR_MAX 1024 /* UIO_MAXIOV */

struct io_vector {
    struct iovec *segments;
    size_t count;
};

static int read_vector(struct io_vector *vector, uintptr_t address, size_t count)
{
    vector->count = count;
    vector->segments = NULL;
    if (count > VECTOR_MAX)
        return -EINVAL;
    if (count == 0)
        return 0;
    vector->segments = kmalloc(count * sizeof(struct iovec));
    if (!vector->segments)
        return -ENOMEM;
    if (copy_from_user(vector->segments, address, count * sizeof(struct iovec)))
        return -EFAULT;
    return 0;
}

/* Moves up to one page between the caller's memory and the other's: bytes moved. */
static size_t move_piece(struct task *other, uintptr_t there, uintptr_t here, size_t size,
                         bool write, char *buffer)
{
    if (write) {
        size -= copy_from_user(buffer, here, size);
        return space_write_allowed(other->space, there, buffer, size);
    }
    size = space_read_allowed(other->space, there, buffer, size);
    return size - copy_to_user(here, buffer, size);
}

/* Takes the next part that both vectors have in one piece, at most a page. */
static size_t next_piece(const struct io_vector *local, const struct io_vector *remote, size_t *l,
                         size_t *r, const size_t *l_done, const size_t *r_done)
{
    size_t size = PAGE_SIZE;

    if (*l == local->count || *r == remote->count)
        return 0;
    if (local->segments[*l].iov_len - *l_done < size)
        size = local->segments[*l].iov_len - *l_done;
    if (remote->segments[*r].iov_len - *r_done < size)
        size = remote->segments[*r].iov_len - *r_done;
    return size;
}

static void skip_finished(const struct io_vector *vector, size_t *index, size_t *done)
{
    while (*index < vector->count && vector->segments[*index].iov_len == *done) {
        (*index)++;
        *done = 0;
    }
}

static long transfer(struct task *other, const struct io_vector *local,
                     const struct io_vector *remote, bool write, char *buffer)
{
    size_t l = 0, r = 0, l_done = 0, r_done = 0;
    long sum = 0;

    for (;;) {
        skip_finished(local, &l, &l_done);
        skip_finished(remote, &r, &r_done);
        size_t size = next_piece(local, remote, &l, &r, &l_done, &r_done);
        if (size == 0)
            return sum;
        size_t moved =
            move_piece(other, (uintptr_t)remote->segments[r].iov_base + r_done,
                       (uintptr_t)local->segments[l].iov_base + l_done, size, write, buffer);
        sum += (long)moved;
        l_done += moved;
        r_done += moved;
        if (moved < size)
            return sum ? sum : -EFAULT;
    }
}

static long process_vm(int pid, uintptr_t local_address, size_t local_count,
                       uintptr_t remote_address, size_t remote_count, uint64_t flags, bool write)
{
    struct io_vector local = {0}, remote = {0};
    struct task *other = task_find(pid);
    char *buffer = kmalloc(PAGE_SIZE);
    long result = flags ? -EINVAL : 0;

    if (!result)
        result = read_vector(&local, local_address, local_count);
    if (!result)
        result = read_vector(&remote, remote_address, remote_count);
    if (!result && !buffer)
        result = -ENOMEM;
    if (!result && (!other || !other->space))
        result = -ESRCH;
    if (!result && !credentials_may_trace(other))
        result = -EPERM;
    if (!result)
        result = transfer(other, &local, &remote, write, buffer);
    kfree(local.segments);
    kfree(remote.segments);
    kfree(buffer);
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
