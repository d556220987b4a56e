// SPDX-License-Identifier: MIT
/* Multiboot2 boot information (Multiboot2 specification 2.0, section 3.6) to boot_info. */
#ifndef BOOT_MULTIBOOT2_H
#define BOOT_MULTIBOOT2_H

#include "boot/boot_info.h"

void multiboot2_read(paddr_t information, struct boot_info *info);

#endif
