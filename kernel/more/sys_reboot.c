// SPDX-License-Identifier: MIT
/* reboot(2): the end of the machine, by a program's wish. */
#include <linux/capability.h>
#include <linux/reboot.h>

#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/task/process.h"

SYSCALL4(reboot, int, magic1, int, magic2, unsigned int, command, uintptr_t, argument)
{
    (void)argument;
    if (!task_may(CAP_SYS_BOOT))
        return -EPERM;
    if (magic1 != (int)LINUX_REBOOT_MAGIC1 ||
        (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A &&
         magic2 != LINUX_REBOOT_MAGIC2B && magic2 != LINUX_REBOOT_MAGIC2C))
        return -EINVAL;
    switch (command) {
    case LINUX_REBOOT_CMD_RESTART: /* to restart is left to whoever started the machine */
    case LINUX_REBOOT_CMD_HALT:
    case LINUX_REBOOT_CMD_POWER_OFF:
        process_end_machine(0);
    case LINUX_REBOOT_CMD_CAD_ON:
    case LINUX_REBOOT_CMD_CAD_OFF:
        return 0;
    default:
        return -EINVAL;
    }
}
