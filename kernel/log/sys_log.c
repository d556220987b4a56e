// SPDX-License-Identifier: MIT
/*
 * syslog(2): a program reads the kernel's log, as dmesg does, and says what of it the console
 * shows. Nothing is taken out by that.
 *
 * To read wants CAP_SYSLOG, as with Linux's dmesg_restrict at 1, which is the default here. At 0
 * all may read what is not private (kernel/log/log.h): the reports of programs that a
 * signal has ended stay with those who have CAP_SYSLOG.
 */
#include <linux/capability.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/log/log.h"

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
    uint64_t position = log_tail(size);
    bool with_private = task_may(CAP_SYSLOG);
    char chunk[CHUNK];
    size_t total = 0;

    while (total < size) {
        size_t room = size - total < CHUNK ? size - total : CHUNK;
        size_t count = log_read(&position, chunk, room, with_private);
        if (!count)
            break;
        if (copy_to_user(buffer + total, chunk, count))
            return -EFAULT;
        total += count;
    }
    return (long)total;
}

static bool is_for_all(int action)
{
    return !log_is_restricted &&
           (action == SYSLOG_ACTION_READ_ALL || action == SYSLOG_ACTION_SIZE_BUFFER);
}

SYSCALL3(syslog, int, action, uintptr_t, buffer, int, size)
{
    if (!is_for_all(action) && !task_may(CAP_SYSLOG))
        return -EPERM;
    switch (action) {
    case SYSLOG_ACTION_READ_ALL:
        if (!buffer || size < 0)
            return -EINVAL;
        return read_all(buffer, (size_t)size);
    case SYSLOG_ACTION_CONSOLE_LEVEL:
        if (size < 1 || size > LOG_LEVEL_COUNT)
            return -EINVAL;
        log_show_below((unsigned int)size);
        return 0;
    case SYSLOG_ACTION_SIZE_BUFFER:
        return LOG_SIZE;
    default:
        return -EINVAL;
    }
}
