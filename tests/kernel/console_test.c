// SPDX-License-Identifier: MIT
/*
 * What the console stands on: the names of serial ports, the SPCR table, the registers of a UART in
 * memory, what a loader may say of a framebuffer, and the log. The UART is an array that keeps what
 * is written to it, so a test sets what the kernel will read and looks at what the kernel wrote
 * last.
 */
#include <stdbool.h>

#include <asm/errno.h>

#include "arch/framebuffer.h"
#include "arch/spcr.h"
#include "arch/types.h"
#include "arch/uart.h"
#include "kernel/ktest.h"
#include "kernel/log.h"
#include "kernel/uart_words.h"
#include "libc/include/string.h"

static void expect_place(const struct uart_place *expected, const struct uart_place *found)
{
    EXPECT_EQ(expected->space, found->space);
    EXPECT_EQ(expected->stride, found->stride);
    EXPECT_EQ(expected->address, found->address);
    EXPECT_EQ(expected->baud, found->baud);
}

/* ---- names ---- */

KTEST(console_words)
{
    static const struct {
        const char *words;
        struct uart_place place;
    } good[] = {
        {"ttyS0", {UART_PORTS, 1, 0x3f8, 115200}},
        {"ttyS1,9600", {UART_PORTS, 1, 0x2f8, 9600}},
        {"ttyS3,1", {UART_PORTS, 1, 0x2e8, 1}},
        {"io,0x6000", {UART_PORTS, 1, 0x6000, 0}},
        {"mmio,0x1fe000000,57600", {UART_MEMORY, 1, 0x1fe000000, 57600}},
        {"mmio32,0xfe030000", {UART_MEMORY, 4, 0xfe030000, 0}},
        {"mmio32,4261609472,115200", {UART_MEMORY, 4, 0xfe030000, 115200}},
    };
    struct uart_place place;

    for (unsigned int i = 0; i < array_size(good); i++) {
        EXPECT_EQ(0, uart_words_read(good[i].words, &place));
        expect_place(&good[i].place, &place);
    }
}

KTEST(console_bad_words)
{
    static const char *const bad[] = {"",
                                      "tty0",
                                      "ttyS",
                                      "ttyS4",
                                      "ttyS-1",
                                      "ttyS01",
                                      "ttyS0,",
                                      "ttyS0,0",
                                      "ttyS0,115201",
                                      "ttyS0,9600,8",
                                      "ttyS0,9k6",
                                      "io",
                                      "io,",
                                      "io,0",
                                      "io,0x10000",
                                      "mmio32",
                                      "mmio32,0xg",
                                      "mmio32,0x1000,",
                                      "mmio32,0x1000,0",
                                      "mmio32,0x10000000000000000",
                                      "mmio64,1",
                                      "mmio3,1"};
    struct uart_place place;

    for (unsigned int i = 0; i < array_size(bad); i++)
        EXPECT_EQ(-EINVAL, uart_words_read(bad[i], &place));
}

/* ---- SPCR ---- */

static struct {
    struct acpi_header header;
    uint8_t interface, reserved[3];
    struct acpi_address base;
    uint8_t interrupts[6], baud;
} __attribute__((packed)) spcr;

static int read_spcr(uint8_t interface, struct acpi_address base, uint8_t baud,
                     struct uart_place *place)
{
    memset(&spcr, 0, sizeof(spcr));
    spcr.header.length = sizeof(spcr);
    spcr.interface = interface;
    spcr.base = base;
    spcr.baud = baud;
    return spcr_read(&spcr.header, place);
}

KTEST(console_spcr)
{
    static const struct {
        uint8_t interface, baud;
        struct acpi_address base;
        struct uart_place place;
    } good[] = {
        {0, 7, {1, 8, 0, 0, 0x2f8}, {UART_PORTS, 1, 0x2f8, 115200}},
        {1, 3, {1, 8, 0, 1, 0x3f8}, {UART_PORTS, 1, 0x3f8, 9600}},
        {0, 0, {1, 8, 0, 1, 0x3f8}, {UART_PORTS, 1, 0x3f8, 0}},
        {0, 99, {1, 8, 0, 1, 0x3f8}, {UART_PORTS, 1, 0x3f8, 0}},
        {0, 7, {0, 8, 0, 1, 0xfe030000}, {UART_MEMORY, 1, 0xfe030000, 0}},
        {0, 7, {0, 32, 0, 0, 0xfe030000}, {UART_MEMORY, 4, 0xfe030000, 0}},
        {0x12, 7, {0, 8, 0, 3, 0x1fe030000}, {UART_MEMORY, 4, 0x1fe030000, 0}},
    };
    struct uart_place place;

    for (unsigned int i = 0; i < array_size(good); i++) {
        EXPECT_EQ(0, read_spcr(good[i].interface, good[i].base, good[i].baud, &place));
        expect_place(&good[i].place, &place);
    }
}

