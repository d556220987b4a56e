// SPDX-License-Identifier: MIT
/*
 * syslog(2): a program reads the kernel's log, as dmesg does, and says what of it the console
 * shows. All may read it, as with Linux's dmesg_restrict at 0; nothing is taken out by that.
 */
#include <linux/capability.h>

#include "arch/usercopy.h"
#include "kernel/console.h"
#include "kernel/credentials.h"
#include "kernel/log.h"
#include "kernel/syscall.h"

/* Linux's kernel/printk names them so; no uapi header has them. */
enum syslog_action {
    SYSLOG_ACTION_READ_ALL = 3,
    SYSLOG_ACTION_CONSOLE_LEVEL = 8,
    SYSLOG_ACTION_SIZE_BUFFER = 10,
};

#define CHUNK 256

/* The latest lines that fit into size bytes; returns how many bytes they are. */
static long read_all(uintptr_t buffer, size_t size)
{
    uint64_t position = console_log_tail(size);
    char chunk[CHUNK];
    size_t total = 0;

    while (total < size) {
        size_t room = size - total < CHUNK ? size - total : CHUNK;
        size_t count = console_log_read(&position, chunk, room);
        if (!count)
            break;
        if (copy_to_user(buffer + total, chunk, count))
            return -EFAULT;
        total += count;
    }
    return (long)total;
}

SYSCALL3(syslog, int, action, uintptr_t, buffer, int, size)
{
    if (action != SYSLOG_ACTION_READ_ALL && action != SYSLOG_ACTION_SIZE_BUFFER &&
        !task_may(CAP_SYSLOG))
        return -EPERM;
    switch (action) {
    case SYSLOG_ACTION_READ_ALL:
        if (!buffer || size < 0)
            return -EINVAL;
        return read_all(buffer, (size_t)size);
    case SYSLOG_ACTION_CONSOLE_LEVEL:
        if (size < 1 || size > LEVEL_COUNT)
            return -EINVAL;
        console_set_level((unsigned int)size);
        return 0;
    case SYSLOG_ACTION_SIZE_BUFFER:
        return LOG_SIZE;
    default:
        return -EINVAL;
    }
}
