// SPDX-License-Identifier: MIT
/*
 * Multiboot2: GRUB's description of the machine, a list of tags. We use the command line, the first
 * module (the initramfs), the memory map and ACPI's root pointer, and tell rooms above the rest.
 */
#include <asm/errno.h>

#include "boot/boot_main.h"
#include "libc/include/string.h"

enum tag_type {
    TAG_END = 0,
    TAG_COMMAND_LINE = 1,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_ACPI_OLD = 14,
    TAG_ACPI_NEW = 15,
};

struct information {
    uint32_t size; /* bytes, this included */
    uint32_t reserved;
};

struct tag_module {
    struct boot_tag tag;
    uint32_t start, end; /* physical */
};

struct tag_memory_map {
    struct boot_tag tag;
    uint32_t entry_size;
    uint32_t entry_version;
};

/* Entries may be longer than ours, and of any alignment. */
static void read_memory_map(const char *bytes, size_t size, struct boot_info *info)
{
    struct tag_memory_map map;
    struct boot_memory_entry entry;

    if (size < sizeof(map))
        return;
    memcpy(&map, bytes, sizeof(map));
    if (map.entry_size < sizeof(entry))
        return;
    for (size_t at = sizeof(map); map.entry_size <= size - at; at += map.entry_size) {
        memcpy(&entry, bytes + at, sizeof(entry));
        boot_add_memory(info, entry.base, entry.size, entry.type);
    }
}

static void read_module(const char *bytes, size_t size, struct boot_info *info)
{
    struct tag_module module;

    if (size < sizeof(module))
        return;
    memcpy(&module, bytes, sizeof(module));
    if (info->initramfs_size == 0 && module.end > module.start)
        boot_set_initramfs(info, module.start, module.end - module.start);
}

/* A tag of size bytes with its header, all of them in memory. */
static void read_tag(uint32_t type, const char *bytes, uint32_t size, struct boot_info *info)
{
    const char *content = bytes + sizeof(struct boot_tag);
    uint32_t content_size = size - (uint32_t)sizeof(struct boot_tag);

    switch (type) {
    case TAG_COMMAND_LINE:
        boot_set_command_line(info, content, content_size);
        break;
    case TAG_MODULE:
        read_module(bytes, size, info);
        break;
    case TAG_MEMORY_MAP:
        read_memory_map(bytes, size, info);
        break;
    case TAG_ACPI_OLD:
    case TAG_ACPI_NEW:
        /* The tag holds the root pointer itself, in memory that will be given out: copy it. */
        boot_set_rsdp(info, content, content_size);
        break;
    default:
        TELL(boot_tag_is_read, type, bytes, size);
        break;
    }
}

int multiboot2_read(const struct boot_memory *memory, paddr_t information, struct boot_info *info)
{
    struct information head;
    struct boot_tag tag;

    if (!boot_read(memory, information.value, &head, sizeof(head)) ||
        head.size > memory->size - information.value)
        return -EINVAL;
    const char *bytes = memory->bytes + information.value;
    info->protocol = "Multiboot2";
    for (uint64_t at = sizeof(head); at + sizeof(tag) <= head.size; at += align_up(tag.size, 8)) {
        memcpy(&tag, bytes + at, sizeof(tag));
        if (tag.type == TAG_END || tag.size < sizeof(tag) || tag.size > head.size - at)
            break;
        read_tag(tag.type, bytes + at, tag.size, info);
    }
    return 0;
}
