// SPDX-License-Identifier: MIT
/*
 * The channel to the host: how it is opened, and what comes in (kernel/channel/frame_reader.c tells
 * the frames apart, stream.c keeps the bytes of stdin). kernel/channel/frame.c sends.
 *
 * No device interrupts are used (a board may lack the PIC that would carry them): poll_channel()
 * runs in each turn of the poller. channel_receive_lock covers what comes in, and is held while
 * rooms above are told of it. It is taken before a terminal's lock, and that one before the
 * sender's, all with interrupts off.
 */
#include "kernel/channel/channel.h"

#include <asm/errno.h>
#include <asm/signal.h>

#include "arch/device/clock.h"
#include "arch/device/uart.h"
#include "arch/lock/spinlock.h"
#include "kernel/channel/frame.h"
#include "kernel/console/console.h"
#include "kernel/signal/signal.h"
#include "kernel/task/poller.h"
#include "libc/include/string.h"

#define VERSION    1
#define CONNECT_NS 10000000000ul /* 10 s for the host to answer */

static struct uart uart;
static bool is_connected, is_acknowledged;
static unsigned int terminal_mask; /* bit n: the host's descriptor n is a terminal */
static int process_group;

static struct frame_reader frame; /* the one that is coming in */

/* ---- frames that come in ---- */

/* Only the first one of this version counts. */
static bool accept_hello(void)
{
    if (is_connected || frame.control[0] != VERSION)
        return false;
    terminal_mask = frame.control[1];
    is_connected = true;
    return true;
}

/* A frame is complete; the bytes of stdin have gone to their ring already. */
static void act_on_frame(void)
{
    switch (frame.type) {
    case FRAME_HELLO:
        if (!accept_hello())
            return;
        break;
    case FRAME_END_OF_INPUT:
        input_end_locked();
        break;
    case FRAME_SIGNAL:
        if (process_group && frame.control[0] >= 1 && frame.control[0] <= SIGNAL_COUNT)
            signal_send_group(process_group, frame.control[0]);
        break;
    case FRAME_ACKNOWLEDGE:
        is_acknowledged = true;
        break;
    case FRAME_INPUT:
        input_wake_locked();
        break;
    default: /* a room above's, or of a later version of the protocol */
        break;
    }
    TELL(channel_frame, &frame);
}

static void receive(uint8_t byte)
{
    bool is_input = frame_reader_take(&frame, byte);

    if (is_input)
        input_add_locked(byte);
    if (frame_reader_is_complete(&frame)) {
        act_on_frame();
        frame = (struct frame_reader){0};
    }
}

/*
 * Reads one FIFO's worth and stops: an emulator that refills the FIFO while it is being read does
 * so byte by byte, each at the cost of filling a whole FIFO.
 */
static bool poll_receiver(void)
{
    uint8_t bytes[UART_FIFO_SIZE];
    uint64_t flags = spin_lock_irqsave(&channel_receive_lock);
    size_t count = uart_read(&uart, bytes, sizeof(bytes));

    for (size_t i = 0; i < count; i++)
        receive(bytes[i]);
    input_send_credit_locked(); /* there may have been no room for it before */
    spin_unlock_irqrestore(&channel_receive_lock, flags);
    return count;
}

static bool poll_channel(void)
{
    bool received = poll_receiver();

    return frame_poll() || received;
}

/* ---- opening and ending ---- */

static bool find_port(const char *words, struct uart_place *place)
{
    if (ASK(channel_port_is_named, words, place))
        return !place->bus;
    if (strncmp(words, "ttyS", 4) || words[4] < '0' || words[4] > '3' || words[5])
        return false;
    *place = (struct uart_place){NULL, uart_legacy_ports[words[4] - '0'], UART_BAUD_MAX};
    return true;
}

int channel_open(const char *words)
{
    static const uint8_t hello[1] = {VERSION};
    struct uart_place place;

    if (!find_port(words, &place))
        return -EINVAL;
    if (console_uart.is_there && !console_uart.place.bus &&
        console_uart.place.address == place.address)
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
    return 0;
}

static void take_turn(struct poller_turn *turn)
{
    if (is_connected)
        turn->found |= poll_channel();
}

ATTACH(poller_turn, take_turn);

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
