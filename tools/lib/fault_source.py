# SPDX-License-Identifier: MIT
"""Where in its source a program was: for reports of faults, on the host.

describe() has a process of its own read the program's files, with limits on its time and memory,
so a damaged file costs a few words of a report and nothing else. What this module is asked and
answers is JSON, and in words below at Question.
"""

import json
import os
import re
import resource
import signal
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
SECONDS = 20  # of a processor
MEMORY = 2 << 30
ROWS_MAX = 12  # of calls
TEXT_WIDTH = 71  # kernel/report/report_decode.c: CONTENT_WIDTH
PATH_WIDTH = 36  # of that, but for a longer name
CALLERS_MAX = 4  # on the way from a system call to the program's own function
NAME_WIDTH = 30  # of a function, where a place follows
PIE_BASE = 0x555555554000  # kernel/process/elf.c
# What is between a program and its kernel, or comes with the compiler.
LIBRARY = re.compile(r"(ld-linux|ld-musl|libc|libm|libpthread|libstdc\+\+|libgcc_s)[-.]")

# ---- For who asks ------------------------------------------------------------------------------


def describe(question):
    """The answer to a question: rows, (label, text), for a report; place, as "vault.c:31", or None.
    On any failure a row says what was in the way.

    question: program, its path in the machine; files, {path in the machine: path here};
    registers, by name; code, the bytes at the instruction in hexadecimal, or ""; maps,
    [(start, end, offset, path in the machine)], none where the kernel does not tell; stack,
    [(address, bytes)]; calls, {name: (registers, stack)} of system calls.
    Of those the answer's callers, {name: words}, has who made them.
    """
    text = json.dumps(question, default=lambda value: value.hex())
    try:
        run = subprocess.run(
            [sys.executable, "-B", os.path.abspath(__file__)],
            input=text, capture_output=True, text=True, timeout=3 * SECONDS,
        )  # fmt: skip
        if run.returncode == 0:
            return json.loads(run.stdout)
        why = "the reader of debugging information failed"
        if run.returncode == -signal.SIGXCPU:
            why = f"reading the debugging information takes more than {SECONDS} s"
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        why = f"the debugging information cannot be read: {type(error).__name__}"
    return {"rows": [["source", why]], "place": None, "callers": {}}


# ---- The process that reads --------------------------------------------------------------------


def shorten(path):
    """A path as one would type it here; of a long one the end."""
    relative = os.path.relpath(path)
    path = path if relative.startswith("..") else relative
    if len(path) <= PATH_WIDTH:
        return path
    names = path.split("/")
    while len(names) > 1 and len("/".join(names)) > PATH_WIDTH - 4:
        del names[0]
    return ".../" + "/".join(names)


def cut(text, width=TEXT_WIDTH):
    return text if len(text) <= width else text[: width - 3] + "..."


def printable(answer):
    """Without what would move a terminal's cursor: names in a program's file may be anything."""
    if isinstance(answer, str):
        return "".join(c if c.isprintable() else "?" for c in answer)
    if isinstance(answer, dict):
        return {name: printable(value) for name, value in answer.items()}
    return [printable(value) for value in answer] if isinstance(answer, list) else answer


class Sources:
    """The lines of source files that are in some folders or below. A program chooses the paths that
    it has recorded, and is not to choose which file of this computer is shown.
    """

    def __init__(self, folders):
        self._folders = folders
        self._lines = {}

    def _may_be_read(self, path):
        real = os.path.realpath(path)
        folders = [os.path.join(os.path.realpath(folder), "") for folder in self._folders]
        return os.path.isfile(real) and any(real.startswith(folder) for folder in folders)

    def path(self, recorded):
        """Where the file is: as recorded, or beside the program, or here."""
        if self._may_be_read(recorded):
            return recorded
        for folder in self._folders:
            path = os.path.join(folder, os.path.basename(recorded))
            if self._may_be_read(path):
                return path
        return None

    def line(self, recorded, number):
        path = self.path(recorded)
        if path and path not in self._lines:
            with open(path, "rb") as file:
                self._lines[path] = file.read().decode(errors="replace").splitlines()
        lines = self._lines.get(path, [])
        text = lines[number - 1] if 0 < number <= len(lines) else None
        return text and "".join(c if c.isprintable() else " " for c in text.expandtabs(4)).rstrip()


