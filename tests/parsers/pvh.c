// SPDX-License-Identifier: MIT
/*
 * PVH's start information, and what mm/page/ram.c makes of its memory map. The input is physical
 * memory from 0 on; its first 8 bytes say where in it the information is.
 */
#include "boot/boot_main.h"

#include "tests/parsers/support/boot_result.h"
#include "tests/parsers/support/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    boot_result_try(pvh_read, bytes, size);
    return 0;
}
