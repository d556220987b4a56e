// SPDX-License-Identifier: MIT
// Opening files, and operations on descriptors.
#ifndef LIBC_FCNTL_H
#define LIBC_FCNTL_H

#include <sys/types.h>

#include <linux/fcntl.h>

int open(const char *path, int flags, ...);
int openat(int directory, const char *path, int flags, ...);
int fcntl(int descriptor, int command, ...);

#endif
