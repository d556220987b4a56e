// SPDX-License-Identifier: MIT
/* The font of the framebuffer console, which tools/mkfont makes from one of Debian's. */
#ifndef ARCH_SCREEN_FONT_H
#define ARCH_SCREEN_FONT_H

#include <stdint.h>

#define FONT_WIDTH  8
#define FONT_HEIGHT 16
#define FONT_FIRST  ' '
#define FONT_LAST   '~'
#define FONT_COUNT  (FONT_LAST - FONT_FIRST + 1)

/* The rows of each glyph from the top; bit 7 is the leftmost pixel. */
extern const uint8_t font_glyphs[FONT_COUNT][FONT_HEIGHT];

/* For characters that the font has no glyph for. */
extern const uint8_t font_unknown[FONT_HEIGHT];

#endif
