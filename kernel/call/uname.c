// SPDX-License-Identifier: MIT
/* The names of the kernel and of the machine. Alone it is compiled again for another commit. */
#include "kernel/call/uname.h"

#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"

struct new_utsname kernel_uname = {
    .sysname = "Linux",
    .nodename = "latchkey",
    .release = "6.12.0-latchkey",
    .version = "Latchkey " LATCHKEY_VERSION,
    .machine = "x86_64",
    .domainname = "(none)",
};

SYSCALL1(uname, uintptr_t, address)
{
    return copy_to_user(address, &kernel_uname, sizeof(kernel_uname)) ? -EFAULT : 0;
}
