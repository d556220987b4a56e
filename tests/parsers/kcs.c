// SPDX-License-Identifier: MIT
/*
 * A BMC behind KCS that answers anything: the input is a byte of how the request is made, and what
 * the registers read, one byte after the other. With the last byte the time is over.
 */
#include "arch/board/kcs.h"

#include "arch/board/ipmi.h"
#include "arch/chipset/io.h"
#include "arch/cpu/cpu.h"
#include "arch/device/clock.h"
#include "libc/include/string.h"
#include "tests/parsers/support/harness.h"

#define MESSAGE_SIZE 16
#define FUNCTION     0x18
#define COMMAND      0x25
#define A_SECOND     1000000
#define BY_MEMORY    0x80 /* bit of the first byte; the others are the request's size */

static const uint8_t *script;
static size_t left;
static uint64_t now; /* ticks, each a microsecond */

/* ---- the machine ---- */

uint8_t machine_read(void)
{
    if (!left)
        return 0;
    left--;
    return *script++;
}

/* It stands still until then, and goes by in large steps from there on. */
uint64_t machine_time(void)
{
    if (!left)
        now += A_SECOND;
    return now;
}

uint64_t clock_ticks(uint64_t microseconds)
{
    return microseconds;
}

/* ---- the input ---- */

static void transact(struct kcs *kcs, size_t size)
{
    uint8_t *message = malloc(MESSAGE_SIZE);
    uint8_t data[8];

    expect(message);
    memset(message, 0, MESSAGE_SIZE);
    message[0] = FUNCTION;
    message[1] = COMMAND;
    int count = kcs_transact(kcs, message, size, MESSAGE_SIZE);
    if (count >= 0) {
        size_t there = count < MESSAGE_SIZE ? (size_t)count : MESSAGE_SIZE;
        uint8_t *response = exact_copy(message, there);
        if (!ipmi_read_response(response, there, FUNCTION, COMMAND, data, sizeof(data)))
            expect(there >= 3 + sizeof(data));
        free(response);
    }
    free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static volatile uint8_t registers[2];
    struct kcs kcs = {.spacing = 1};

    if (!size)
        return 0;
    script = bytes + 1;
    left = size - 1;
    now = 0;
    if (bytes[0] & BY_MEMORY)
        kcs.memory = registers;
    else
        kcs.port = 0xca2;
    transact(&kcs, 2 + bytes[0] % (MESSAGE_SIZE - 1));
    return 0;
}
