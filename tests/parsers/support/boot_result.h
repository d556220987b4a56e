// SPDX-License-Identifier: MIT
/* What has to be so of a boot_info, whatever a loader said, and of the RAM that mm/ram.c sees. */
#ifndef TESTS_PARSERS_SUPPORT_BOOT_RESULT_H
#define TESTS_PARSERS_SUPPORT_BOOT_RESULT_H

#include "boot/boot_info.h"

void boot_result_check(const struct boot_info *info);

#endif
