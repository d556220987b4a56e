// SPDX-License-Identifier: MIT
/* RLIMIT_FSIZE. */
#include "fs/size_limit.h"

#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/resource.h>

#include "kernel/signal.h"
#include "kernel/task.h"

uint64_t size_limit(void)
{
    return current_process()->limits[RLIMIT_FSIZE].rlim_cur;
}

int size_limit_exceeded(void)
{
    signal_send(current(), SIGXFSZ);
    return -EFBIG;
}
