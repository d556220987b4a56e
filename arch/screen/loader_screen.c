// SPDX-License-Identifier: MIT
/* The screen as GRUB leaves it and says so (Multiboot2 specification 2.0, 3.6.12). */
#include "arch/screen/framebuffer.h"
#include "boot/boot_main.h"
#include "libc/include/string.h"

#define TAG_FRAMEBUFFER 8

enum framebuffer_type {
    FRAMEBUFFER_DIRECT = 1,
    FRAMEBUFFER_EGA_TEXT = 2,
};

struct tag_framebuffer {
    struct boot_tag tag;
    uint64_t address;
    uint32_t pitch, width, height;
    uint8_t bits_per_pixel, type;
    uint16_t reserved;
    struct framebuffer_field red, green, blue; /* if it is direct */
} __attribute__((packed));

_Static_assert(sizeof(struct tag_framebuffer) == 38, "Multiboot2 specification 2.0, 3.6.12");

/* Of the screen as text there is no more. */
#define TEXT_SCREEN_SIZE offsetof(struct tag_framebuffer, red)

struct loader_screen loader_screen;

/* Text, or pixels; those that are indices of a palette are not used. */
void loader_screen_read(uint32_t type, const char *bytes, uint32_t size)
{
    struct tag_framebuffer tag = {0};

    if (type != TAG_FRAMEBUFFER || size < TEXT_SCREEN_SIZE)
        return;
    memcpy(&tag, bytes, size < sizeof(tag) ? size : sizeof(tag));
    loader_screen.is_vga_text = tag.type == FRAMEBUFFER_EGA_TEXT;
    if (tag.type == FRAMEBUFFER_DIRECT && size >= sizeof(tag))
        loader_screen.framebuffer = (struct framebuffer){
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

ATTACH(boot_tag_is_read, loader_screen_read);
