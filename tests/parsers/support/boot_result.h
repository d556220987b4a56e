// SPDX-License-Identifier: MIT
/* What has to be so of a boot_info, whatever a loader said, and of the RAM that mm/page/ram.c sees.
 */
#ifndef TESTS_PARSERS_SUPPORT_BOOT_RESULT_H
#define TESTS_PARSERS_SUPPORT_BOOT_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include "boot/boot_main.h"

typedef int boot_reader(const struct boot_memory *memory, paddr_t information,
                        struct boot_info *info);

/* Reads an input as physical memory from 0 on, whose first 8 bytes say where the information is. */
void boot_result_try(boot_reader *read, const uint8_t *bytes, size_t size);

#endif
