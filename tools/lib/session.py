# SPDX-License-Identifier: MIT
"""One run: carries bytes, signals and the exit status between us and the program in the machine.

A single poll() loop moves everything. It reads from a side only when the other can take it:
standard input as far as the program's credit goes, the guest as far as standard output keeps up.
What it writes to its own standard output never blocks it, so a signal or the time limit always
gets through.
"""

import errno
import fcntl
import os
import select
import signal
import struct
import sys
import termios
import time

import channel
import dumps

# Signals handed on to the program, where no terminal in raw mode does that already.
FORWARDED = (signal.SIGINT, signal.SIGTERM)
# A second one within so many seconds kills the machine.
INSIST_SECONDS = 2
# A machine that has neither said hello nor written a message for so long never will say it.
HELLO_SECONDS = 120
# How long the kernel may take to say where its tasks are.
TRACE_SECONDS = 3
# How much output may wait for a slow reader before the guest has to wait too.
OUTPUT_LIMIT = 1 << 16

ESCAPE = 0x01  # Ctrl-A


class RunFailure(Exception):
    """The run ended without a status from the program; exit_status is the one to end with."""

    def __init__(self, message, exit_status=125):
        super().__init__(message)
        self.exit_status = exit_status


class TimeLimit(RunFailure):
    """The program had not ended when its time was over."""

    def __init__(self, message):
        super().__init__(message, 124)


class Terminal:
    """Standard input in raw mode while a run needs it, if it is a terminal.

    Where the guest has no line discipline (guest_has_lines), the terminal's own stays: it makes
    lines, echoes, and turns Ctrl-C into a signal to us.
    """

    def __init__(self, guest_has_lines=True):
        self.guest_has_lines = guest_has_lines
        self.active = False
        self._saved = None

    def enter(self):
        if not self.guest_has_lines or not os.isatty(0):
            return
        self._saved = termios.tcgetattr(0)
        raw = termios.tcgetattr(0)
        raw[0] &= ~(
            termios.BRKINT | termios.ICRNL | termios.INPCK | termios.ISTRIP | termios.IXON
            | termios.INLCR | termios.IGNCR | termios.PARMRK
        )  # fmt: skip
        raw[1] &= ~termios.OPOST
        raw[3] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.IEXTEN | termios.ISIG)
        raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
        termios.tcsetattr(0, termios.TCSADRAIN, raw)
        self.active = True

    def leave(self):
        if not self.active:
            return
        self.active = False
        # If whoever started us has ended, we are in the background, which may set it only so.
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        try:
            termios.tcsetattr(0, termios.TCSADRAIN, self._saved)
        except termios.error:
            pass  # it has hung up
        signal.signal(signal.SIGTTOU, before)

    def write_message(self, data):
        """Writes whole lines to standard error, in whatever mode the terminal is."""
        if self.active and os.isatty(2):
            data = data.replace(b"\n", b"\r\n")
        try:
            os.write(2, data)
        except OSError:
            pass  # nobody listens; the run does not depend on it


