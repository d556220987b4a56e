// SPDX-License-Identifier: MIT
/*
 * Multiboot2: GRUB's description of the machine, a row of tags. We take the command line, the
 * first module (the initramfs), the memory map, UEFI's system table, the ACPI root pointer and the
 * kind of screen.
 */
#include "boot/multiboot2.h"

#include "arch/layout.h"
#include "boot/boot_main.h"
#include "libc/include/string.h"

enum tag_type {
    TAG_END = 0,
    TAG_COMMAND_LINE = 1,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_FRAMEBUFFER = 8,
    TAG_EFI64 = 12,
    TAG_ACPI_OLD = 14,
    TAG_ACPI_NEW = 15,
};

enum framebuffer_type {
    FRAMEBUFFER_DIRECT = 1,
    FRAMEBUFFER_EGA_TEXT = 2,
};

struct tag {
    uint32_t type;
    uint32_t size; /* bytes, this header included, padding to 8 not */
};

struct tag_module {
    struct tag tag;
    uint32_t start, end; /* physical */
};

struct tag_memory_map {
    struct tag tag;
    uint32_t entry_size;
    uint32_t entry_version;
};

struct memory_map_entry {
    uint64_t base, length;
    uint32_t type;
    uint32_t reserved;
};

struct tag_framebuffer {
    struct tag tag;
    uint64_t address;
    uint32_t pitch, width, height;
    uint8_t bits_per_pixel, type;
    uint16_t reserved;
    struct framebuffer_field red, green, blue; /* if it is direct */
} __attribute__((packed));

_Static_assert(sizeof(struct tag_framebuffer) == 38, "Multiboot2 specification 2.0, 3.6.12");

struct tag_efi64 {
    struct tag tag;
    uint64_t system_table;
};

static void read_memory_map(const struct tag_memory_map *map, struct boot_info *info)
{
    const char *end = (const char *)map + map->tag.size;

    if (map->entry_size < sizeof(struct memory_map_entry))
        return;
    for (const char *at = (const char *)(map + 1); at + map->entry_size <= end;
         at += map->entry_size) {
        const struct memory_map_entry *entry = (const void *)at;
        boot_add_memory(info, entry->base, entry->length, entry->type);
    }
}

/* The screen as GRUB leaves it: text, or pixels; those that are indices of a palette are not used.
 */
static void read_framebuffer(const struct tag_framebuffer *tag, struct boot_info *info)
{
    info->has_vga_text = tag->type == FRAMEBUFFER_EGA_TEXT;
    if (tag->type == FRAMEBUFFER_DIRECT && tag->tag.size >= sizeof(*tag))
        info->framebuffer = (struct framebuffer){
            .address = paddr(tag->address),
            .pitch = tag->pitch,
            .width = tag->width,
            .height = tag->height,
            .bits_per_pixel = tag->bits_per_pixel,
            .red = tag->red,
            .green = tag->green,
            .blue = tag->blue,
        };
}

static void read_tag(const struct tag *tag, struct boot_info *info)
{
    switch (tag->type) {
    case TAG_COMMAND_LINE:
        boot_set_command_line(info, (const char *)(tag + 1));
        break;
    case TAG_MODULE: {
        const struct tag_module *module = (const void *)tag;
        if (info->initramfs_size == 0 && module->end > module->start) {
            info->initramfs = paddr(module->start);
            info->initramfs_size = module->end - module->start;
        }
        break;
    }
    case TAG_MEMORY_MAP:
        read_memory_map((const void *)tag, info);
        break;
    case TAG_FRAMEBUFFER:
        read_framebuffer((const void *)tag, info);
        break;
    case TAG_EFI64:
        info->efi_system_table = ((const struct tag_efi64 *)(const void *)tag)->system_table;
        break;
    case TAG_ACPI_OLD:
    case TAG_ACPI_NEW:
        /* A copy lies in the tag itself, and the tag in memory that will be given out. */
        boot_set_rsdp(info, tag + 1, tag->size - (uint32_t)sizeof(*tag));
        break;
    default:
        break;
    }
}

void multiboot2_read(paddr_t information, struct boot_info *info)
{
    const char *base = direct_map(information);
    const char *end = base + *(const uint32_t *)(const void *)base;

    info->protocol = "Multiboot2";
    for (const char *at = base + 8; at + sizeof(struct tag) <= end;) {
        const struct tag *tag = (const void *)at;
        if (tag->type == TAG_END || tag->size < sizeof(struct tag))
            break;
        read_tag(tag, info);
        at += align_up(tag->size, 8);
    }
}
