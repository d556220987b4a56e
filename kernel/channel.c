// SPDX-License-Identifier: MIT
/*
 * The channel to the host: what comes in (kernel/frame_reader.c tells the frames apart), and the
 * streams. kernel/frame.c sends.
 *
 * Bytes of stdin wait in a ring; the host sends no more than was credited, which is the ring's
 * size.
 *
 * No device interrupts are used (a board may lack the PIC that would carry them): poll_channel()
 * runs on each tick and while idle. The lock covers what comes in and is held while the terminal is
 * given its input; it is taken before the terminal's and that before the sender's, each with
 * interrupts off.
 */
#include "kernel/channel.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <asm/signal.h>

#include "arch/clock.h"
#include "arch/spinlock.h"
#include "arch/types.h"
#include "arch/uart.h"
#include "kernel/console.h"
#include "kernel/file.h"
#include "kernel/frame.h"
#include "kernel/frame_reader.h"
#include "kernel/kernel_lock.h"
#include "kernel/poller.h"
#include "kernel/signal.h"
#include "kernel/task_trace.h"
#include "kernel/tty.h"
#include "kernel/uart_words.h"
#include "kernel/wait_queue.h"
#include "libc/include/string.h"

#define VERSION      1
#define INPUT_SIZE   16384         /* what the host may send without credit */
#define CREDIT_BATCH 2048          /* credit is sent for so many bytes, or when all are read */
#define CONNECT_NS   10000000000ul /* 10 s for the host to answer */

_Static_assert(TTY_WRITE_MAX <= FRAME_PAYLOAD_MAX, "the terminal's writes are a frame each");

static struct uart uart;
static bool is_connected, is_acknowledged, trace_is_wanted;
static unsigned int terminal_mask; /* bit n: the host's descriptor n is a terminal */
static int process_group;

static struct spinlock receive_lock = SPINLOCK_INIT("channel receiving");
static struct {
    uint8_t bytes[INPUT_SIZE];
    uint32_t head, tail;
    uint32_t uncredited; /* bytes read and not yet told to the host */
    bool has_ended;
} input;
static struct wait_queue readers = WAIT_QUEUE_INIT(readers);

static struct frame_reader frame; /* the one that is coming in */

/* ---- Credit ---- */

/* Tells the host that bytes were read, now and then. */
static void send_credit_locked(void)
{
    uint8_t payload[2] = {input.uncredited & 0xff, input.uncredited >> 8};

    if (!input.uncredited || (input.uncredited < CREDIT_BATCH && input.head != input.tail))
        return;
    if (frame_send(FRAME_CREDIT, payload, sizeof(payload)))
        input.uncredited = 0;
}

/* ---- Receiving ---- */

/* Offers the terminal the input that waits, as far as it has room. */
static void feed_terminal_locked(void)
{
    while (channel_is_terminal(0) && input.head != input.tail) {
        char byte = input.bytes[input.tail % INPUT_SIZE];

        if (!tty_input(&console_tty, &byte, 1))
            break;
        input.tail++;
        input.uncredited++;
    }
    send_credit_locked();
}

/* ---- The terminal's backend ---- */

/* Where the terminal's output goes: with only descriptor 2 a terminal, it must be that. */
static enum frame_type terminal_stream(void)
{
    return !channel_is_terminal(1) && channel_is_terminal(2) ? FRAME_ERROR : FRAME_OUTPUT;
}

/* Where no stream of output is a terminal, an echo would get into what the program writes. */
static void echo(struct tty *tty, const char *bytes, size_t count)
{
    (void)tty;
    if (channel_is_terminal(1) || channel_is_terminal(2))
        frame_send(terminal_stream(), bytes, count);
}

static int write_terminal(struct tty *tty, const char *bytes, size_t count, bool may_wait)
{
    (void)tty;
    return frame_send_waiting(terminal_stream(), bytes, count, may_wait);
}

static void resume_input(struct tty *tty)
{
    uint64_t flags = spin_lock_irqsave(&receive_lock);

    (void)tty;
    feed_terminal_locked();
    spin_unlock_irqrestore(&receive_lock, flags);
}

/* ---- Frames that come in ---- */

/* The window's rows and columns stand at this offset. */
static void set_window(unsigned int offset)
{
    struct winsize size = console_tty.size;

    size.ws_row = frame_reader_u16(&frame, offset);
    size.ws_col = frame_reader_u16(&frame, offset + 2);
    tty_set_size(&console_tty, &size);
}

static void act_on_hello(void)
{
    static const struct tty_backend backend = {
        .echo = echo,
        .write = write_terminal,
        .resume = resume_input,
    };

    if (is_connected || frame.control[0] != VERSION)
        return;
    terminal_mask = frame.control[1];
    if (terminal_mask) {
        tty_init(&console_tty, &backend);
        set_window(2);
    }
    is_connected = true;
}

/* A frame is complete; the bytes of stdin have gone to their ring already. */
static void act_on_frame(void)
{
    switch (frame.type) {
    case FRAME_HELLO:
        act_on_hello();
        break;
    case FRAME_END_OF_INPUT:
        input.has_ended = true;
        file_wake(&readers);
        if (channel_is_terminal(0))
            tty_hang_up(&console_tty);
        break;
    case FRAME_SIGNAL:
        if (process_group && frame.control[0] >= 1 && frame.control[0] <= SIGNAL_COUNT)
            signal_send_group(process_group, frame.control[0]);
        break;
    case FRAME_WINDOW:
        if (terminal_mask)
            set_window(0);
        break;
    case FRAME_ACKNOWLEDGE:
        is_acknowledged = true;
        break;
    case FRAME_TRACE:
        trace_is_wanted = true;
        break;
    case FRAME_INPUT:
        if (channel_is_terminal(0))
            feed_terminal_locked();
        else
            file_wake(&readers);
        break;
    default: /* of a later version of the protocol */
        break;
    }
}

