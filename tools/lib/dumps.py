# SPDX-License-Identifier: MIT
"""What the kernel tells of programs that a fault ends (kernel/dump/dump.h), by report."""

import collections
import re
import struct

KEPT = 32  # the latest; a program that crashes in a loop is not to fill our memory
REGISTER = re.compile(r"\b([a-z][a-z0-9]{1,4}) +([0-9a-f]{16})\b")
HEAD = re.compile(r"---- fault report: (.*) \(pid (\d+)(?:, thread (\d+))?\)")

_HEADER = struct.Struct("<IB3x")
_MAPPING = struct.Struct("<QQQ")
_STACK = struct.Struct("<Q")
# kernel/history/key_event.h: behind the time and up to old; ip, sp, bp, stack; result
_EVENT = struct.Struct("<QHHhHIIIIQQQ3Q40sq")
EVENTS_KEPT = 64  # of a report, which names a few


class Dump:
    """maps: [(start, end, offset, path)]; stack: [(address, bytes)]."""

    def __init__(self, tid):
        self.tid = tid
        self.maps = []
        self.stack = []
        self._calls = []

    def take_event(self, content):
        *_, ip, sp, bp, stack, _ = _EVENT.unpack(content)
        if len(self._calls) < EVENTS_KEPT:
            self._calls.append(({"rip": ip, "rsp": sp, "rbp": bp}, (sp, stack)))

    def calls(self, addresses):
        """{place: (registers, (address, bytes of the stack))} of the system calls that the report
        names, in its order, by the addresses behind them. Several may have the same: that of the C
        library's syscall().
        """
        if [call[0]["rip"] for call in self._calls] != addresses:
            return {}
        return dict(enumerate(self._calls))


class Dumps:
    def __init__(self):
        self._dumps = collections.deque(maxlen=KEPT)

    def take(self, payload):
        """A frame. What is not understood is left out: the kernel may be a newer one."""
        if len(payload) < _HEADER.size:
            return
        tid, kind = _HEADER.unpack_from(payload)
        content = payload[_HEADER.size :]
        if kind == ord("b"):
            self._dumps.append(Dump(tid))
        if not self._dumps or self._dumps[-1].tid != tid:
            return
        if kind == ord("m") and len(content) > _MAPPING.size:
            path = content[_MAPPING.size :].decode(errors="surrogateescape")
            self._dumps[-1].maps.append((*_MAPPING.unpack_from(content), path))
        elif kind == ord("s") and len(content) > _STACK.size:
            address = _STACK.unpack_from(content)[0]
            self._dumps[-1].stack.append((address, content[_STACK.size :]))
        elif kind == ord("e") and len(content) == _EVENT.size:
            self._dumps[-1].take_event(content)

    def of_reports(self, reports):
        """[(report, its Dump or an empty one)], for texts of reports in their order."""
        dumps = list(self._dumps)
        found = []
        for report in reversed(reports):
            head = HEAD.match(report)
            tid = int(head[3] or head[2]) if head else None
            places = [place for place, dump in enumerate(dumps) if dump.tid == tid]
            found.append((report, dumps[places[-1]] if places else Dump(tid)))
            if places:
                del dumps[places[-1] :]
        return found[::-1]


def code(report):
    """The bytes of a report's row "code", in hexadecimal; "" if it has none."""
    found = re.search(r"^code     ([0-9a-f ]+)$", report, re.MULTILINE)
    return found[1] if found else ""


def registers(report):
    """{name: value} of a report's rows of registers."""
    return {name: int(value, 16) for name, value in REGISTER.findall(report)}
