// SPDX-License-Identifier: MIT
/* Structures in user space that grow with time, and whose size comes with them: clone3, openat2. */
#ifndef KERNEL_CALL_USER_STRUCT_H
#define KERNEL_CALL_USER_STRUCT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Copies what is known of a structure of size bytes; what is missing is 0. least: its size as it
 * was at first. -EINVAL when it is shorter, -E2BIG when it is longer than a page or what is not
 * known of it is not 0, -EFAULT.
 */
int user_struct_read(void *structure, size_t known, size_t least, uintptr_t address, size_t size);

#endif