static void receive(uint8_t byte)
{
    bool is_input = frame_reader_take(&frame, byte);

    if (is_input && input.head - input.tail < INPUT_SIZE) /* else the host ignores its credit */
        input.bytes[input.head++ % INPUT_SIZE] = byte;
    if (frame_reader_is_complete(&frame)) {
        act_on_frame();
        frame_reader_forget(&frame);
    }
}

/*
 * Reads what one FIFO holds, and not again at once: an emulator that fills the FIFO while it is
 * being read does so byte by byte, each at the cost of a whole FIFO's.
 */
static bool poll_receiver(void)
{
    uint8_t bytes[UART_FIFO_SIZE];
    uint64_t flags = spin_lock_irqsave(&receive_lock);
    size_t count = uart_read(&uart, bytes, sizeof(bytes));

    for (size_t i = 0; i < count; i++)
        receive(bytes[i]);
    send_credit_locked(); /* there may have been no room for it before */
    spin_unlock_irqrestore(&receive_lock, flags);
    return count;
}

static bool poll_channel(void)
{
    bool received = poll_receiver();

    /* A long text, so not under the lock of what comes in. At the end there is no kernel lock. */
    if (trace_is_wanted && kernel_lock_is_mine()) {
        trace_is_wanted = false;
        task_trace_all();
    }
    return frame_poll() || received;
}

/* ---- Opening and ending ---- */

int channel_open(const char *words)
{
    static const uint8_t hello[1] = {VERSION};
    struct uart_place place;

    if (uart_words_read(words, &place) || place.space != UART_PORTS)
        return -EINVAL;
    if (console_has_port((uint16_t)place.address))
        return -EBUSY;
    if (!uart_init(&uart, &place, NULL))
        return -ENODEV;
    frame_init(&uart);
    frame_send(FRAME_HELLO, hello, sizeof(hello));
    return 0;
}

int channel_connect(void)
{
    uint64_t deadline = clock_monotonic_ns() + CONNECT_NS;

    while (!is_connected && clock_monotonic_ns() < deadline)
        poll_channel();
    if (!is_connected)
        return -ETIMEDOUT;
    poll_register(poll_channel);
    return 0;
}

bool channel_is_connected(void)
{
    return is_connected;
}

bool channel_is_terminal(unsigned int descriptor)
{
    return terminal_mask >> descriptor & 1;
}

void channel_set_process_group(int group)
{
    process_group = group;
}

void channel_exit(int wait_status)
{
    uint8_t payload[4] = {wait_status, wait_status >> 8, wait_status >> 16, wait_status >> 24};
    uint64_t deadline = clock_monotonic_ns() + FRAME_SILENCE_NS;
    bool is_sent = false;

    while (is_connected && !is_acknowledged && clock_monotonic_ns() < deadline) {
        if (!is_sent)
            is_sent = frame_send(FRAME_EXIT, payload, sizeof(payload));
        if (poll_channel())
            deadline = clock_monotonic_ns() + FRAME_SILENCE_NS;
    }
}

/* ---- Streams ---- */

size_t channel_readable(void)
{
    return input.head - input.tail;
}

static bool has_input_or_end(void *context)
{
    (void)context;
    return channel_readable() || input.has_ended;
}

static size_t take_input(void *buffer, size_t size)
{
    uint64_t flags = spin_lock_irqsave(&receive_lock);
    uint32_t start = input.tail % INPUT_SIZE;
    size_t count = channel_readable();

    if (count > size)
        count = size;
    if (count > INPUT_SIZE - start)
        count = INPUT_SIZE - start;
    memcpy(buffer, input.bytes + start, count);
    input.tail += count;
    input.uncredited += count;
    send_credit_locked();
    spin_unlock_irqrestore(&receive_lock, flags);
    return count;
}

long channel_read(struct io_iter *to, unsigned int flags)
{
    char piece[512];
    long total = 0;
    size_t count;
    int error = 0;

    if (!to->remaining)
        return 0;
    if (!has_input_or_end(NULL))
        error = flags & O_NONBLOCK ? -EAGAIN : wait_event(&readers, has_input_or_end, NULL);
    if (error)
        return error;
    do {
        count = take_input(piece, to->remaining < sizeof(piece) ? to->remaining : sizeof(piece));
        if (io_iter_put(to, piece, count) < count)
            return total ? total : -EFAULT;
        total += count;
    } while (count && to->remaining);
    return total;
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

unsigned int channel_poll_events(unsigned int descriptor)
{
    unsigned int events = 0;

    if (descriptor == 0) {
        if (channel_readable())
            events |= POLLIN | POLLRDNORM;
        if (input.has_ended)
            events |= POLLHUP;
        return events;
    }
    if (frame_has_room() || frame_host_is_gone())
        events |= POLLOUT | POLLWRNORM;
    if (frame_host_is_gone())
        events |= POLLERR;
    return events;
}
