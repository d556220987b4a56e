// SPDX-License-Identifier: MIT
/* The kernel's name and release, and the machine's names: uname(2), and /proc. */
#ifndef KERNEL_CALL_UNAME_H
#define KERNEL_CALL_UNAME_H

#include <linux/utsname.h>

/*
 * The release begins with the version of Linux whose semantics are kept, since programs compare it;
 * the version is that of the sources, which tools/version says.
 * sethostname() and setdomainname() change the machine's names, under the kernel lock.
 */
extern struct new_utsname kernel_uname;

#endif
