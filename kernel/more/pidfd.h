// SPDX-License-Identifier: MIT
#ifndef KERNEL_MORE_PIDFD_H
#define KERNEL_MORE_PIDFD_H

#include "kernel/process/wait.h"

/*
 * waitid() by a pidfd, P_PIDFD: makes it a request by P_PID. -EBADF. is_refused: by the pidfd, that
 * there is nothing yet is -EAGAIN.
 */
int pidfd_choose_waited_for(struct wait_request *request, bool *is_refused);

#endif
