// SPDX-License-Identifier: MIT
/* PVH start information (Xen, public/arch-x86/hvm/start_info.h) to boot_info. */
#ifndef BOOT_PVH_H
#define BOOT_PVH_H

#include "boot/boot_info.h"

/* Leaves info as it is when the magic number is wrong. */
void pvh_read(paddr_t information, struct boot_info *info);

#endif
