// SPDX-License-Identifier: MIT
/*
 * The VGA text screen: 80 columns by 25 lines at physical 0xb8000, as a place to write to.
 *
 * It knows newline, carriage return, backspace and tab, scrolls, and leaves out the escape
 * sequences that a terminal would act on. The caller maps the memory and keeps writers apart.
 */
#ifndef ARCH_VGA_H
#define ARCH_VGA_H

#include <stddef.h>

#define VGA_MEMORY      0xb8000 /* physical */
#define VGA_MEMORY_SIZE 0x1000

/* Clears the screen that is mapped at memory. */
void vga_init(void *memory);

/* From here on the screen is mapped at memory. */
void vga_remap(void *memory);

/* Writes bytes; nothing happens before vga_init(). */
void vga_write(const char *bytes, size_t count);

#endif
