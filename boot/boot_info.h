// SPDX-License-Identifier: MIT
/*
 * boot_info: all that the boot code hands to kmain().
 *
 * Multiboot2 (GRUB on BIOS and UEFI) and PVH (QEMU -kernel) describe the machine in their own
 * forms; boot/multiboot2.c and boot/pvh.c turn either into this one. Nothing past boot/ knows
 * which it was, but for the name that the boot log prints.
 *
 * The room owns the machine's state up to kmain(), including the early page tables, and the page
 * from which other CPUs start. It allocates nothing, and leaves what is made of a boot_info to
 * kernel/start/.
 */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/types.h"

#define BOOT_MEMORY_RANGES_MAX 512
#define BOOT_COMMAND_LINE_SIZE 1024
#define BOOT_RSDP_SIZE         36 /* of revision 2; revision 0 has 20 bytes */

/* Types of the firmware's memory map: ACPI specification 6.4, table 15-374. */
enum boot_memory_type {
    BOOT_MEMORY_RAM = 1, /* and any other is not to be touched */
};

struct boot_memory_range {
    paddr_t base;
    uint64_t size; /* bytes */
    enum boot_memory_type type;
};

struct boot_info {
    const char *protocol; /* "Multiboot2" or "PVH" */
    char command_line[BOOT_COMMAND_LINE_SIZE];
    bool command_line_truncated;
    struct boot_memory_range memory[BOOT_MEMORY_RANGES_MAX]; /* as the firmware gave it, unsorted */
    unsigned int memory_count;
    unsigned int memory_dropped;  /* ranges that did not fit */
    paddr_t initramfs;            /* first byte; no alignment promised */
    uint64_t initramfs_size;      /* bytes; 0: there is none */
    uint8_t rsdp[BOOT_RSDP_SIZE]; /* a copy of ACPI's root pointer */
    uint32_t rsdp_size;           /* bytes of it; 0: the loader gave none (search as on a BIOS) */
    uint64_t entry_tsc;           /* the TSC at the first instruction of the entry */
};

#endif
