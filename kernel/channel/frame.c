// SPDX-License-Identifier: MIT
/*
 * Frames on their way to the host. The lock is taken with interrupts off, like the receiver's and
 * the terminal's: echoes are sent under those.
 */
#include "kernel/channel/frame.h"

#include <asm/errno.h>

#include "arch/device/clock.h"
#include "arch/device/uart.h"
#include "arch/lock/spinlock.h"
#include "kernel/file/file.h"
#include "kernel/task/wait_queue.h"
#include "libc/include/string.h"

#define OUTPUT_SIZE 16384

static struct uart *port;
static struct spinlock send_lock = SPINLOCK_INIT("channel sending");
static struct {
    uint8_t bytes[OUTPUT_SIZE];
    uint32_t head, tail;    /* grow for ever, taken modulo the size */
    uint64_t last_progress; /* when the UART last took something, or there was nothing to take */
    bool host_is_gone;
} output;
static struct wait_queue writers = WAIT_QUEUE_INIT(writers);

void frame_init(struct uart *uart)
{
    port = uart;
}

static uint32_t output_room(void)
{
    return OUTPUT_SIZE - (output.head - output.tail);
}

/* The caller has checked that there is room. */
static void put_bytes_locked(const void *bytes, size_t count)
{
    uint32_t start = output.head % OUTPUT_SIZE;
    size_t first = count < OUTPUT_SIZE - start ? count : OUTPUT_SIZE - start;

    memcpy(output.bytes + start, bytes, first);
    memcpy(output.bytes, (const uint8_t *)bytes + first, count - first);
    output.head += count;
}

/* Gives the UART what it takes; returns whether that was anything. */
static bool push_locked(void)
{
    bool progress = false;
    uint64_t now;

    while (output.head != output.tail) {
        uint32_t start = output.tail % OUTPUT_SIZE;
        uint32_t count = output.head - output.tail;
        uint32_t taken;

        if (count > OUTPUT_SIZE - start)
            count = OUTPUT_SIZE - start;
        taken = uart_write_some(port, output.bytes + start, count);
        if (!taken)
            break;
        output.tail += taken;
        progress = true;
    }
    now = clock_monotonic_ns();
    if (progress || output.head == output.tail)
        output.last_progress = now;
    output.host_is_gone = now - output.last_progress > FRAME_SILENCE_NS;
    return progress;
}

bool frame_send(enum frame_type type, const void *payload, size_t size)
{
    uint8_t header[FRAME_HEADER_SIZE] = {FRAME_START, type, size & 0xff, size >> 8};
    uint64_t flags = spin_lock_irqsave(&send_lock);
    bool fits = output_room() >= FRAME_HEADER_SIZE + size;

    if (fits) {
        put_bytes_locked(header, sizeof(header));
        put_bytes_locked(payload, size);
    }
    push_locked();
    spin_unlock_irqrestore(&send_lock, flags);
    return fits;
}

/* context: the size of a payload. */
static bool can_send_or_never(void *context)
{
    return output.host_is_gone || output_room() >= FRAME_HEADER_SIZE + *(const size_t *)context;
}

int frame_send_waiting(enum frame_type type, const void *payload, size_t size, bool may_wait)
{
    while (!frame_send(type, payload, size)) {
        int error = may_wait ? wait_event(&writers, can_send_or_never, &size) : -EAGAIN;

        if (error)
            return error;
        if (output.host_is_gone)
            return -EIO;
    }
    return 0;
}

bool frame_has_room(void)
{
    return output_room() >= FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX;
}

bool frame_host_is_gone(void)
{
    return output.host_is_gone;
}

bool frame_poll(void)
{
    uint64_t flags = spin_lock_irqsave(&send_lock);
    bool progress = push_locked();
    bool host_is_gone = output.host_is_gone;

    spin_unlock_irqrestore(&send_lock, flags);
    if (progress || host_is_gone)
        file_wake(&writers);
    return progress;
}
