// SPDX-License-Identifier: MIT
/* The kernel's command line, and the words of it that name a serial port or are numbers. */
#include "kernel/console/command_line.h"

#include "arch/board/uart_memory.h"
#include "kernel/console/console.h"
#include "kernel/cpus/command_check.h"
#include "libc/core/parse.h"
#include "libc/include/string.h"
#include "tests/parsers/support/harness.h"

const uint16_t uart_legacy_ports[UART_LEGACY_COUNT] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
const struct uart_bus uart_memory_8, uart_memory_32;

void kprintf(const char *format, ...)
{
    (void)format;
}

static void unknown(const char *word)
{
    expect(*word && strlen(word) < COMMAND_LINE_VALUE_SIZE && !strchr(word, ' '));
}

static void read_value(const char *name)
{
    char *value = malloc(COMMAND_LINE_VALUE_SIZE);
    struct uart_place place;
    uint64_t number;

    expect(value);
    if (command_line_value(name, value)) {
        expect(command_line_has(name));
        expect(strlen(value) < COMMAND_LINE_VALUE_SIZE && !strchr(value, ' '));
        parse_u64(value, &number);
        if (!uart_words_read(value, &place))
            expect(place.address && place.baud <= UART_BAUD_MAX);
    }
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {"console", "channel", "init", "init_pkru", "seed", "test"};
    char *line = malloc(size + 1);

    expect(line);
    memcpy(line, bytes, size);
    line[size] = '\0';
    command_line_init(line);
    command_line_check(unknown);
    for (unsigned int i = 0; i < array_size(names); i++)
        read_value(names[i]);
    free(line);
    return 0;
}
