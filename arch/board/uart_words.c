// SPDX-License-Identifier: MIT
/*
 * How the command line names a serial port: ttyS0 to ttyS3, or io, mmio or mmio32 with ",ADDRESS",
 * as Linux's earlycon has them; and ",BAUD" behind it.
 */
#include <stdbool.h>

#include <asm/errno.h>

#include "arch/board/uart_memory.h"
#include "arch/cpu/types.h"
#include "libc/core/format.h"
#include "libc/core/parse.h"
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
static int read_baud(const char *words, struct uart_place *place)
{
    uint64_t baud;

    if (!*words)
        return 0;
    if (*words != ',' || parse_u64(words + 1, &baud) || !baud || baud > UART_BAUD_MAX)
        return -EINVAL;
    place->baud = (unsigned int)baud;
    return 0;
}

static int read_address(const char *words, struct uart_place *place)
{
    static const struct {
        const char *name;
        const struct uart_bus *bus;
        uint64_t last; /* address that there can be */
    } spaces[] = {
        {"io", NULL, UINT16_MAX - UART_REGISTERS},
        {"mmio", &uart_memory_8, UINT64_MAX},
        {"mmio32", &uart_memory_32, UINT64_MAX},
    };
    size_t length = strcspn(words, ",");
    const char *at = words + length;

    for (unsigned int i = 0; i < array_size(spaces); i++) {
        if (strlen(spaces[i].name) != length || memcmp(words, spaces[i].name, length))
            continue;
        *place = (struct uart_place){.bus = spaces[i].bus};
        if (read_number(&at, &place->address) || !place->address || place->address > spaces[i].last)
            return -EINVAL;
        return read_baud(at, place);
    }
    return -EINVAL;
}

int uart_words_read(const char *words, struct uart_place *place)
{
    if (strncmp(words, "ttyS", 4))
        return read_address(words, place);
    unsigned int number = (unsigned int)(words[4] - '0');
    if (number >= UART_LEGACY_COUNT)
        return -EINVAL;
    *place = (struct uart_place){NULL, uart_legacy_ports[number], UART_BAUD_MAX};
    return read_baud(words + 5, place);
}
