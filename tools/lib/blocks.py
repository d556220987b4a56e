# SPDX-License-Identifier: MIT
"""The basic blocks of a kernel that was built with COVER=1, and the lines that each is made of.

A block begins at a call to __sanitizer_cov_trace_pc() and ends where the next one is, or the
function. The lines come from the DWARF line table, so those of inlined functions count, too.
"""

import bisect
import os
from collections import namedtuple

from elftools.elf.elffile import ELFFile

CALL = b"\xe8"
CALL_SIZE = 5
GRAIN = 4  # sanitizers/coverage.h: one mark for so many bytes
MARKER = "__sanitizer_cov_trace_pc"
MARKS = "coverage_map"
KERNEL_BASE = 0xFFFFFFFF80000000  # arch/cpu/layout.h

# place     of its mark in the map
# function  (file, name), the file of the first line in it
# lines     (file, line) that it has code of
Block = namedtuple("Block", "place function lines")
# first     line
Function = namedtuple("Function", "file name first")
Routine = namedtuple("Routine", "start end name")  # a symbol with code


class Kernel:
    """An image of the kernel, with its symbols and its debugging information."""

    def __init__(self, path):
        self._file = open(path, "rb")
        self._elf = ELFFile(self._file)
        self._text = self._elf.get_section_by_name(".text")
        self._symbols = list(self._elf.get_section_by_name(".symtab").iter_symbols())

    def _address(self, name):
        return next(s["st_value"] for s in self._symbols if s.name == name)

    def marks(self):
        """Where in physical memory the marks are, and how many."""
        symbol = next(s for s in self._symbols if s.name == MARKS)
        return symbol["st_value"] - KERNEL_BASE, symbol["st_size"]

    def blocks(self):
        """All blocks, by address."""
        rows = self._rows()
        starts = [row[0] for row in rows]
        blocks = []
        for routine, calls in self._calls_by_routine():
            bounds = [routine.start, *calls[1:], routine.end]
            first = _lines(rows, starts, routine.start, routine.start + 1)
            function = Function(*_name(first, routine.name))
            for call, start, end in zip(calls, bounds, bounds[1:]):
                place = (call + CALL_SIZE - self._text["sh_addr"]) // GRAIN
                blocks.append(Block(place, function, _lines(rows, starts, start, end)))
        return blocks

    # ---- Calls ----------------------------------------------------------------------------------

    def _calls(self):
        """Addresses of the calls of the marker."""
        base, code = self._text["sh_addr"], self._text.data()
        target = self._address(MARKER)
        at = code.find(CALL)
        while at >= 0:
            offset = int.from_bytes(code[at + 1 : at + CALL_SIZE], "little", signed=True)
            if base + at + CALL_SIZE + offset == target:
                yield base + at
            at = code.find(CALL, at + 1)

    def _routines(self):
        return sorted(
            Routine(s["st_value"], s["st_value"] + s["st_size"], s.name)
            for s in self._symbols
            if s["st_info"]["type"] == "STT_FUNC" and s["st_size"]
        )

    def _calls_by_routine(self):
        calls = list(self._calls())
        for routine in self._routines():
            first = bisect.bisect_left(calls, routine.start)
            last = bisect.bisect_left(calls, routine.end)
            if first < last:
                yield routine, calls[first:last]

    # ---- Lines ----------------------------------------------------------------------------------

    def _path(self, header, number, folder):
        """The path of a file of a line table from the tree's root, where the compiler was called;
        None: it is not ours.
        """
        first = 0 if header.version >= 5 else 1
        entry = header.file_entry[number - first]
        directories = [d.decode() for d in header.include_directory]
        if header.version < 5:
            directories.insert(0, folder)
        path = os.path.join(folder, directories[entry.dir_index], entry.name.decode())
        path = os.path.relpath(path, folder)
        return None if path.startswith(("..", "build")) else path

    def _rows(self):
        """The line tables as rows (start, end, (file, line)), by address."""
        dwarf = self._elf.get_dwarf_info()
        rows = []
        for unit in dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            folder = unit.get_top_DIE().attributes["DW_AT_comp_dir"].value.decode()
            paths = {}
            before = None
            for state in (entry.state for entry in program.get_entries() if entry.state):
                if before and before.address < state.address and before.line:
                    number = before.file
                    if number not in paths:
                        paths[number] = self._path(program.header, number, folder)
                    if paths[number]:
                        rows.append((before.address, state.address, (paths[number], before.line)))
                before = None if state.end_sequence else state
        return sorted(rows)


def _lines(rows, starts, start, end):
    """The (file, line) of the rows that have a part in [start, end)."""
    first = max(bisect.bisect_right(starts, start) - 1, 0)
    last = bisect.bisect_left(starts, end)
    return [row[2] for row in rows[first:last] if row[1] > start]


def _name(lines, name):
    """A function's file, name and first line; those that the compiler has split are one."""
    file, line = lines[0] if lines else ("?", 0)
    return file, name.partition(".")[0], line
