// SPDX-License-Identifier: MIT
/*
 * What the console stands on: the names of serial ports, the SPCR table, the registers of a UART in
 * memory, what a loader may say of a framebuffer, and the log. The UART is an array that keeps what
 * is written to it, so a test sets what the kernel will read and looks at what the kernel wrote
 * last.
 */
#include <stdbool.h>

#include <asm/errno.h>

#include "arch/board/spcr.h"
#include "arch/board/uart_memory.h"
#include "arch/chipset/acpi_address.h"
#include "arch/cpu/types.h"
#include "arch/device/uart.h"
#include "arch/screen/framebuffer.h"
#include "kernel/log/log.h"
#include "libc/include/string.h"
#include "tests/kernel/ktest.h"

static void expect_place(const struct uart_place *expected, const struct uart_place *found)
{
    EXPECT(found->bus == expected->bus);
    EXPECT_EQUAL(found->address, expected->address);
    EXPECT_EQUAL(found->baud, expected->baud);
}

/* ---- names ---- */

KTEST(console_words)
{
    static const struct {
        const char *words;
        struct uart_place place;
    } good[] = {
        {"ttyS0", {NULL, 0x3f8, 115200}},
        {"ttyS1,9600", {NULL, 0x2f8, 9600}},
        {"ttyS3,1", {NULL, 0x2e8, 1}},
        {"io,0x6000", {NULL, 0x6000, 0}},
        {"mmio,0x1fe000000,57600", {&uart_memory_8, 0x1fe000000, 57600}},
        {"mmio32,0xfe030000", {&uart_memory_32, 0xfe030000, 0}},
        {"mmio32,4261609472,115200", {&uart_memory_32, 0xfe030000, 115200}},
    };
    struct uart_place place;

    for (unsigned int i = 0; i < array_size(good); i++) {
        EXPECT_EQUAL(uart_words_read(good[i].words, &place), 0);
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
        EXPECT_EQUAL(uart_words_read(bad[i], &place), -EINVAL);
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
        {0, 7, {1, 8, 0, 0, 0x2f8}, {NULL, 0x2f8, 115200}},
        {1, 3, {1, 8, 0, 1, 0x3f8}, {NULL, 0x3f8, 9600}},
        {0, 0, {1, 8, 0, 1, 0x3f8}, {NULL, 0x3f8, 0}},
        {0, 99, {1, 8, 0, 1, 0x3f8}, {NULL, 0x3f8, 0}},
        {0, 7, {0, 8, 0, 1, 0xfe030000}, {&uart_memory_8, 0xfe030000, 0}},
        {0, 7, {0, 32, 0, 0, 0xfe030000}, {&uart_memory_32, 0xfe030000, 0}},
        {0x12, 7, {0, 8, 0, 3, 0x1fe030000}, {&uart_memory_32, 0x1fe030000, 0}},
    };
    struct uart_place place;

    for (unsigned int i = 0; i < array_size(good); i++) {
        EXPECT_EQUAL(read_spcr(good[i].interface, good[i].base, good[i].baud, &place), 0);
        expect_place(&good[i].place, &place);
    }
}

/* No port, a PL011, PCI configuration space, ports that there are not, a table that ends early. */
KTEST(console_spcr_of_no_use)
{
    struct acpi_address port = {1, 8, 0, 1, 0x3f8};
    struct uart_place place;

    EXPECT_EQUAL(read_spcr(0, (struct acpi_address){1, 8, 0, 1, 0}, 7, &place), -ENOENT);
    EXPECT_EQUAL(read_spcr(3, port, 7, &place), -EINVAL);
    EXPECT_EQUAL(read_spcr(0, (struct acpi_address){2, 8, 0, 1, 0x3f8}, 7, &place), -EINVAL);
    EXPECT_EQUAL(read_spcr(0, (struct acpi_address){1, 8, 0, 1, 0x103f8}, 7, &place), -EINVAL);
    EXPECT_EQUAL(read_spcr(0, port, 7, &place), 0);
    spcr.header.length = sizeof(struct acpi_header) + 4;
    EXPECT_EQUAL(spcr_read(&spcr.header, &place), -ENOENT);
}

/* ---- registers in memory ---- */

#define LINE_STATUS   5
#define RECEIVED      0x01u
#define WRITABLE      0x20u
#define TRANSMITTED   0x40u
#define DIVISOR_LATCH 0x80u

