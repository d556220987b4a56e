# SPDX-License-Identifier: MIT
"""How a report of a fault is shown: with marks under what decided, and in colour.

mark() adds to the kernel's text, so that paper shows it too; paint() colours any such text, by its
form alone.
"""

import itertools
import os
import re

LABEL_WIDTH = 9

_HEAD = re.compile(r"---- fault report: .* ended by SIG\w+(?: \((\w+)\))?")
_AREA = re.compile(r"area     [0-9a-f]+-[0-9a-f]+ ([r-][w-][x-]) (key \d+)")
_ERROR = re.compile(r"error    0x([0-9a-f]+):")
_LEVEL = re.compile(r"         (?:PML4E|PDPTE|PDE|PTE) .*")
_FLAGS = re.compile(r"  ([P-]) ([W-]) ([U-]) [A-] [D-] [G-] (NX|--)(?:  (key \d+))?$")
_REGISTERS = re.compile(r"\w+ +[0-9a-f]{16}  .*")
_KEYS = re.compile(r"(?:keys? )?([\d,-]+) (?:open|no write|no access)")
_CALL = re.compile(r" at 0x([0-9a-f]+)$", re.MULTILINE)
_CARETS = re.compile(r" {9} *\^[ ^]*")

WRITE, FETCH = 1 << 1, 1 << 4  # of the error code

# ---- Marks -------------------------------------------------------------------------------------


def _holds(keys, key):
    """Whether a list such as "0,2-15" has the key."""
    for item in keys.split(","):
        first, _, last = item.partition("-")
        if int(first) <= key <= int(last or first):
            return True
    return False


def _rights_span(line, key):
    """What a row of PKRU says of a key, as a span of columns."""
    for match in _KEYS.finditer(line, line.find(":") + 1 if line.startswith("PKRU") else 0):
        if _holds(match[1], key):
            return (match.start(1), match.end())
    return None


def _walk_span(lines, denied_by_key, error):
    """(row, span) of the entry that decided, looking from the leaf up."""
    for number in reversed([n for n, line in enumerate(lines) if _LEVEL.fullmatch(line)]):
        match = _FLAGS.search(lines[number])
        if denied_by_key:  # which a missing page does not have yet
            return (number, match.span(5)) if match and match[5] else None
        if not match:
            start = lines[number].find("empty")
            return (number, (start, start + len("empty"))) if start >= 0 else None
        if match[1] == "-":
            return number, match.span(1)
        if error & FETCH and match[4] == "NX":
            return number, match.span(4)
        if error & WRITE and match[2] == "-":
            return number, match.span(2)
        if match[3] == "-":
            return number, match.span(3)
    return None


def _area_span(match, error):
    """The letter of an area's rights that the access lacks."""
    at = match.start(1)
    if match[1] == "---":
        return match.span(1)
    column = 2 if error & FETCH else 1 if error & WRITE else 0
    return (at + column, at + column + 1) if match[1][column] == "-" else None


def _decisive(lines):
    """{row: span of columns} of what decided that the access was refused."""
    head, spans = _HEAD.match(lines[0]) if lines else None, {}
    code = head[1] if head else None
    error = next((int(m[1], 16) for m in map(_ERROR.match, lines) if m), None)
    if code is None or error is None:
        return spans
    area = next(((n, m) for n, m in enumerate(map(_AREA.match, lines)) if m), None)
    walk = _walk_span(lines, code == "SEGV_PKUERR", error)
    if walk:
        spans[walk[0]] = walk[1]
    if not area:
        return spans
    if code == "SEGV_ACCERR":
        spans[area[0]] = _area_span(area[1], error)
    elif code == "SEGV_PKUERR":
        spans[area[0]] = area[1].span(2)
        first = next((n for n, line in enumerate(lines) if line.startswith("PKRU")), len(lines))
        for number in range(first, min(first + 2, len(lines))):
            spans[number] = _rights_span(lines[number], int(area[1][2].split()[1]))
            if spans[number]:
                break
    return {number: span for number, span in spans.items() if span}


def mark(report):
    """The report with a line of carets under each thing that decided."""
    lines = report.splitlines()
    spans = _decisive(lines)
    marked = []
    for number, line in enumerate(lines):
        marked.append(line)
        if number in spans:
            start, end = spans[number]
            marked.append(" " * start + "^" * (end - start))
    return "\n".join(marked) + "\n"


def insert(report, rows):
    """The report with rows (label, text) behind the one that says what happened, if it has it."""
    lines = report.splitlines()
    at = 2 if lines[1:2] and lines[1].startswith(("access", "trap")) else 1
    lines[at:at] = [f"{label:<{LABEL_WIDTH}}{text}".rstrip() for label, text in rows]
    return "\n".join(lines) + "\n"


def calls_named(report):
    """The addresses behind system calls that the rows "history" name."""
    return [int(match[1], 16) for match in _CALL.finditer(_history(report))]


def _history(report):
    found = re.search(r"^history .*\n(?: .*\n)*", report, re.MULTILINE)
    return found[0] if found else ""


def name_callers(report, callers):
    """The report with who made a call, {its place among calls_named(): words}, instead of where."""
    history = _history(report)
    places = itertools.count()
    named = _CALL.sub(lambda call: f" at {callers.get(str(next(places)), '0x' + call[1])}", history)
    return report.replace(history, named) if history else report


# ---- Colour ------------------------------------------------------------------------------------

_RESET = "\033[0m"
_HEADLINE = "\033[1;31m"
_LABEL = "\033[36m"
_WHY = "\033[1m"
_MARK = "\033[1;33m"
_FENCE = "\033[2m"


def wants_colour(stream):
    """Whether a stream is a terminal on which nobody has forbidden colour (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _painted(style, text):
    return f"{style}{text}{_RESET}" if style and text else text


def _paint_row(line, label, carets):
    """A row, whose label may be an earlier line's; carets is the line below if it has marks."""
    style = _WHY if label in ("why", "source") else ""
    painted = _painted(_LABEL, line[:LABEL_WIDTH]) if line[0] != " " else line[:LABEL_WIDTH]
    at = LABEL_WIDTH
    for match in re.finditer(r"\^+", carets):
        painted += _painted(style, line[at : match.start()])
        painted += _painted(_MARK, line[match.start() : match.end()])
        at = match.end()
    return painted + _painted(style, line[at:])


def paint(report):
    """The text of a report, with or without marks, for a terminal with colours (ANSI)."""
    lines = report.splitlines()
    painted, label = [], ""
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        label = line[:LABEL_WIDTH].strip() or label
        if line.startswith("---- fault report"):
            painted.append(_painted(_HEADLINE, line))
        elif line.startswith("----"):
            painted.append(_painted(_FENCE, line))
        elif not line or _REGISTERS.fullmatch(line):
            painted.append(line)
        elif _CARETS.fullmatch(line):
            painted.append(_painted(_MARK, line))
        else:
            painted.append(_paint_row(line, label, below if _CARETS.fullmatch(below) else ""))
    return "\n".join(painted) + "\n"
