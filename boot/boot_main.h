// SPDX-License-Identifier: MIT
/* What the readers of the loaders' information share, and the call of the kernel. */
#ifndef BOOT_BOOT_MAIN_H
#define BOOT_BOOT_MAIN_H

#include "arch/cpu/attach.h"
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

/*
 * Each reads the loader's information at an address, and what it points to (Multiboot2
 * specification 2.0, 3.6; PVH: Xen, public/arch-x86/hvm/start_info.h). What is truncated or not in
 * memory is skipped. 0, or -EINVAL when there is no such information.
 */
int multiboot2_read(const struct boot_memory *memory, paddr_t information, struct boot_info *info);
int pvh_read(const struct boot_memory *memory, paddr_t information, struct boot_info *info);

/* A piece of Multiboot2's information. */
struct boot_tag {
    uint32_t type;
    uint32_t size; /* bytes with this header, without the padding to 8 */
};

/*
 * GRUB has left a tag that boot/ does not use: size bytes with its header, at any alignment. Told
 * before anything is set up, even GS, so a room can only note what the tag says. The bytes do not
 * stay.
 */
EVENT(boot_tag_is_read, void, uint32_t type, const char *bytes, uint32_t size);

/* An entry of the firmware's map, as both hand it on. */
struct boot_memory_entry {
    uint64_t base, size;
    uint32_t type;
    uint32_t reserved;
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

/* Notes where the initramfs is, unless it would end beyond the last address. */
void boot_set_initramfs(struct boot_info *info, uint64_t base, uint64_t size);

/* Copies ACPI's root pointer, unless a later revision of it is there already. */
void boot_set_rsdp(struct boot_info *info, const void *rsdp, uint32_t size);

/* Entered from boot/entry.asm with the loader's information; ends in kmain(). */
void boot_main(uint32_t protocol, uint64_t information, uint64_t entry_tsc)
    __attribute__((noreturn));

/* kernel/start/main.c: the kernel itself. */
void kmain(const struct boot_info *info) __attribute__((noreturn));

#endif