static const struct uart_place wide = {&uart_memory_32, 0xfe030000, 0};
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
    EXPECT_EQUAL(registers[0], 'c');
    EXPECT_EQUAL(registers[3], 0x03); /* 8 bits, no parity */
    EXPECT_EQUAL(uart_read(&uart, bytes, sizeof(bytes)), 0);
    registers[LINE_STATUS] |= RECEIVED;
    EXPECT_EQUAL(uart_read(&uart, bytes, sizeof(bytes)), sizeof(bytes));
    EXPECT_EQUAL(bytes[2], 'c');
}

/* By bytes that follow one another; registers[1] is what lies behind the first four of them. */
KTEST(uart_in_memory_by_bytes)
{
    struct uart_place narrow = {&uart_memory_8, 0xfe030000, 0};
    uint8_t *bytes = (uint8_t *)registers;
    struct uart uart;

    memset(registers, 0, sizeof(registers));
    bytes[LINE_STATUS] = WRITABLE | TRANSMITTED;
    EXPECT(uart_init(&uart, &narrow, registers));
    EXPECT(uart_write(&uart, "x", 1));
    EXPECT_EQUAL(bytes[0], 'x');
    EXPECT_EQUAL(bytes[3], 0x03);
}

/* 115200 / 9600 = 12; without a speed the divisor, which would be register 0, is not touched. */
KTEST(uart_speed)
{
    struct uart_place with_speed = wide;
    struct uart uart;

    set_up(&uart, &wide);
    EXPECT_EQUAL(registers[0], 0);
    with_speed.baud = 9600;
    set_up(&uart, &with_speed);
    EXPECT_EQUAL(registers[0], 12);
    EXPECT(!(registers[3] & DIVISOR_LATCH));
}

/* All ones are no device; one that is never ready loses what is written, and takes no time again.
 */
KTEST(uart_absent_or_stuck)
{
    struct uart uart;

    memset(registers, 0xff, sizeof(registers));
    EXPECT(!uart_init(&uart, &wide, registers));
    EXPECT(!uart.is_there);
    EXPECT(!uart_write(&uart, "lost", 4));
    memset(registers, 0, sizeof(registers));
    EXPECT(uart_init(&uart, &wide, registers));
    EXPECT(uart.stalled);
    for (unsigned int i = 0; i < 100; i++)
        EXPECT(!uart_write(&uart, "lost", 4));
    EXPECT_EQUAL(registers[0], 0);
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
    EXPECT_EQUAL(framebuffer_size(&sound), 1024 * 4 * 768);
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
        EXPECT(line[1] >= '0' && line[1] < '8');
        EXPECT(line[count - 1] == '\n');
        lines++;
    }
    EXPECT(lines > 10);
    EXPECT_EQUAL(log_read(&position, line, sizeof(line), true), 0);
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
    EXPECT_EQUAL(log_read(&position, line, 60, true), 60);
    EXPECT(!memcmp(line, "<7>xxx", 6));
    EXPECT_EQUAL(log_read(&position, line, sizeof(line), true), LOG_LEVEL_SIZE + sizeof(line) - 60);
    EXPECT_EQUAL(line[LOG_LEVEL_SIZE + sizeof(line) - 60 - 1], '\n');
}

/* Private lines are for those who ask for them, and look like any other. */
KTEST(log_private_lines)
{
    char line[8];
    uint64_t position;

    log_write(6, "a\n", 2);
    log_write(6 | MESSAGE_PRIVATE, "b\nc\n", 4);
    log_write(3, "d\n", 2);
    log_write(3 | MESSAGE_PRIVATE, "e\n", 2);
    position = log_tail(5 * (LOG_LEVEL_SIZE + 2) + 1);
    for (unsigned int i = 0; i < 5; i++) {
        EXPECT_EQUAL(log_read(&position, line, sizeof(line), true), LOG_LEVEL_SIZE + 2);
        EXPECT(!memcmp(line, &"<6>a\n<6>b\n<6>c\n<3>d\n<3>e\n"[5 * i], 5));
    }
    EXPECT_EQUAL(log_read(&position, line, sizeof(line), true), 0);
    position = log_tail(5 * (LOG_LEVEL_SIZE + 2) + 1);
    EXPECT_EQUAL(log_read(&position, line, sizeof(line), false), LOG_LEVEL_SIZE + 2);
    EXPECT(!memcmp(line, "<6>a\n", 5));
    EXPECT_EQUAL(log_read(&position, line, sizeof(line), false), LOG_LEVEL_SIZE + 2);
    EXPECT(!memcmp(line, "<3>d\n", 5));
    EXPECT_EQUAL(log_read(&position, line, sizeof(line), false), 0);
}
