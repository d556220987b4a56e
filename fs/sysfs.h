// SPDX-License-Identifier: MIT
/*
 * /sys: the few files of it that C libraries and programs about memory ask for, with debugfs'
 * x86/init_pkru under /sys/kernel/debug.
 */
#ifndef FS_SYSFS_H
#define FS_SYSFS_H

#include "fs/pseudo.h"

/* A new root of /sys, in no place yet, or NULL when memory is out. */
struct node *sysfs_create(void);

/* debugfs' kcov, in a kernel built with COVER=1 (sanitizers/kcov.c). */
extern const struct node_operations kcov_operations __attribute__((weak));

/* nr_hugepages, which /proc/sys/vm has too. */
int sysfs_show_pool_size(const struct pseudo_node *node, struct text *text);
int sysfs_store_pool_size(const struct pseudo_node *node, const char *value);

#endif
