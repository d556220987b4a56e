// SPDX-License-Identifier: MIT
// What a file is.
#ifndef LIBC_SYS_STAT_H
#define LIBC_SYS_STAT_H

#include <sys/types.h>

#include <asm/stat.h>
#include <linux/stat.h>

int stat(const char *restrict path, struct stat *restrict result);
int fstat(int descriptor, struct stat *result);
int mkdir(const char *path, mode_t mode);
int chmod(const char *path, mode_t mode);

#endif
