// SPDX-License-Identifier: MIT
#include "kernel/console/uart.h"

#include <asm/errno.h>

#include "libc/core/parse.h"
#include "libc/include/string.h"

int uart_words_read_baud(const char *words, struct uart_place *place)
{
    uint64_t baud;

    if (!*words)
        return 0;
    if (*words != ',' || parse_u64(words + 1, &baud) || !baud || baud > UART_BAUD_MAX)
        return -EINVAL;
    place->baud = (unsigned int)baud;
    return 0;
}

int uart_words_read(const char *words, struct uart_place *place)
{
    if (strncmp(words, "ttyS", 4))
        return ASK(uart_is_named, words, place) ? 0 : -EINVAL;
    unsigned int number = (unsigned int)(words[4] - '0');
    if (number >= UART_LEGACY_COUNT)
        return -EINVAL;
    *place = (struct uart_place){NULL, uart_legacy_ports[number], UART_BAUD_MAX};
    return uart_words_read_baud(words + 5, place);
}