class Session:
    def __init__(self, machine, log, terminal, deadline, hello_seconds):
        self._machine = machine
        self._log = log
        self._terminal = terminal
        self._deadline = deadline
        self._hello_seconds = hello_seconds
        self._expect_hello()
        self._decoder = channel.Decoder()
        self._greeted = False
        self._to_guest = bytearray()
        self._to_output = {1: bytearray(), 2: bytearray()}
        self._input_open = True
        self._input_in_flight = 0
        self._escape_pending = False
        self._last_interrupt = None
        self._wait_status = None
        self.dumps = dumps.Dumps()

    def run(self):
        """Runs until the program has ended; returns its wait status."""
        wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        for number in (*FORWARDED, signal.SIGHUP, signal.SIGWINCH):
            signal.signal(number, lambda *_: None)  # the wake-up pipe tells
        while self._wait_status is None:
            ready = self._poll(wake_read)
            self._move(ready, wake_read)
        self._finish()
        return self._wait_status

    def ask_for_tasks(self):
        """Has the kernel write to the log where its tasks are, if it still listens."""
        if not self._greeted:
            return
        self._send(b"T")
        end = time.monotonic() + TRACE_SECONDS
        machine = self._machine
        while not self._log.tasks and not self._log.panics and time.monotonic() < end:
            self._write_guest()
            if select.select([machine.log_fd, machine.exit_fd], [], [], 0.05)[0]:
                self._log.feed(_read(machine.log_fd, 1 << 16))
                if machine.process.poll() is not None:
                    return

    def _expect_hello(self):
        """Counts the time until the hello from here on."""
        seconds = self._hello_seconds
        self._hello_deadline = time.monotonic() + seconds if seconds else None

    # ---- The loop -------------------------------------------------------------------------------

    def _poll(self, wake_read):
        poll = select.poll()
        machine = self._machine
        poll.register(wake_read, select.POLLIN)
        poll.register(machine.exit_fd, select.POLLIN)
        poll.register(machine.log_fd, select.POLLIN)
        events = 0
        if sum(map(len, self._to_output.values())) < OUTPUT_LIMIT:
            events |= select.POLLIN
        if self._to_guest and machine.channel_write_fd == machine.channel_read_fd:
            events |= select.POLLOUT
        elif self._to_guest:
            poll.register(machine.channel_write_fd, select.POLLOUT)
        poll.register(machine.channel_read_fd, events)
        if self._input_room() > 0:
            poll.register(0, select.POLLIN)
        for fd, data in self._to_output.items():
            if data:
                poll.register(fd, select.POLLOUT)
        return dict(poll.poll(self._poll_timeout()))

    def _poll_timeout(self):
        """Milliseconds until the next limit, which is checked here too."""
        now = time.monotonic()
        limits = [self._deadline] if self._deadline else []
        if self._hello_deadline and not self._greeted:
            limits.append(self._hello_deadline)
        if not limits:
            return None
        if now >= min(limits):
            raise TimeLimit("time limit: the program has not ended")
        return (min(limits) - now) * 1000 + 1

    def _move(self, ready, wake_read):
        machine = self._machine
        if wake_read in ready:
            for number in os.read(wake_read, 64):
                self._take_signal(number)
        for fd in (1, 2):
            if fd in ready:
                self._write_output(fd)
        if 0 in ready:
            self._read_input()
        if ready.get(machine.channel_write_fd, 0) & select.POLLOUT:
            self._write_guest()
        # The log first: a report is complete before the exit that it explains.
        if machine.log_fd in ready:
            self._read_log()
        if ready.get(machine.channel_read_fd, 0) & ~select.POLLOUT:
            self._read_guest()
        if machine.exit_fd in ready and self._wait_status is None:
            self._machine_ended()

    def _machine_ended(self):
        while self._read_log() or self._read_guest():
            pass
        if self._wait_status is None:
            raise RunFailure("the machine stopped before the program had ended")

    # ---- From the guest -------------------------------------------------------------------------

    def _read_log(self):
        data = _read(self._machine.log_fd, 1 << 16)
        if data:
            self._expect_hello()
        self._log.feed(data)
        if self._log.panics:
            raise RunFailure("kernel panic")
        return data

    def _read_guest(self):
        data = _read(self._machine.channel_read_fd, 1 << 16)
        try:
            frames = self._decoder.feed(data)
        except channel.ProtocolError as error:
            raise RunFailure(f"the kernel broke the channel's protocol: {error}") from None
        for kind, payload in frames:
            self._take_frame(kind, payload)
        return data

    def _take_frame(self, kind, payload):
        if kind == b"O":
            self._to_output[1] += payload
        elif kind == b"E":
            self._to_output[2] += payload
        elif kind == b"C":
            self._input_in_flight -= struct.unpack("<H", payload)[0]
        elif kind == b"F":
            self.dumps.take(payload)
        elif kind == b"X":
            self._wait_status = struct.unpack("<i", payload)[0]
        elif kind == b"H":
            self._greet()
        else:
            raise RunFailure(f"the kernel sent a frame of unknown type {kind!r}")

    def _greet(self):
        self._greeted = True
        self._terminal.enter()
        mask = sum(1 << fd for fd in range(3) if os.isatty(fd))
        self._send(b"H", struct.pack("<BBHH", channel.VERSION, mask, *window_size()))

    def _write_output(self, fd):
        data = self._to_output[fd]
        try:
            # poll() promises room for PIPE_BUF bytes, so this does not block.
            written = os.write(fd, data[: select.PIPE_BUF])
        except OSError as error:
            if error.errno != errno.EPIPE:
                raise RunFailure(f"cannot write to descriptor {fd}: {error.strerror}") from None
            # What a writer to a pipe without a reader gets.
            self._send(b"S", bytes([signal.SIGPIPE]))
            written = len(data)
        del data[:written]

    # ---- To the guest ---------------------------------------------------------------------------

    def _send(self, kind, payload=b""):
        self._to_guest += channel.frame(kind, payload)

    def _write_guest(self):
        try:
            written = os.write(self._machine.channel_write_fd, self._to_guest)
        except BlockingIOError:
            return
        except OSError:
            written = len(self._to_guest)  # the machine has gone; its exit tells the rest
        del self._to_guest[:written]

    def _input_room(self):
        if not self._greeted or not self._input_open or self._to_guest:
            return 0
        return min(channel.MAX_PAYLOAD, channel.INPUT_WINDOW - self._input_in_flight)

    def _read_input(self):
        try:
            data = os.read(0, self._input_room())
        except OSError:
            data = b""  # a terminal that hung up, or no standard input at all
        if not data:
            self._input_open = False
            self._send(b"Z")
            return
        if self._terminal.active:
            data = self._take_escapes(data)
        if data:
            self._send(b"I", data)
            self._input_in_flight += len(data)

    def _take_escapes(self, data):
        """Ctrl-A x kills the machine, Ctrl-A Ctrl-A is one Ctrl-A; else it stands for itself."""
        passed = bytearray()
        for byte in data:
            if not self._escape_pending:
                self._escape_pending = byte == ESCAPE
                if not self._escape_pending:
                    passed.append(byte)
                continue
            self._escape_pending = False
            if byte == ord("x"):
                raise RunFailure("stopped by Ctrl-A x", 128 + signal.SIGINT)
            passed += bytes([ESCAPE]) if byte == ESCAPE else bytes([ESCAPE, byte])
        return bytes(passed)

    def _take_signal(self, number):
        if number == signal.SIGWINCH:
            if self._greeted and any(map(os.isatty, range(3))):
                self._send(b"W", struct.pack("<HH", *window_size()))
            return
        now = time.monotonic()
        insists = self._last_interrupt is not None and now - self._last_interrupt < INSIST_SECONDS
        if number == signal.SIGHUP or insists or not self._greeted:
            raise RunFailure(f"stopped by {signal.Signals(number).name}", 128 + number)
        self._last_interrupt = now
        self._send(b"S", bytes([number]))

    # ---- The end --------------------------------------------------------------------------------

    def _finish(self):
        """Acknowledges the exit and delivers what output is left; no later frame matters."""
        self._send(b"K")
        self._write_guest()
        for fd, data in self._to_output.items():
            while data:
                self._write_output(fd)
        while self._read_log():
            pass
        self._log.finish()


def _read(fd, size):
    try:
        return os.read(fd, size)
    except OSError:
        return b""


def window_size():
    """Rows and columns of the terminal that the run is on, 24 by 80 where there is none."""
    for fd in range(3):
        try:
            rows, columns, _, _ = struct.unpack(
                "HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, bytes(8))
            )
        except OSError:
            continue
        if rows and columns:
            return rows, columns
    return 24, 80


def open_standard_descriptors():
    """Puts /dev/null where the caller closed a standard descriptor, lest a pipe lands there."""
    while True:
        fd = os.open("/dev/null", os.O_RDWR)
        if fd > 2:
            os.close(fd)
            break
        os.set_inheritable(fd, True)
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # Python has none for a closed one


def warn(message):
    sys.stderr.write(f"tools/run: {message}\n")