/* No port, a PL011, PCI configuration space, ports that there are not, a table that ends early. */
KTEST(console_spcr_of_no_use)
{
    struct acpi_address port = {1, 8, 0, 1, 0x3f8};
    struct uart_place place;

    EXPECT_EQ(-ENOENT, read_spcr(0, (struct acpi_address){1, 8, 0, 1, 0}, 7, &place));
    EXPECT_EQ(-EINVAL, read_spcr(3, port, 7, &place));
    EXPECT_EQ(-EINVAL, read_spcr(0, (struct acpi_address){2, 8, 0, 1, 0x3f8}, 7, &place));
    EXPECT_EQ(-EINVAL, read_spcr(0, (struct acpi_address){1, 8, 0, 1, 0x103f8}, 7, &place));
    EXPECT_EQ(0, read_spcr(0, port, 7, &place));
    spcr.header.length = sizeof(struct acpi_header) + 4;
    EXPECT_EQ(-ENOENT, spcr_read(&spcr.header, &place));
}

/* ---- registers in memory ---- */

#define LINE_STATUS   5
#define RECEIVED      0x01u
#define WRITABLE      0x20u
#define TRANSMITTED   0x40u
#define DIVISOR_LATCH 0x80u

static const struct uart_place wide = {UART_MEMORY, 4, 0xfe030000, 0};
static uint32_t registers[UART_REGISTERS];

static void set_up(struct uart *uart, const struct uart_place *place)
{
    memset(registers, 0, sizeof(registers));
    registers[LINE_STATUS] = WRITABLE | TRANSMITTED;
    EXPECT(uart_init(uart, place, registers));
}

KTEST(uart_in_memory)
{
    struct uart uart;
    char bytes[3];

    set_up(&uart, &wide);
    EXPECT(uart_write(&uart, "abc", 3));
    EXPECT_EQ('c', registers[0]);
    EXPECT_EQ(0x03, registers[3]); /* 8 bits, no parity */
    EXPECT_EQ(0, uart_read(&uart, bytes, sizeof(bytes)));
    registers[LINE_STATUS] |= RECEIVED;
    EXPECT_EQ(sizeof(bytes), uart_read(&uart, bytes, sizeof(bytes)));
    EXPECT_EQ('c', bytes[2]);
}

/* By bytes that follow one another; registers[1] is what lies behind the first four of them. */
KTEST(uart_in_memory_by_bytes)
{
    struct uart_place narrow = {UART_MEMORY, 1, 0xfe030000, 0};
    uint8_t *bytes = (uint8_t *)registers;
    struct uart uart;

    memset(registers, 0, sizeof(registers));
    bytes[LINE_STATUS] = WRITABLE | TRANSMITTED;
    EXPECT(uart_init(&uart, &narrow, registers));
    EXPECT(uart_write(&uart, "x", 1));
    EXPECT_EQ('x', bytes[0]);
    EXPECT_EQ(0x03, bytes[3]);
}

/* 115200 / 9600 = 12; without a speed the divisor, which would be register 0, is not touched. */
KTEST(uart_speed)
{
    struct uart_place with_speed = wide;
    struct uart uart;

    set_up(&uart, &wide);
    EXPECT_EQ(0, registers[0]);
    with_speed.baud = 9600;
    set_up(&uart, &with_speed);
    EXPECT_EQ(12, registers[0]);
    EXPECT(!(registers[3] & DIVISOR_LATCH));
}

/* All ones are no device; one that is never ready loses what is written, and takes no time again.
 */
KTEST(uart_absent_or_stuck)
{
    struct uart uart;

    memset(registers, 0xff, sizeof(registers));
    EXPECT(!uart_init(&uart, &wide, registers));
    EXPECT_EQ(UART_NOWHERE, uart.place.space);
    EXPECT(!uart_write(&uart, "lost", 4));
    memset(registers, 0, sizeof(registers));
    EXPECT(uart_init(&uart, &wide, registers));
    EXPECT(uart.stalled);
    for (unsigned int i = 0; i < 100; i++)
        EXPECT(!uart_write(&uart, "lost", 4));
    EXPECT_EQ(0, registers[0]);
    registers[LINE_STATUS] = WRITABLE;
    EXPECT(uart_write(&uart, "x", 1));
    EXPECT(!uart.stalled);
}

