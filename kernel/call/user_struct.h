// SPDX-License-Identifier: MIT
/* Structures of user space that have grown over time and come with their size: clone3, openat2. */
#ifndef KERNEL_CALL_USER_STRUCT_H
#define KERNEL_CALL_USER_STRUCT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Copies the known bytes of a structure of size bytes; missing ones become 0. least: the size of
 * its first version. -EINVAL when it is shorter, -E2BIG when it is longer than a page or a byte
 * beyond the known ones is not 0, -EFAULT.
 */
int user_struct_read(void *structure, size_t known, size_t least, uintptr_t address, size_t size);

#endif
