// SPDX-License-Identifier: MIT
/*
 * Descriptors of processes: pidfd_open(2), CLONE_PIDFD. One keeps nothing of the process alive: it
 * knows the process's pid, and by the moment of its start whether that is still the same one.
 */
#ifndef KERNEL_PIDFD_H
#define KERNEL_PIDFD_H

struct process;

/*
 * A descriptor of the process in the running task's table, which exec closes: or -EMFILE, -ENOMEM.
 * flags: O_NONBLOCK or 0.
 */
int pidfd_create(const struct process *process, unsigned int flags);

/*
 * The process of the running task's descriptor, NULL when it has been waited for; and the file's
 * flags. -EBADF when it is no such descriptor.
 */
int pidfd_get(int fd, struct process **process, unsigned int *flags);

/* A process has ended or has been waited for: poll() on pidfds looks again. */
void pidfd_wake(void);

#endif
