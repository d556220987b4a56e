// SPDX-License-Identifier: MIT
/* The VGA text screen: 80 columns by 25 lines at physical 0xb8000. */
#ifndef ARCH_SCREEN_VGA_H
#define ARCH_SCREEN_VGA_H

#include "arch/screen/screen.h"

#define VGA_MEMORY      0xb8000 /* physical */
#define VGA_MEMORY_SIZE 0x1000

/* Clears the screen that is mapped at memory. */
const struct screen_device *vga_open(void *memory);

/* From here on the screen is mapped at memory. */
void vga_remap(void *memory);

#endif
