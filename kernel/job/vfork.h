// SPDX-License-Identifier: MIT
/* vfork(2): a parent that waits until its child execs or ends. */
#ifndef KERNEL_JOB_VFORK_H
#define KERNEL_JOB_VFORK_H

#include "arch/cpu/attach.h"

/* The running thread has waited for that child. The kernel lock is held. May sleep. */
EVENT(vfork_is_over, void, int child);

#endif
