// SPDX-License-Identifier: MIT
#include "kernel/uart_words.h"

#include <asm/errno.h>

#include "arch/types.h"
#include "libc/core/parse.h"
#include "libc/include/stdio.h"
#include "libc/include/string.h"

#define NUMBER_SIZE 24

/* The number between a comma at *at and the next one or the end, to where *at moves on. */
static int read_number(const char **at, uint64_t *value)
{
    char text[NUMBER_SIZE];

    if (**at != ',')
        return -EINVAL;
    size_t length = strcspn(*at + 1, ",");
    if (length >= sizeof(text))
        return -EINVAL;
    snprintf(text, sizeof(text), "%.*s", (int)length, *at + 1);
    *at += 1 + length;
    return parse_u64(text, value);
}

/* ",BAUD", or nothing; the end of the words. */
static int read_baud(const char *at, struct uart_place *place)
{
    uint64_t baud;

    if (!*at)
        return 0;
    if (read_number(&at, &baud) || *at || !baud || baud > UART_BAUD_MAX)
        return -EINVAL;
    place->baud = (unsigned int)baud;
    return 0;
}

static int read_legacy(const char *at, struct uart_place *place)
{
    unsigned int number = (unsigned int)(*at - '0');

    if (number >= UART_LEGACY_COUNT)
        return -EINVAL;
    *place = (struct uart_place){UART_PORTS, 1, uart_legacy_ports[number], UART_BAUD_MAX};
    return read_baud(at + 1, place);
}

int uart_words_read(const char *words, struct uart_place *place)
{
    static const struct {
        const char *name;
        struct uart_place place; /* without its address */
        uint64_t last;           /* address that there can be */
    } spaces[] = {
        {"io", {.space = UART_PORTS, .stride = 1}, UINT16_MAX - UART_REGISTERS},
        {"mmio", {.space = UART_MEMORY, .stride = 1}, UINT64_MAX},
        {"mmio32", {.space = UART_MEMORY, .stride = 4}, UINT64_MAX},
    };
    size_t length = strcspn(words, ",");
    const char *at = words + length;

    if (!strncmp(words, "ttyS", 4))
        return read_legacy(words + 4, place);
    for (unsigned int i = 0; i < array_size(spaces); i++) {
        if (strlen(spaces[i].name) != length || memcmp(words, spaces[i].name, length))
            continue;
        *place = spaces[i].place;
        if (read_number(&at, &place->address) || !place->address || place->address > spaces[i].last)
            return -EINVAL;
        return read_baud(at, place);
    }
    return -EINVAL;
}
