// SPDX-License-Identifier: MIT
// The auxiliary vector that the kernel puts on the initial stack.
#ifndef LIBC_SYS_AUXV_H
#define LIBC_SYS_AUXV_H

#include <linux/auxvec.h>

/* The value of the entry; 0 and errno ENOENT when there is none. */
unsigned long getauxval(unsigned long type);

#endif
