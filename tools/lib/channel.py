# SPDX-License-Identifier: MIT
"""The framed channel between tools/run and the first program: how frames are written and read.

A frame is 0xA5, a type of one ASCII character, a length (u16, little endian) and that many bytes.
Types from the guest: H hello, O and E output, C credit, F of a fault, X exit. Types to the guest:
H reply, I input, Z end of input, S signal, W window size, K acknowledgement of X. docs/ describes
what each of them means.
"""

import struct

START = 0xA5
VERSION = 1
MAX_PAYLOAD = 4096
# Bytes of standard input that may be on their way without the program having read them.
INPUT_WINDOW = 16384

_HEADER = struct.Struct("<BcH")


class ProtocolError(Exception):
    """The guest sent something that is not a frame."""


def frame(kind, payload=b""):
    assert len(payload) <= MAX_PAYLOAD
    return _HEADER.pack(START, kind, len(payload)) + payload


HELLO = frame(b"H", bytes([VERSION]))


class Decoder:
    """Cuts the guest's bytes into frames, from the first hello on.

    What precedes that is the firmware's.
    """

    def __init__(self):
        self._buffer = bytearray()
        self._greeted = False

    def feed(self, data):
        """Returns the list of (type, payload) that data completes."""
        self._buffer += data
        if not self._greeted and not self._skip_to_hello():
            return []
        frames = []
        position = 0
        while len(self._buffer) - position >= _HEADER.size:
            start, kind, length = _HEADER.unpack_from(self._buffer, position)
            if start != START or length > MAX_PAYLOAD:
                raise ProtocolError(bytes(self._buffer[position : position + 16]))
            body = position + _HEADER.size
            if len(self._buffer) < body + length:
                break
            frames.append((kind, bytes(self._buffer[body : body + length])))
            position = body + length
        del self._buffer[:position]
        return frames

    def _skip_to_hello(self):
        position = self._buffer.find(HELLO)
        if position < 0:
            del self._buffer[: -len(HELLO)]
            return False
        del self._buffer[:position]
        self._greeted = True
        return True
