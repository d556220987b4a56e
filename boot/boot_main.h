// SPDX-License-Identifier: MIT
/* What the readers of the loaders' information share, and the call up to the kernel. */
#ifndef BOOT_BOOT_MAIN_H
#define BOOT_BOOT_MAIN_H

#include "boot/boot_info.h"

enum boot_protocol {
    BOOT_MULTIBOOT2 = 0,
    BOOT_PVH = 1,
};

/* Physical memory from address 0 on, as far as it can be read. */
struct boot_memory {
    const char *bytes;
    uint64_t size;
};

/* Copies size bytes from an address; false, with nothing copied, when they are not all there. */
bool boot_read(const struct boot_memory *memory, uint64_t address, void *to, size_t size);

/* Appends a range of the firmware's map; counts it as dropped when there is no more room. */
void boot_add_memory(struct boot_info *info, uint64_t base, uint64_t size, uint32_t type);

/*
 * Copies the command line, which ends with a NUL or after size bytes, and notes when it had to be
 * cut.
 */
void boot_set_command_line(struct boot_info *info, const char *text, size_t size);

/* Notes where the initramfs is; one that would be beyond the end of all addresses is none. */
void boot_set_initramfs(struct boot_info *info, uint64_t base, uint64_t size);

/* Copies ACPI's root pointer, unless a later revision of it is there already. */
void boot_set_rsdp(struct boot_info *info, const void *rsdp, uint32_t size);

/* Entered from boot/entry.asm with the loader's information; ends in kmain(). */
void boot_main(uint32_t protocol, uint64_t information, uint64_t entry_tsc)
    __attribute__((noreturn));

/* kernel/main.c: the kernel itself. */
void kmain(const struct boot_info *info) __attribute__((noreturn));

#endif
