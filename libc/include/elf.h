// SPDX-License-Identifier: MIT
// The ELF format.
#ifndef LIBC_ELF_H
#define LIBC_ELF_H

#include <linux/elf.h>

#endif
