// SPDX-License-Identifier: MIT
/* The kernel's name and release: uname(2), and /proc. */
#ifndef KERNEL_UNAME_H
#define KERNEL_UNAME_H

#include <linux/utsname.h>

/* The release begins with the Linux whose semantics are kept: programs compare it. */
extern const struct new_utsname kernel_uname;

#endif
