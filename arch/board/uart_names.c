// SPDX-License-Identifier: MIT
/* io, mmio or mmio32 with ",ADDRESS", as Linux's earlycon has them, and ",BAUD" behind it. */
#include <stdbool.h>

#include <asm/errno.h>

#include "arch/board/uart_memory.h"
#include "arch/cpu/types.h"
#include "kernel/console/uart.h"
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

int uart_names_read(const char *words, struct uart_place *place)
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
        return !read_number(&at, &place->address) && place->address &&
               place->address <= spaces[i].last && !uart_words_read_baud(at, place);
    }
    return false;
}

ATTACH(uart_is_named, uart_names_read);
