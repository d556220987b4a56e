// SPDX-License-Identifier: MIT
// The types of POSIX's system interfaces, of the widths Linux gives them on x86-64.
#ifndef LIBC_SYS_TYPES_H
#define LIBC_SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

typedef __kernel_ssize_t ssize_t;
typedef __kernel_loff_t off_t;
typedef __kernel_pid_t pid_t;
typedef unsigned int mode_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned long dev_t;
typedef unsigned long ino_t;
typedef __kernel_clockid_t clockid_t;
typedef __kernel_time64_t time_t;

#endif
