// SPDX-License-Identifier: MIT
/*
 * signalfd: pending signals as a file. Who reads gets his own, whoever made the file, as on Linux.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <linux/signalfd.h>

#include "arch/mmu/usercopy.h"
#include "fs/open/anonymous.h"
#include "kernel/call/syscall.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "mm/page/slab.h"

struct signal_file {
    signal_set_t set;
};

static bool is_pending(void *context)
{
    return signal_pending_set() & ((const struct signal_file *)context)->set;
}

static struct signalfd_siginfo describe(const siginfo_t *info)
{
    struct signalfd_siginfo described = {
        .ssi_signo = (uint32_t)info->si_signo,
        .ssi_errno = info->si_errno,
        .ssi_code = info->si_code,
    };

    if (info->si_code > 0 && info->si_code < SI_KERNEL && info->si_signo != SIGCHLD) {
        described.ssi_addr = (uintptr_t)info->si_addr;
        return described;
    }
    described.ssi_pid = (uint32_t)info->si_pid;
    described.ssi_uid = info->si_uid;
    if (info->si_code > 0) {
        described.ssi_status = info->si_status;
        return described;
    }
    described.ssi_int = info->si_int;
    described.ssi_ptr = (uintptr_t)info->si_ptr;
    return described;
}

/* As many as there are and fit; waits for the first one only. */
static long read(struct file *file, struct io_iter *to, uint64_t *offset)
{
    struct signal_file *signals = file->state;
    struct signalfd_siginfo described;
    long total = 0, error = 0;
    siginfo_t info;

    (void)offset;
    if (to->remaining < sizeof(described))
        return -EINVAL;
    while (!is_pending(signals) && !error)
        error =
            file->flags & O_NONBLOCK ? -EAGAIN : wait_event(&signal_arrivals, is_pending, signals);
    if (error)
        return error;
    while (to->remaining >= sizeof(described) && is_pending(signals)) {
        signal_take_lowest(signals->set, &info);
        described = describe(&info);
        if (io_iter_put(to, &described, sizeof(described)) < sizeof(described))
            return total ? total : -EFAULT;
        total += sizeof(described);
    }
    return total;
}

static unsigned int poll(struct file *file)
{
    return is_pending(file->state) ? POLLIN : 0;
}

static void release(struct file *file)
{
    kfree(file->state);
}

static const struct file_operations signal_operations = {
    .read = read,
    .status = anonymous_status,
    .poll = poll,
    .release = release,
};

/* Another set for a file that is there. */
static long change(int fd, signal_set_t set)
{
    struct file *file;
    long error = anonymous_get(fd, &signal_operations, -EINVAL, &file);

    if (error)
        return error;
    ((struct signal_file *)file->state)->set = set;
    file_wake(&signal_arrivals);
    file_put(file);
    return fd;
}

static long set_up(int fd, uintptr_t user_set, size_t size, unsigned int flags)
{
    struct signal_file *signals;
    signal_set_t set;

    if (size != sizeof(set))
        return -EINVAL;
    if (copy_from_user(&set, user_set, sizeof(set)))
        return -EFAULT;
    if (flags & ~(SFD_CLOEXEC | SFD_NONBLOCK))
        return -EINVAL;
    set &= ~SIGNALS_NEVER_BLOCKED;
    if (fd != -1)
        return change(fd, set);
    signals = kmalloc(sizeof(*signals));
    if (signals)
        signals->set = set;
    return anonymous_open(&signal_operations, signals, flags);
}

SYSCALL3(signalfd, int, fd, uintptr_t, set, size_t, size)
{
    return set_up(fd, set, size, 0);
}

SYSCALL4(signalfd4, int, fd, uintptr_t, set, size_t, size, unsigned int, flags)
{
    return set_up(fd, set, size, flags);
}
