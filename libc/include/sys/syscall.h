// SPDX-License-Identifier: MIT
// The numbers of the system calls, as __NR_ names.
#ifndef LIBC_SYS_SYSCALL_H
#define LIBC_SYS_SYSCALL_H

#include <asm/unistd.h>

#endif
