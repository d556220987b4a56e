// SPDX-License-Identifier: MIT
/*
 * The screen that the console's text is shown on, if the loader left one: the VGA text screen or a
 * framebuffer. What is written goes to arch/screen.h.
 */
#ifndef KERNEL_DISPLAY_H
#define KERNEL_DISPLAY_H

#include <stdbool.h>

struct boot_info;

/* Opens the screen in the early direct map, if it is there. */
void display_init(const struct boot_info *info);

/*
 * The early direct map is gone: the screen is mapped for good. Returns whether it was opened only
 * now, so that it misses what was said before.
 */
bool display_remap(void);

/* Says what there is. */
void display_log(void);

#endif
