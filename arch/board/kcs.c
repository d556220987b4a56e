// SPDX-License-Identifier: MIT
#include "arch/board/kcs.h"

#include <asm/errno.h>

#include "arch/chipset/io.h"
#include "arch/cpu/cpu.h"
#include "arch/device/clock.h"

/* The status register: table 9-1. */
#define STATUS_OBF   (1u << 0) /* a byte to be read */
#define STATUS_IBF   (1u << 1) /* a byte that the BMC has not taken yet */
#define STATUS_STATE 0xc0u

enum kcs_state {
    STATE_IDLE = 0x00,
    STATE_READ = 0x40,
    STATE_WRITE = 0x80,
    STATE_ERROR = 0xc0,
};

/* Control codes: table 9-3. READ goes into the data register, the others into the command's. */
#define WRITE_START 0x61
#define WRITE_END   0x62
#define READ        0x68

#define LIMIT_US         2000000u /* for a whole transaction */
#define NOTHING_IS_THERE 0xff     /* a status that no interface has */

static uint8_t read_register(const struct kcs *kcs, unsigned int number)
{
    unsigned int offset = number * kcs->spacing;

    return kcs->port ? inb((uint16_t)(kcs->port + offset)) : mmio_read8(kcs->memory + offset);
}

static void write_register(const struct kcs *kcs, unsigned int number, uint8_t value)
{
    unsigned int offset = number * kcs->spacing;

    if (kcs->port)
        outb((uint16_t)(kcs->port + offset), value);
    else
        mmio_write8(kcs->memory + offset, value);
}

static uint8_t read_data(const struct kcs *kcs)
{
    return read_register(kcs, 0);
}

static uint8_t read_status(const struct kcs *kcs)
{
    return read_register(kcs, 1);
}

/* Waits until these bits of the status have a value, or the transaction has had its time. */
static int wait_status(const struct kcs *kcs, uint8_t bits, uint8_t value)
{
    uint64_t limit = clock_ticks(LIMIT_US);

    while (rdtsc() - kcs->start < limit) {
        if ((read_status(kcs) & bits) == value)
            return 0;
        cpu_relax();
    }
    return -ETIMEDOUT;
}

/* Waits until the BMC has taken what was written; says what it then is about to do. */
static int wait_taken(const struct kcs *kcs, enum kcs_state *state)
{
    int error = wait_status(kcs, STATUS_IBF, 0);

    *state = read_status(kcs) & STATUS_STATE;
    return error;
}

/* Writes to a register while the request goes out; what is left to be read is dropped. */
static int write_step(const struct kcs *kcs, unsigned int number, uint8_t value)
{
    enum kcs_state state;

    write_register(kcs, number, value);
    int error = wait_taken(kcs, &state);
    if (error)
        return error;
    if (read_status(kcs) & STATUS_OBF)
        read_data(kcs);
    return state == STATE_WRITE ? 0 : -EIO;
}

static int send(const struct kcs *kcs, const uint8_t *bytes, size_t size)
{
    int error = wait_status(kcs, STATUS_IBF, 0);

    if (!error)
        error = write_step(kcs, 1, WRITE_START);
    for (size_t i = 0; !error && i < size - 1; i++)
        error = write_step(kcs, 0, bytes[i]);
    if (!error)
        error = write_step(kcs, 1, WRITE_END);
    if (!error)
        write_register(kcs, 0, bytes[size - 1]);
    return error;
}

/* Each byte is asked for; after the last the BMC goes idle and has one more that means nothing. */
static int receive(const struct kcs *kcs, uint8_t *bytes, size_t room)
{
    enum kcs_state state;

    for (int count = 0;; count++) {
        int error = wait_taken(kcs, &state);
        if (!error && state != STATE_ERROR)
            error = wait_status(kcs, STATUS_OBF, STATUS_OBF);
        if (error)
            return error;
        uint8_t byte = read_data(kcs);
        if (state == STATE_IDLE)
            return count;
        if (state != STATE_READ)
            return -EIO;
        if ((size_t)count < room)
            bytes[count] = byte;
        write_register(kcs, 0, READ);
    }
}

int kcs_transact(struct kcs *kcs, uint8_t *bytes, size_t size, size_t room)
{
    kcs->start = rdtsc();
    if (read_status(kcs) == NOTHING_IS_THERE)
        return -ENODEV;
    int error = send(kcs, bytes, size);

    return error ? error : receive(kcs, bytes, room);
}
