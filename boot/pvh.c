// SPDX-License-Identifier: MIT
/* PVH: QEMU's description of the machine when it loads the kernel itself. */
#include <asm/errno.h>

#include "boot/boot_main.h"

#define START_INFO_MAGIC 0x336ec578u

struct start_info {
    uint32_t magic;
    uint32_t version; /* 1: with a memory map */
    uint32_t flags;
    uint32_t module_count;
    uint64_t modules;      /* physical address of struct module[] */
    uint64_t command_line; /* physical address, or 0 */
    uint64_t rsdp;
    /* From here on in version 1. */
    uint64_t memory_map; /* physical address of struct boot_memory_entry[] */
    uint32_t memory_map_entries;
    uint32_t reserved;
};

struct module {
    uint64_t base, size;
    uint64_t command_line;
    uint64_t reserved;
};

_Static_assert(sizeof(struct start_info) == 56, "start_info.h, version 1");

static void read_rsdp(const struct boot_memory *memory, uint64_t address, struct boot_info *info)
{
    uint8_t rsdp[BOOT_RSDP_SIZE];

    if (address && boot_read(memory, address, rsdp, sizeof(rsdp)))
        boot_set_rsdp(info, rsdp, sizeof(rsdp));
}

static void read_command_line(const struct boot_memory *memory, uint64_t address,
                              struct boot_info *info)
{
    if (address && address < memory->size)
        boot_set_command_line(info, memory->bytes + address, memory->size - address);
}

static void read_memory_map(const struct boot_memory *memory, const struct start_info *start,
                            struct boot_info *info)
{
    struct boot_memory_entry entry;

    for (uint32_t i = 0; i < start->memory_map_entries; i++) {
        if (!boot_read(memory, start->memory_map + i * sizeof(entry), &entry, sizeof(entry)))
            return;
        boot_add_memory(info, entry.base, entry.size, entry.type);
    }
}

int pvh_read(const struct boot_memory *memory, paddr_t information, struct boot_info *info)
{
    struct start_info start;
    struct module module;

    if (!boot_read(memory, information.value, &start, sizeof(start)) ||
        start.magic != START_INFO_MAGIC)
        return -EINVAL;
    info->protocol = "PVH";
    read_rsdp(memory, start.rsdp, info);
    read_command_line(memory, start.command_line, info);
    if (start.module_count > 0 && boot_read(memory, start.modules, &module, sizeof(module)))
        boot_set_initramfs(info, module.base, module.size);
    if (start.version >= 1)
        read_memory_map(memory, &start, info);
    return 0;
}
