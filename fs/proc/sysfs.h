// SPDX-License-Identifier: MIT
/*
 * /sys: the few files of it that C libraries and programs about memory ask for, with debugfs'
 * x86/init_pkru under /sys/kernel/debug.
 */
#ifndef FS_PROC_SYSFS_H
#define FS_PROC_SYSFS_H

#include "fs/pseudo/pseudo.h"

/* debugfs */
extern const struct pseudo_entry sysfs_debug_entries[];

/* nr_hugepages, which /proc/sys/vm has too. */
int sysfs_show_pool_size(const struct pseudo_node *node, struct text *text);
int sysfs_store_pool_size(const struct pseudo_node *node, const char *value);

#endif