/* ---- the framebuffer ---- */

static const struct framebuffer sound = {{0xfd000000}, 1024 * 4, 1024,   768,
                                         32,           {16, 8},  {8, 8}, {0, 8}};

KTEST(framebuffer_that_can_be_used)
{
    struct framebuffer of_16_bits = {{0xfd000000}, 1024 * 2, 1000,   768,
                                     16,           {11, 5},  {5, 6}, {0, 5}};

    EXPECT(framebuffer_is_usable(&sound));
    EXPECT(framebuffer_is_usable(&of_16_bits));
    EXPECT_EQ(1024 * 4 * 768, framebuffer_size(&sound));
}

/* Nothing there; no room for text; nonsense of each number by itself. */
KTEST(framebuffer_of_no_use)
{
    struct framebuffer bad[12];

    for (unsigned int i = 0; i < array_size(bad); i++)
        bad[i] = sound;
    bad[0].address = paddr(0);
    bad[1].address = paddr(1ul << 52);
    bad[2].address = paddr(UINT64_MAX);
    bad[3].width = 7;
    bad[4].height = 63;
    bad[5].height = UINT32_MAX;
    bad[6].pitch = 1024 * 4 - 1;
    bad[7].pitch = UINT32_MAX;
    bad[8].bits_per_pixel = 8;
    bad[9].bits_per_pixel = 64;
    bad[10].red.position = 25;
    bad[11].blue.size = 0;
    for (unsigned int i = 0; i < array_size(bad); i++)
        EXPECT(!framebuffer_is_usable(&bad[i]));
}

/* ---- the log ---- */

/* Every line begins with its level, and a position at the end stays there. */
KTEST(log_lines)
{
    static char line[LOG_SIZE / 4];
    uint64_t position = 0;
    unsigned int lines = 0;
    size_t count;

    while ((count = log_read(&position, line, sizeof(line), true))) {
        EXPECT(count > LOG_LEVEL_SIZE && line[0] == '<' && line[2] == '>');
        EXPECT(log_level(line) < 8);
        EXPECT(line[count - 1] == '\n');
        lines++;
    }
    EXPECT(lines > 10);
    EXPECT_EQ(0, log_read(&position, line, sizeof(line), true));
}

/* One line more than fits takes the place of the oldest; a line is read in pieces by a small
 * buffer.
 */
KTEST(log_turns_over)
{
    char line[100];
    uint64_t position = 0;

    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    for (size_t written = 0; written < LOG_SIZE; written += LOG_LEVEL_SIZE + sizeof(line))
        log_write(7, line, sizeof(line));
    EXPECT_EQ(60, log_read(&position, line, 60, true));
    EXPECT(!memcmp(line, "<7>xxx", 6));
    EXPECT_EQ(LOG_LEVEL_SIZE + sizeof(line) - 60, log_read(&position, line, sizeof(line), true));
    EXPECT_EQ('\n', line[LOG_LEVEL_SIZE + sizeof(line) - 60 - 1]);
}

/* Private lines are for those who ask for them, and look like any other. */
KTEST(log_private_lines)
{
    char line[8];
    uint64_t position;

    log_write(6, "a\n", 2);
    log_write(6 | LOG_PRIVATE, "b\nc\n", 4);
    log_write(3, "d\n", 2);
    log_write(3 | LOG_PRIVATE, "e\n", 2);
    position = log_tail(5 * (LOG_LEVEL_SIZE + 2) + 1);
    for (unsigned int i = 0; i < 5; i++) {
        EXPECT_EQ(LOG_LEVEL_SIZE + 2, log_read(&position, line, sizeof(line), true));
        EXPECT(!memcmp(line, &"<6>a\n<6>b\n<6>c\n<3>d\n<3>e\n"[5 * i], 5));
    }
    EXPECT_EQ(0, log_read(&position, line, sizeof(line), true));
    position = log_tail(5 * (LOG_LEVEL_SIZE + 2) + 1);
    EXPECT_EQ(LOG_LEVEL_SIZE + 2, log_read(&position, line, sizeof(line), false));
    EXPECT(!memcmp(line, "<6>a\n", 5));
    EXPECT_EQ(LOG_LEVEL_SIZE + 2, log_read(&position, line, sizeof(line), false));
    EXPECT(!memcmp(line, "<3>d\n", 5));
    EXPECT_EQ(0, log_read(&position, line, sizeof(line), false));
}
