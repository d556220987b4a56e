// SPDX-License-Identifier: MIT
/*
 * Multiboot2's information, and what mm/page/ram.c makes of its memory map. The input is physical
 * memory from 0 on; its first 8 bytes say where in it the information is.
 */
#include "boot/boot_main.h"

#include "tests/parsers/support/boot_result.h"
#include "tests/parsers/support/harness.h"

/* What linker.ld collects in the kernel. */
__asm__(".globl attached_boot_tag_is_read_start, attached_boot_tag_is_read_end\n"
        ".pushsection .rodata\n"
        ".balign 8\n"
        "attached_boot_tag_is_read_start: .quad loader_screen_read\n"
        "attached_boot_tag_is_read_end:\n"
        ".popsection\n");

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    boot_result_try(multiboot2_read, bytes, size);
    return 0;
}
