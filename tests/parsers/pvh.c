// SPDX-License-Identifier: MIT
/*
 * PVH's start information, and what mm/ram.c makes of its memory map. The input is physical memory
 * from 0 on; its first 8 bytes say where in it the information is.
 */
#include "boot/pvh.h"

#include "libc/include/string.h"
#include "tests/parsers/support/boot_result.h"
#include "tests/parsers/support/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct boot_info info;
    char *copy = exact_copy(bytes, size);
    struct boot_memory memory = {copy, size};
    uint64_t address = 0;

    memset(&info, 0, sizeof(info));
    if (boot_read(&memory, 0, &address, sizeof(address)))
        pvh_read(&memory, paddr(address), &info);
    free(copy);
    boot_result_check(&info);
    return 0;
}
