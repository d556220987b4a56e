// SPDX-License-Identifier: MIT
/*
 * Descriptors of processes: pidfd_open(2), CLONE_PIDFD. One keeps nothing of the process alive: it
 * knows the process's pid, and by the moment of its start whether that is still the same one.
 *
 * The room owns calls that few programs make, on processes and on the machine, each in a file of
 * its own; this is the largest. It leaves processes to kernel/process/, tasks
 * to kernel/task/, futexes to kernel/futex/, and adds to them what its own calls say.
 */
#include "kernel/more/pidfd.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <linux/sched.h>
#include <linux/stat.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/job/group.h"
#include "kernel/more/siginfo.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

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

/* A process has ended or has been waited for: poll() on pidfds looks again. */
static void wake(struct process *process)
{
    static struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);

    (void)process;
    file_wake(&nobody);
}

ATTACH(process_is_over, wake);
ATTACH(process_is_freed, wake);

/* A descriptor in the running task's table, which exec closes: or -EMFILE, -ENOMEM. */
static int create(const struct process *process, unsigned int flags)
{
    struct pidfd *pidfd = kmalloc(sizeof(*pidfd));
    struct file *file = pidfd ? file_create(&operations, O_RDWR | flags) : NULL;

    if (!file) {
        kfree(pidfd);
        return -ENOMEM;
    }
    *pidfd = (struct pidfd){process->pid, process->started_ns};
    file->state = pidfd;
    return file_table_add(current()->files, file, 0, true);
}

/* The process, NULL when it has been waited for; -EBADF when it is no such descriptor. */
static int get(int fd, struct process **process, unsigned int *flags)
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

/* CLONE_PIDFD: a descriptor of the new process is put where it is asked for. */
static int give(struct task *child, struct clone_request *request)
{
    if (!(request->flags & CLONE_PIDFD))
        return 0;
    int fd = create(child->process, 0);
    if (fd < 0)
        return fd;
    int error = put_user_int(request->pidfd, fd);
    if (error)
        file_table_close(current()->files, fd);
    else
        request->handled |= CLONE_PIDFD;
    return error;
}

ATTACH(thread_is_made, give);

/* One that has been waited for already has no number: nobody is wanted. */
int pidfd_choose_waited_for(struct wait_request *request, bool *is_refused)
{
    struct process *process;
    unsigned int flags;
    int error = get(request->id, &process, &flags);
    if (error)
        return error;
    request->type = P_PID;
    request->id = process ? process->pid : 0;
    if ((flags & O_NONBLOCK) && !(request->options & WNOHANG)) {
        request->options |= WNOHANG;
        *is_refused = true;
    }
    return 0;
}

SYSCALL2(pidfd_open, int, pid, unsigned int, flags)
{
    const struct process *process;

    if ((flags & ~O_NONBLOCK) || pid <= 0)
        return -EINVAL;
    process = process_find(pid);
    if (!process)
        return task_find(pid) ? -ENOENT : -ESRCH;
    return create(process, flags);
}

SYSCALL3(pidfd_getfd, int, pidfd, int, fd, unsigned int, flags)
{
    struct process *process;
    struct file *file;
    unsigned int file_flags;
    int result;

    if (flags)
        return -EINVAL;
    result = get(pidfd, &process, &file_flags);
    if (result)
        return result;
    if (!process || process->is_zombie)
        return -ESRCH;
    if (!task_may_trace(process->leader))
        return -EPERM;
    file = process->leader->files ? file_table_get(process->leader->files, fd) : NULL;
    return file ? file_table_add(current()->files, file, 0, true) : -EBADF;
}

/* What pidfd_send_signal() may be told to reach instead of the process; not in uapi of 6.1. */
#define PIDFD_SIGNAL_THREAD        1u
#define PIDFD_SIGNAL_THREAD_GROUP  2u
#define PIDFD_SIGNAL_PROCESS_GROUP 4u

static int send_to_what(int pid, const siginfo_t *info, int signal, unsigned int to)
{
    if (to == PIDFD_SIGNAL_THREAD)
        return signal_send_to_thread(0, pid, info, signal);
    if (to == PIDFD_SIGNAL_PROCESS_GROUP)
        return signal_send_to_group(pid, info, signal);
    return signal_send_to_process(task_find(pid), info, signal);
}

/* The signal that a siginfo is for, which it begins with, and the one that is sent are the same. */
static int read_info_of(siginfo_t *info, int signal, uintptr_t address)
{
    int error;

    if (copy_from_user(&info->si_signo, address, sizeof(info->si_signo)))
        return -EFAULT;
    error = signal_read_info(info, info->si_signo, address);
    return !error && info->si_signo != signal ? -EINVAL : error;
}

SYSCALL4(pidfd_send_signal, int, fd, int, signal, uintptr_t, address, unsigned int, to)
{
    siginfo_t info = signal_info_from_user(signal, SI_USER);
    struct process *process;
    unsigned int flags;

    if (to > PIDFD_SIGNAL_PROCESS_GROUP || (to & (to - 1)))
        return -EINVAL;
    int error = get(fd, &process, &flags);
    if (!error && address)
        error = read_info_of(&info, signal, address);
    if (error)
        return error;
    int pid = process ? process->pid : 0;
    if (address && signal_is_forged(&info, to == PIDFD_SIGNAL_PROCESS_GROUP ? 0 : pid))
        return -EPERM;
    return process ? send_to_what(pid, &info, signal, to) : -ESRCH;
}
