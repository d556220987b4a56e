// SPDX-License-Identifier: MIT
#ifndef KERNEL_MORE_CALL_NAME_H
#define KERNEL_MORE_CALL_NAME_H

#include <stdint.h>

/* The name of a system call, or NULL when there is none of that number. */
const char *syscall_name(uint64_t number);

#endif