class Question:
    def __init__(self, fields):
        import unwind  # needs python3-pyelftools, whose absence is told

        self._unwind = unwind
        self._files = fields["files"]
        self._program = fields["program"]
        self._registers = unwind.registers_of(fields["registers"])
        self._images = {}
        self._maps = [tuple(mapping) for mapping in fields["maps"]] or self._assumed_maps()
        stack = [(address, bytes.fromhex(data)) for address, data in fields["stack"]]
        self._process = unwind.Process(self._maps, self._image, stack)
        self._calls = fields["calls"]
        self._code = fields["code"]
        beside = os.path.dirname(os.path.abspath(self._host_path()))
        self._sources = Sources([beside, os.getcwd(), ROOT])

    def _host_path(self):
        return self._files.get(self._program, "")

    def _image(self, path):
        if path not in self._images:
            host = self._files.get(path)
            self._images[path] = self._unwind.open_image(host) if host else None
        return self._images[path]

    def _assumed_maps(self):
        """Where a kernel that tells nothing has a program without an interpreter."""
        image = self._image(self._program)
        if not image:
            return []
        bias = PIE_BASE if image.elf["e_type"] == "ET_DYN" else 0
        return [
            (bias + start, bias + end, offset, self._program)
            for start, end, offset in image.segments
        ]

    # ---- Places ---------------------------------------------------------------------------------

    def _places(self, address):
        """[(function, place)], innermost first, in words; a place is (file, line) or None."""
        mapping = self._process.mapping(address)
        image, linked = self._process.find(address)
        if not image:
            return [(f"in {mapping[3]}" if mapping else "where no code is", None)]
        rules = image.frame_rules(linked)
        if rules and rules[1]:
            return [("a signal's handler is called", None)]
        symbol = image.symbol(linked)
        plain = f"{symbol[0]}+{symbol[1]:#x}" if symbol else f"{linked:#x}"
        if mapping[3] != self._program:
            plain += f" of {mapping[3]}"
        found = []
        for place in image.places(linked):
            function = f"{place.function}()" if place.function else plain
            found.append((function, (place.file, place.line) if place.file else None))
        return found or [(plain, None)]

    @staticmethod
    def _words(function, place, is_inlined):
        if not place:
            return function
        inlined = ", inlined" if is_inlined else ""
        return f"{cut(function, NAME_WIDTH)} at {shorten(place[0])}:{place[1]}{inlined}"

    def _calls_of(self, process, registers, **how):
        """[(lookup, its places)] of the calls, from the instruction outwards."""
        return [(lookup, self._places(lookup)) for _, lookup in process.calls(registers, **how)]

    def _call_rows(self, calls):
        """A row of text for each call, those that were inlined too."""
        rows = []
        for _, places in calls:
            for number, (function, place) in enumerate(places):
                rows.append(self._words(function, place, number < len(places) - 1))
        return rows

    def _is_own(self, address):
        """Whether the code there is the program's or of a library that is not the compiler's."""
        mapping = self._process.mapping(address)
        return bool(mapping) and not LIBRARY.match(os.path.basename(mapping[3]))

    def _own(self, calls):
        """(function, place) of the innermost call with a line of the program's own, or None."""
        for lookup, places in calls:
            if places[0][1] and self._is_own(lookup):
                return places[0]
        return None

    def _what_is_missing(self):
        """Why there is no line, in a few words, or None."""
        address = self._registers[self._unwind.RIP]
        mapping = self._process.mapping(address)
        if not mapping:
            return None if self._maps else "the program's file is not known here"
        image, linked = self._process.find(address)
        if not image:
            return f"no file for {mapping[3]} is known here"
        if image.places(linked):
            return None
        if not image.has_symbols():
            return "the program is stripped: it has neither symbols nor lines; gcc -g adds both"
        if not image.has_lines():
            return "no debugging information: gcc -g adds lines"
        return "the debugging information has no line for this instruction"

    def _caller(self, registers, stack):
        """Who made a system call, in words: the program's own function, rather than the C library's
        that it called for that. A little of the stack is enough for the way from there.
        """
        registers = self._unwind.registers_of(registers)
        pieces = [(stack[0], bytes.fromhex(stack[1]))]
        process = self._unwind.Process(self._maps, self._image, pieces)
        calls = self._calls_of(process, registers, is_return=True)
        if own := self._own(calls[:CALLERS_MAX]):
            function, (file, line) = own
            return f"{shorten(file)}:{line} in {cut(function, NAME_WIDTH)}"
        _, places = calls[1] if len(calls) > 1 else calls[0]
        return places[0][0]

    # ---- The answer -----------------------------------------------------------------------------

    def _source_rows(self, function, place, called):
        """called: what the function has called, where the instruction is, or None."""
        file, number = place
        words = f"{shorten(file)}:{number} in {cut(function, NAME_WIDTH)}"
        rows = [["source", words + (f", on the way to {cut(called, 20)}" if called else "")]]
        text = self._sources.line(file, number)
        if text is not None:
            rows.append(["", cut(f"{number:>6} |  {text}")])
        elif self._sources.path(file):
            rows.append(["", "the file has no such line: it has changed since"])
        else:
            rows.append(["", "the file is not found beside the program, nor in this folder"])
        return rows

    def _is_another_file(self, address):
        """Whether the program's file is not the one that ran: its lines would be wrong."""
        image, linked = self._process.find(address)
        code = bytes.fromhex(self._code)
        here = image.bytes_at(linked, len(code)) if image else b""
        return here != code[: len(here)]

    def answer(self):
        address = self._registers[self._unwind.RIP]
        if self._is_another_file(address):
            path = self._process.mapping(address)[3]
            return {"rows": [["source", cut(f"the file here is not the one that ran: {path}")]]}
        calls = self._calls_of(self._process, self._registers)
        innermost = calls[0][1][0]
        function, place = self._own(calls) or innermost
        called = innermost[0] if (function, place) != innermost else None
        missing = None if called else self._what_is_missing()
        rows = self._source_rows(function, place, called) if place else []
        if missing:
            rows.append(["source", missing])
        rows += numbered(fold(self._call_rows(calls)))
        words = f"{shorten(place[0])}:{place[1]}" if place else None
        return {
            "rows": rows,
            "place": f"called from {words}" if called else words,
            "callers": {name: self._caller(*call) for name, call in self._calls.items()},
        }


def fold(rows):
    """[(number of the first, text)], a run of equal ones as one."""
    folded = []
    for number, row in enumerate(rows):
        if folded and folded[-1][1] == row:
            folded[-1][2] += 1
        else:
            folded.append([number, row, 1])
    return folded


def numbered(folded):
    """Rows of a report; of too many the first and the last."""
    left_out = len(folded) - ROWS_MAX
    if left_out > 0:
        folded[ROWS_MAX // 2 : ROWS_MAX // 2 + left_out + 1] = [[None, "...", 1]]
    rows = []
    for number, text, count in folded:
        times = f" ({count} times)" if count > 1 else ""
        words = text if number is None else f"#{number:<2} {cut(text, TEXT_WIDTH - 4)}{times}"
        rows.append(["calls" if not rows else "", words])
    return rows


def main():
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))  # SIGXCPU, not SIGKILL
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    fields = json.load(sys.stdin)
    try:
        answer = Question(fields).answer()
    except ModuleNotFoundError:
        answer = {"rows": [["source", "install python3-pyelftools for the lines of the source"]]}
    json.dump(printable({"place": None, "callers": {}, **answer}), sys.stdout)


if __name__ == "__main__":
    main()
