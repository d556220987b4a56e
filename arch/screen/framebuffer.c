// SPDX-License-Identifier: MIT
/*
 * Glyphs are 8 pixels wide, so a row of one is as many 64-bit words as a pixel has bytes: it is put
 * together in registers and the stack, and stored word by word. The memory may be uncached, where
 * the number of stores is the cost; that is also why the screen scrolls by a quarter at once.
 */
#include "arch/screen/framebuffer.h"

#include "arch/cpu/cpu.h"
#include "arch/screen/font.h"

#define PIXEL_BYTES_MAX 4
#define SIZE_LIMIT      (256u << 20) /* more is nonsense, and not to be mapped */
#define SCROLL_PART     4
#define INK_LEVEL       0xaa /* light grey; the paper is black */

_Static_assert(FONT_WIDTH == sizeof(uint64_t), "a row of a glyph is whole words");

static uint8_t *pixels;
static size_t pitch;
static unsigned int pixel_bytes;
static uint32_t ink;
static struct screen_device device;

static unsigned int bytes_per_pixel(const struct framebuffer *framebuffer)
{
    return framebuffer->bits_per_pixel / 8u;
}

static bool is_usable_field(const struct framebuffer *framebuffer, struct framebuffer_field field)
{
    return field.size && field.position + field.size <= framebuffer->bits_per_pixel;
}

/* Beyond the CPU's addresses an entry for it would have reserved bits. */
static bool is_addressable(const struct framebuffer *framebuffer)
{
    uint64_t end = 1ul << cpu_physical_bits();

    return framebuffer->address.value && framebuffer->address.value < end &&
           framebuffer_size(framebuffer) <= end - framebuffer->address.value;
}

size_t framebuffer_size(const struct framebuffer *framebuffer)
{
    return (size_t)framebuffer->pitch * framebuffer->height;
}

bool framebuffer_is_usable(const struct framebuffer *framebuffer)
{
    unsigned int bits = framebuffer->bits_per_pixel;

    return (bits == 16 || bits == 24 || bits == 32) && framebuffer->width >= FONT_WIDTH &&
           framebuffer->height >= SCROLL_PART * FONT_HEIGHT &&
           (uint64_t)framebuffer->width * bytes_per_pixel(framebuffer) <= framebuffer->pitch &&
           framebuffer_size(framebuffer) <= SIZE_LIMIT && is_addressable(framebuffer) &&
           is_usable_field(framebuffer, framebuffer->red) &&
           is_usable_field(framebuffer, framebuffer->green) &&
           is_usable_field(framebuffer, framebuffer->blue);
}

/* ---- drawing ---- */

static void store_words(uint8_t *at, const uint64_t *words, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++)
        ((volatile uint64_t *)at)[i] = words[i];
}

/* The pixels of a row of a glyph: ink where its bits are 1. */
static void make_row(uint8_t bits, uint64_t words[PIXEL_BYTES_MAX])
{
    uint8_t *to = (uint8_t *)words;

    for (unsigned int i = 0; i < FONT_WIDTH; i++) {
        uint32_t colour = bits & 0x80u >> i ? ink : 0;
        for (unsigned int byte = 0; byte < pixel_bytes; byte++)
            *to++ = (uint8_t)(colour >> 8 * byte);
    }
}

static void draw_glyph(uint8_t *at, const uint8_t *glyph)
{
    uint64_t words[PIXEL_BYTES_MAX];

    for (unsigned int row = 0; row < FONT_HEIGHT; row++) {
        make_row(glyph[row], words);
        store_words(at + row * pitch, words, pixel_bytes);
    }
}

static const uint8_t *glyph_of(char character)
{
    return character >= FONT_FIRST && character <= FONT_LAST ? font_glyphs[character - FONT_FIRST]
                                                             : font_unknown;
}

static void draw(unsigned int line, unsigned int column, const char *characters, unsigned int count)
{
    uint8_t *at = pixels + line * FONT_HEIGHT * pitch + column * FONT_WIDTH * pixel_bytes;

    for (unsigned int i = 0; i < count; i++)
        draw_glyph(at + i * FONT_WIDTH * pixel_bytes, glyph_of(characters[i]));
}

/* ---- opening it ---- */

/* A level of 0 to 255 in the bits of a colour. */
static uint32_t in_field(struct framebuffer_field field, uint32_t level)
{
    return (field.size < 8 ? level >> (8 - field.size) : level << (field.size - 8))
           << field.position;
}

/* Glyphs leave a margin, and the loader something to be read. */
static void clear(size_t size)
{
    static const uint64_t black;

    for (size_t at = 0; at + sizeof(black) <= size; at += sizeof(black))
        store_words(pixels + at, &black, 1);
}

static unsigned int at_most(unsigned int number, unsigned int limit)
{
    return number < limit ? number : limit;
}

const struct screen_device *framebuffer_open(const struct framebuffer *framebuffer, void *memory)
{
    pixels = memory;
    pitch = framebuffer->pitch;
    pixel_bytes = bytes_per_pixel(framebuffer);
    ink = in_field(framebuffer->red, INK_LEVEL) | in_field(framebuffer->green, INK_LEVEL) |
          in_field(framebuffer->blue, INK_LEVEL);
    device = (struct screen_device){
        .columns = at_most(framebuffer->width / FONT_WIDTH, SCREEN_COLUMNS_MAX),
        .lines = at_most(framebuffer->height / FONT_HEIGHT, SCREEN_LINES_MAX),
        .draw = draw,
    };
    device.scroll_step = device.lines / SCROLL_PART;
    clear(framebuffer_size(framebuffer));
    return &device;
}

void framebuffer_remap(void *memory)
{
    pixels = memory;
}
