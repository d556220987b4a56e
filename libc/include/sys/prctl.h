// SPDX-License-Identifier: MIT
// What a process sets of itself.
#ifndef LIBC_SYS_PRCTL_H
#define LIBC_SYS_PRCTL_H

#include <linux/prctl.h>

/* Up to four more arguments, each an unsigned long. */
int prctl(int option, ...);

#endif
