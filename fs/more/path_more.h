// SPDX-License-Identifier: MIT
/*
 * Paths as the calls on names take them: as user space gave them, walked from a descriptor's
 * directory.
 */
#ifndef FS_MORE_PATH_MORE_H
#define FS_MORE_PATH_MORE_H

#include <stdint.h>

#include "fs/node/path.h"

/* As path_walk() and path_lookup(), and errors of path_from_user() and path_base(). */
int path_walk_user(int fd, uintptr_t user, enum path_flags flags, struct path_end *end);
int path_lookup_user(int fd, uintptr_t user, enum path_flags flags, struct node **node);

#endif
