// SPDX-License-Identifier: MIT
/* Multiboot2 boot information (Multiboot2 specification 2.0, section 3.6) to boot_info. */
#ifndef BOOT_MULTIBOOT2_H
#define BOOT_MULTIBOOT2_H

#include "boot/boot_main.h"

/*
 * Reads the information at an address; tags that are too short for what they tell, or longer than
 * the whole, are passed over. Returns 0, or -EINVAL when it does not lie in memory whole.
 */
int multiboot2_read(const struct boot_memory *memory, paddr_t information, struct boot_info *info);

#endif
