// SPDX-License-Identifier: MIT
/*
 * The channel's streams: the bytes of stdin on their way to the program, and files of the streams:
 * file->state is the descriptor's number.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>

#include "kernel/channel/channel.h"
#include "kernel/channel/frame.h"
#include "kernel/file/file.h"
#include "kernel/task/wait_queue.h"
#include "libc/include/string.h"

#define CREDIT_BATCH 2048 /* credit is sent for this many bytes, or when all are read */

struct spinlock channel_receive_lock = SPINLOCK_INIT("channel receiving");

struct channel_input channel_input;
static struct wait_queue readers = WAIT_QUEUE_INIT(readers);

/* ---- from the host ---- */

void input_add_locked(uint8_t byte)
{
    if (channel_input.head - channel_input.tail < INPUT_SIZE) /* else the host ignores its credit */
        channel_input.bytes[channel_input.head++ % INPUT_SIZE] = byte;
}

void input_wake_locked(void)
{
    file_wake(&readers);
}

void input_end_locked(void)
{
    channel_input.has_ended = true;
    file_wake(&readers);
}

void input_send_credit_locked(void)
{
    uint8_t payload[2] = {channel_input.uncredited & 0xff, channel_input.uncredited >> 8};

    if (!channel_input.uncredited ||
        (channel_input.uncredited < CREDIT_BATCH && channel_input.head != channel_input.tail))
        return;
    if (frame_send(FRAME_CREDIT, payload, sizeof(payload)))
        channel_input.uncredited = 0;
}

/* ---- to the program ---- */

static bool has_input_or_end(void *context)
{
    (void)context;
    return channel_input.head != channel_input.tail || channel_input.has_ended;
}

/* Waits for bytes or their end: 0, -EAGAIN when it may not wait, or -ERESTARTSYS. */
static int input_wait(bool may_wait)
{
    if (has_input_or_end(NULL))
        return 0;
    return may_wait ? wait_event(&readers, has_input_or_end, NULL) : -EAGAIN;
}

/* Takes the bytes that lie side by side in the ring, at most size; returns how many. */
static size_t input_take(void *buffer, size_t size)
{
    uint64_t flags = spin_lock_irqsave(&channel_receive_lock);
    uint32_t start = channel_input.tail % INPUT_SIZE;
    size_t count = channel_input.head - channel_input.tail;

    if (count > size)
        count = size;
    if (count > INPUT_SIZE - start)
        count = INPUT_SIZE - start;
    memcpy(buffer, channel_input.bytes + start, count);
    channel_input.tail += count;
    channel_input.uncredited += count;
    input_send_credit_locked();
    spin_unlock_irqrestore(&channel_receive_lock, flags);
    return count;
}

long channel_write(unsigned int descriptor, struct io_iter *from, unsigned int flags)
{
    enum frame_type type = descriptor == 2 ? FRAME_ERROR : FRAME_OUTPUT;
    char piece[FRAME_PAYLOAD_MAX];
    long total = 0;

    while (from->remaining) {
        size_t count = io_iter_take(from, piece, sizeof(piece));
        int error = count ? frame_send_waiting(type, piece, count, !(flags & O_NONBLOCK)) : -EFAULT;

        if (error)
            return total ? total : error;
        total += count;
    }
    return total;
}

/* ---- as files ---- */

long channel_read_stream(struct file *file, struct io_iter *to, uint64_t *offset)
{
    char piece[512];
    long total = 0;
    size_t count;
    int error;

    (void)offset;
    if (!to->remaining)
        return 0;
    error = input_wait(!(file->flags & O_NONBLOCK));
    if (error)
        return error;
    do {
        count = input_take(piece, to->remaining < sizeof(piece) ? to->remaining : sizeof(piece));
        if (io_iter_put(to, piece, count) < count)
            return total ? total : -EFAULT;
        total += count;
    } while (count && to->remaining);
    return total;
}

long channel_write_stream(struct file *file, struct io_iter *from, uint64_t *offset)
{
    (void)offset;
    return channel_write((unsigned int)(uintptr_t)file->state, from, file->flags);
}

static const struct file_operations stream_operations = {
    .read = channel_read_stream,
    .write = channel_write_stream,
};

int channel_stream_file(unsigned int descriptor, struct file **file)
{
    *file = file_create(&stream_operations, descriptor == 0 ? O_RDONLY : O_WRONLY);
    if (!*file)
        return -ENOMEM;
    (*file)->state = (void *)(uintptr_t)descriptor;
    TELL(channel_stream_is_made, *file);
    return 0;
}
