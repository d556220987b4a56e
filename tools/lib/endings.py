# SPDX-License-Identifier: MIT
"""How a program that a signal ended came to its end, in a line, from the kernel's report."""

import re
import signal

# A shell says nothing of these either: who interrupted it, or closed its pipe, knows.
SILENT = (signal.SIGINT, signal.SIGPIPE)

_HEAD = re.compile(
    r"---- fault report: .* \(pid 1(?:, thread \d+)?\) ended by (SIG\w+)(?: \((\w+)\))?"
)
_ACCESS = re.compile(r"^access +(read of|write to|fetch of the instruction at) (0x[0-9a-f]+)", re.M)
_INSTRUCTION = re.compile(r"^access .* by the instruction at (0x[0-9a-f]+)", re.M)
_KEY = re.compile(r"^area .* key (\d+)", re.M)
_TRAP = re.compile(r"^trap +(.*)", re.M)
_NOUNS = {"read of": "a read", "write to": "a write"}
_REASONS = {
    "SEGV_MAPERR": ", where nothing is mapped",
    "SEGV_ACCERR": ", which its mapping does not allow",
    "BUS_ADRERR": ", beyond the end of the file",
}


def _what_was_refused(report, code):
    access = _ACCESS.search(report)
    if not access:
        trap = _TRAP.search(report)
        return trap[1].strip() if trap else None
    noun = _NOUNS.get(access[1], "a fetch")
    if code == "SEGV_PKUERR":
        by = _INSTRUCTION.search(report)
        key = _KEY.search(report)
        return f"{noun} denied by key {key[1] if key else '?'} at {access[2]}" + (
            f", by the instruction at {by[1]}" if by else ""
        )
    return f"{noun} at {access[2]}{_REASONS.get(code, '')}"


def describe(number, reports, place_of):
    """The line for a program that the signal ended; reports are the kernel's, oldest first.
    place_of: gives the place in the source, such as "vault.c:31", or None, by a report's number.
    """
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"  # of those that have no name
    for at, report in reversed(list(enumerate(reports))):
        head = _HEAD.match(report)
        if head and head[1] == name:
            what = _what_was_refused(report, head[2])
            place = place_of(at)
            words = (": " + what if what else "") + (f", {place}" if place else "")
            return f"ended by {name}{words}; --explain shows the report"
    return f"ended by {name}"
