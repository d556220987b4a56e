// SPDX-License-Identifier: MIT
#include "kernel/pidfd.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <linux/stat.h>

#include "kernel/file.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "libc/include/string.h"
#include "mm/slab.h"

struct pidfd {
    int pid;
    uint64_t started_ns;
};

/* NULL: it has been waited for. */
static struct process *process_of(const struct file *file)
{
    const struct pidfd *pidfd = file->state;
    struct process *process = process_find(pidfd->pid);

    return process && process->started_ns == pidfd->started_ns ? process : NULL;
}

static unsigned int poll(struct file *file)
{
    const struct process *process = process_of(file);

    if (!process)
        return POLLIN | POLLHUP;
    return process->is_zombie ? POLLIN : 0;
}

/* Two of one process have one inode. */
static int status(struct file *file, struct stat *status)
{
    const struct pidfd *pidfd = file->state;

    memset(status, 0, sizeof(*status));
    status->st_ino = pidfd->started_ns;
    status->st_mode = S_IRWXU;
    status->st_nlink = 1;
    status->st_blksize = PAGE_SIZE;
    return 0;
}

static void release(struct file *file)
{
    kfree(file->state);
}

static const struct file_operations operations = {
    .poll = poll,
    .status = status,
    .release = release,
};

void pidfd_wake(void)
{
    static struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);

    file_wake(&nobody);
}

int pidfd_create(const struct process *process, unsigned int flags)
{
    struct pidfd *pidfd = kmalloc(sizeof(*pidfd));
    struct file *file = pidfd ? file_create(&operations, O_RDWR | flags) : NULL;
    int fd;

    if (!file) {
        kfree(pidfd);
        return -ENOMEM;
    }
    *pidfd = (struct pidfd){process->pid, process->started_ns};
    file->state = pidfd;
    fd = file_table_add(current()->files, file, 0, true);
    if (fd < 0)
        file_put(file);
    return fd;
}

int pidfd_get(int fd, struct process **process, unsigned int *flags)
{
    struct file *file = file_table_get(current()->files, fd);
    int error = file && file->operations == &operations ? 0 : -EBADF;

    if (!error) {
        *process = process_of(file);
        *flags = file->flags;
    }
    if (file)
        file_put(file);
    return error;
}

SYSCALL2(pidfd_open, int, pid, unsigned int, flags)
{
    const struct process *process;

    if ((flags & ~O_NONBLOCK) || pid <= 0)
        return -EINVAL;
    process = process_find(pid);
    if (!process)
        return task_find(pid) ? -ENOENT : -ESRCH;
    return pidfd_create(process, flags);
}

SYSCALL3(pidfd_getfd, int, pidfd, int, fd, unsigned int, flags)
{
    struct process *process;
    struct file *file;
    unsigned int file_flags;
    int result;

    if (flags)
        return -EINVAL;
    result = pidfd_get(pidfd, &process, &file_flags);
    if (result)
        return result;
    if (!process || process->is_zombie)
        return -ESRCH;
    if (!credentials_may_trace(process->leader))
        return -EPERM;
    file = process->leader->files ? file_table_get(process->leader->files, fd) : NULL;
    if (!file)
        return -EBADF;
    result = file_table_add(current()->files, file, 0, true);
    if (result < 0)
        file_put(file);
    return result;
}
