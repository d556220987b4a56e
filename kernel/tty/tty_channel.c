// SPDX-License-Identifier: MIT
/*
 * The terminal on the channel to the host, where the host says that one of its streams is one: its
 * bytes of standard input are the keyboard's, and its window is the terminal's.
 */
#include "kernel/channel/channel.h"
#include "kernel/channel/frame.h"
#include "kernel/tty/tty.h"

_Static_assert(TTY_WRITE_MAX <= FRAME_PAYLOAD_MAX, "a terminal's writes are a frame each");

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

/* ---- from the host ---- */

/* The bytes of standard input that wait, one by one, until the terminal takes none. */
static void feed_locked(void)
{
    struct channel_input *input = &channel_input;

    while (input->head != input->tail) {
        char byte = (char)input->bytes[input->tail % INPUT_SIZE];

        if (!tty_input(&console_tty, &byte, 1))
            break;
        input->tail++;
        input->uncredited++;
    }
    input_send_credit_locked();
}

static void resume_input(struct tty *tty)
{
    (void)tty;
    if (!channel_is_terminal(0))
        return;
    uint64_t flags = spin_lock_irqsave(&channel_receive_lock);
    feed_locked();
    spin_unlock_irqrestore(&channel_receive_lock, flags);
}

/* 16 bits of a payload. */
static uint16_t number_at(const struct frame_reader *frame, unsigned int offset)
{
    return (uint16_t)(frame->control[offset] | frame->control[offset + 1] << 8);
}

/* The window's rows and columns stand at this offset. */
static void set_window(const struct frame_reader *frame, unsigned int offset)
{
    struct winsize size = console_tty.size;

    size.ws_row = number_at(frame, offset);
    size.ws_col = number_at(frame, offset + 2);
    tty_set_size(&console_tty, &size);
}

static void start(const struct frame_reader *hello)
{
    static const struct tty_backend backend = {
        .echo = echo,
        .write = write_terminal,
        .resume = resume_input,
    };

    tty_init(&console_tty, &backend);
    set_window(hello, 2);
}

static void act_on_frame(const struct frame_reader *frame)
{
    bool has_terminal = channel_is_terminal(0) || channel_is_terminal(1) || channel_is_terminal(2);

    if (frame->type == FRAME_HELLO && has_terminal)
        start(frame);
    else if (frame->type == FRAME_WINDOW && has_terminal)
        set_window(frame, 0);
    else if (frame->type == FRAME_INPUT && channel_is_terminal(0))
        feed_locked();
    else if (frame->type == FRAME_END_OF_INPUT && channel_is_terminal(0))
        tty_hang_up(&console_tty);
}

ATTACH(channel_frame, act_on_frame);
