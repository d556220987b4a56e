// SPDX-License-Identifier: MIT
/* The commands of fcntl() that are about locks. */
#ifndef FS_SYS_LOCK_H
#define FS_SYS_LOCK_H

#include <stdint.h>

struct file;

/*
 * F_GETLK, F_SETLK, F_SETLKW and their F_OFD_ kin, with the user's struct flock, of a file that was
 * found at that descriptor.
 */
long control_locks(struct file *file, int fd, unsigned int command, uintptr_t argument);

#endif
