// SPDX-License-Identifier: MIT
/* The framebuffer: a screen whose pixels lie in memory, each with its colours in direct form. */
#ifndef ARCH_SCREEN_FRAMEBUFFER_H
#define ARCH_SCREEN_FRAMEBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu/types.h"
#include "arch/screen/screen.h"

/* Where in a pixel one of its colours is. */
struct framebuffer_field {
    uint8_t position; /* its lowest bit */
    uint8_t size;     /* bits */
};

/* A screen whose pixels lie in memory, as the loader describes it; width 0: there is none. */
struct framebuffer {
    paddr_t address;
    uint32_t pitch;         /* bytes from a row to the next */
    uint32_t width, height; /* pixels */
    uint8_t bits_per_pixel;
    struct framebuffer_field red, green, blue;
};

/* What the loader has left: a framebuffer, or an 80x25 text screen at 0xb8000, or neither. */
struct loader_screen {
    bool is_vga_text;
    struct framebuffer framebuffer;
};

extern struct loader_screen loader_screen;

/* What notes it, out of GRUB's information (boot/boot_main.h). */
void loader_screen_read(uint32_t type, const char *bytes, uint32_t size);

/* Whether it can be drawn on: 16, 24 or 32 bits, and nothing that contradicts itself. */
bool framebuffer_is_usable(const struct framebuffer *framebuffer);

/* Its size in bytes. */
size_t framebuffer_size(const struct framebuffer *framebuffer);

/* Clears a usable framebuffer that is mapped at memory. */
const struct screen_device *framebuffer_open(const struct framebuffer *framebuffer, void *memory);

/* From here on it is mapped at memory. */
void framebuffer_remap(void *memory);

#endif
