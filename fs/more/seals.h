// SPDX-License-Identifier: MIT
/*
 * Seals: what a file of memory may no longer suffer, F_SEAL_* of fcntl(). Whoever gets such a file
 * from somebody else can rely on it. They stand in its node and are checked where contents or the
 * mode change; fs/copy/seals.c sets them.
 */
#ifndef FS_MORE_SEALS_H
#define FS_MORE_SEALS_H

#include <linux/fcntl.h>

/* Not in older uapi headers: since Linux 6.3. */
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

/* Of a file that takes seals: in its node, besides them. All but some of memfd_create() take none.
 */
#define TAKES_SEALS (1u << 31)

#define SEALS_OF_WRITING (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

#endif
