// SPDX-License-Identifier: MIT
/*
 * Multiboot2: GRUB's description of the machine, a row of tags. We take the command line, the
 * first module (the initramfs), the memory map, UEFI's system table, the ACPI root pointer and the
 * kind of screen.
 */
#include "boot/multiboot2.h"

#include <asm/errno.h>

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

struct information {
    uint32_t size; /* bytes, this included */
    uint32_t reserved;
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

/* Of the screen as text there is no more. */
#define TEXT_SCREEN_SIZE offsetof(struct tag_framebuffer, red)

struct tag_efi64 {
    struct tag tag;
    uint64_t system_table;
};

/* Entries may be longer than we know them, and of any alignment. */
static void read_memory_map(const char *bytes, size_t size, struct boot_info *info)
{
    struct tag_memory_map map;
    struct memory_map_entry entry;

    if (size < sizeof(map))
        return;
    memcpy(&map, bytes, sizeof(map));
    if (map.entry_size < sizeof(entry))
        return;
    for (size_t at = sizeof(map); map.entry_size <= size - at; at += map.entry_size) {
        memcpy(&entry, bytes + at, sizeof(entry));
        boot_add_memory(info, entry.base, entry.length, entry.type);
    }
}

/* The screen as GRUB leaves it: text, or pixels; those that are indices of a palette are not used.
 */
static void read_framebuffer(const char *bytes, size_t size, struct boot_info *info)
{
    struct tag_framebuffer tag = {0};

    if (size < TEXT_SCREEN_SIZE)
        return;
    memcpy(&tag, bytes, size < sizeof(tag) ? size : sizeof(tag));
    info->has_vga_text = tag.type == FRAMEBUFFER_EGA_TEXT;
    if (tag.type == FRAMEBUFFER_DIRECT && size >= sizeof(tag))
        info->framebuffer = (struct framebuffer){
            .address = paddr(tag.address),
            .pitch = tag.pitch,
            .width = tag.width,
            .height = tag.height,
            .bits_per_pixel = tag.bits_per_pixel,
            .red = tag.red,
            .green = tag.green,
            .blue = tag.blue,
        };
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

static void read_efi64(const char *bytes, size_t size, struct boot_info *info)
{
    struct tag_efi64 efi;

    if (size < sizeof(efi))
        return;
    memcpy(&efi, bytes, sizeof(efi));
    info->efi_system_table = efi.system_table;
}

/* A tag of size bytes, its header included, which are all there. */
static void read_tag(uint32_t type, const char *bytes, uint32_t size, struct boot_info *info)
{
    const char *content = bytes + sizeof(struct tag);
    uint32_t content_size = size - (uint32_t)sizeof(struct tag);

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
    case TAG_FRAMEBUFFER:
        read_framebuffer(bytes, size, info);
        break;
    case TAG_EFI64:
        read_efi64(bytes, size, info);
        break;
    case TAG_ACPI_OLD:
    case TAG_ACPI_NEW:
        /* A copy lies in the tag itself, and the tag in memory that will be given out. */
        boot_set_rsdp(info, content, content_size);
        break;
    default:
        break;
    }
}

int multiboot2_read(const struct boot_memory *memory, paddr_t information, struct boot_info *info)
{
    struct information head;
    struct tag tag;

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
