// SPDX-License-Identifier: MIT
/*
 * Seals: what a file of memory may no longer suffer, F_SEAL_* of fcntl(). Whoever gets such a file
 * from somebody else can rely on it. A node's seals are checked where its contents change.
 */
#ifndef FS_SEALS_H
#define FS_SEALS_H

#include <linux/fcntl.h>

#include "kernel/file.h"

/* Not in older uapi headers: since Linux 6.3. */
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

#define SEALS_OF_WRITING (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

/* The seals of a file, or -EINVAL where there can be none. */
long seals_get(const struct file *file);

/*
 * Adds seals: -EPERM if it is not open for writing or takes no more, -EINVAL, -EBUSY if a mapping
 * may write that is to be sealed off.
 */
long seals_add(struct file *file, unsigned int seals);

#endif
