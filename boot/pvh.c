// SPDX-License-Identifier: MIT
/* PVH: QEMU's description of the machine when it loads the kernel itself. */
#include "boot/pvh.h"

#include "arch/layout.h"
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
    uint64_t memory_map; /* physical address of struct memory_map_entry[] */
    uint32_t memory_map_entries;
    uint32_t reserved;
};

struct module {
    uint64_t base, size;
    uint64_t command_line;
    uint64_t reserved;
};

struct memory_map_entry {
    uint64_t base, size;
    uint32_t type;
    uint32_t reserved;
};

_Static_assert(sizeof(struct start_info) == 56, "start_info.h, version 1");

void pvh_read(paddr_t information, struct boot_info *info)
{
    const struct start_info *start = direct_map(information);

    if (start->magic != START_INFO_MAGIC)
        return;
    info->protocol = "PVH";
    if (start->rsdp)
        boot_set_rsdp(info, direct_map(paddr(start->rsdp)), BOOT_RSDP_SIZE);
    if (start->command_line)
        boot_set_command_line(info, direct_map(paddr(start->command_line)));
    if (start->module_count > 0) {
        const struct module *module = direct_map(paddr(start->modules));
        info->initramfs = paddr(module->base);
        info->initramfs_size = module->size;
    }
    if (start->version >= 1) {
        const struct memory_map_entry *entry = direct_map(paddr(start->memory_map));
        for (uint32_t i = 0; i < start->memory_map_entries; i++)
            boot_add_memory(info, entry[i].base, entry[i].size, entry[i].type);
    }
}
