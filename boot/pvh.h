// SPDX-License-Identifier: MIT
/* PVH start information (Xen, public/arch-x86/hvm/start_info.h) to boot_info. */
#ifndef BOOT_PVH_H
#define BOOT_PVH_H

#include "boot/boot_main.h"

/*
 * Reads the start information at an address, and what it leads to; what is not in memory is passed
 * over. Returns 0, or -EINVAL, with info as it was, when there is no start information there.
 */
int pvh_read(const struct boot_memory *memory, paddr_t information, struct boot_info *info);

#endif
