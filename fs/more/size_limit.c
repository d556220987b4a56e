// SPDX-License-Identifier: MIT
/* RLIMIT_FSIZE. */
#include "fs/more/size_limit.h"

#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/resource.h>

#include "kernel/call/io_iter.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"

uint64_t size_limit(void)
{
    return current_process()->limits[RLIMIT_FSIZE].rlim_cur;
}

int size_limit_exceeded(void)
{
    signal_send(current(), SIGXFSZ);
    return -EFBIG;
}

int size_limit_write(struct io_iter *from, uint64_t offset)
{
    uint64_t limit = size_limit();

    if (offset >= limit)
        return size_limit_exceeded();
    if (from->remaining > limit - offset)
        from->remaining = limit - offset;
    return 0;
}
