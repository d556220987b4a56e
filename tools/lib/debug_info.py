# SPDX-License-Identifier: MIT
"""What an ELF file tells of an address in it: function, file and line, and where its caller is.

The lines are of DWARF, with the functions that the compiler has inlined; without DWARF the symbol
table has the function. The caller comes from .eh_frame. Whatever is damaged counts as missing.
"""

import functools
import os
from collections import namedtuple

from elftools.common.exceptions import DWARFError, ELFError, ELFParseError
from elftools.construct import ConstructError
from elftools.dwarf.callframe import CallFrameInfo
from elftools.dwarf.descriptions import describe_form_class
from elftools.elf.elffile import ELFFile

# Everything that reading a damaged file has been seen to raise.
DAMAGE = (
    DWARFError, ELFError, ELFParseError, ConstructError, ArithmeticError, AssertionError,
    AttributeError, LookupError, MemoryError, OSError, RecursionError, StopIteration, TypeError,
    ValueError,
)  # fmt: skip

DEBUG_FOLDER = "/usr/lib/debug/.build-id"  # where Debian's packages of symbols put them
SCOPES = ("DW_TAG_namespace", "DW_TAG_class_type", "DW_TAG_structure_type", "DW_TAG_union_type")
BLOCKS = ("DW_TAG_lexical_block", "DW_TAG_inlined_subroutine", "DW_TAG_try_block")
NESTING_MAX = 100
PCREL_SDATA4 = 0x1B  # how compilers encode the addresses of .eh_frame on x86-64

# function  its name, or None
# file      the path as the compiler had it, absolute where that is known; None: no line is known
# line      from 1
Place = namedtuple("Place", "function file line")


def tolerant(default):
    """A function that returns a default value where the file is damaged."""

    def decorate(function):
        @functools.wraps(function)
        def call(*arguments):
            try:
                return function(*arguments)
            except DAMAGE:
                return default()

        return call

    return decorate


def _text(value):
    return value.decode(errors="replace") if isinstance(value, bytes) else value


class Image:
    """An ELF file, of which each thing is read when it is first asked for."""

    def __init__(self, path):
        self._file = open(path, "rb")
        self.elf = ELFFile(self._file)
        self.segments = [
            (s["p_vaddr"], s["p_vaddr"] + s["p_memsz"], s["p_offset"])
            for s in self.elf.iter_segments()
            if s["p_type"] == "PT_LOAD"
        ]

    def address_of(self, offset):
        """The address, as linked, of a byte of the file; None: it is not loaded."""
        for start, end, first in self.segments:
            # A mapping starts at a page, and a segment may begin in the middle of it.
            if first & ~0xFFF <= offset < first + end - start:
                return start + offset - first
        return None

    def bytes_at(self, address, count):
        """What the file has there, at most so many, as far as it is loaded as one segment."""
        for start, end, first in self.segments:
            if start <= address < end:
                self._file.seek(first + address - start)
                return self._file.read(min(count, end - address))
        return b""

    # ---- Symbols --------------------------------------------------------------------------------

    @functools.cached_property
    @tolerant(list)
    def _symbols(self):
        found = set()
        for name in (".dynsym", ".symtab"):
            table = self.elf.get_section_by_name(name)
            for s in table.iter_symbols() if table else ():
                if s["st_info"]["type"] == "STT_FUNC" and s["st_shndx"] != "SHN_UNDEF" and s.name:
                    found.add((s["st_value"], s["st_size"], s.name))
        return sorted(found)

    def has_symbols(self):
        return bool(self._symbols)

    def symbol(self, address):
        """(name, offset in it) of the function at an address, or None."""
        best = None
        for value, size, name in self._symbols:
            if value > address:
                break
            if address < value + max(size, 1):
                best = (name, address - value)
        return best

    # ---- Lines ----------------------------------------------------------------------------------

    @functools.cached_property
    @tolerant(lambda: None)
    def _dwarf(self):
        """Of the file itself, or of the one with its symbols that Debian has in a package."""
        if self.elf.get_section_by_name(".debug_info"):
            return self.elf.get_dwarf_info()
        note = self.elf.get_section_by_name(".note.gnu.build-id")
        number = next(note.iter_notes())["n_desc"] if note else ""
        path = f"{DEBUG_FOLDER}/{number[:2]}/{number[2:]}.debug"
        if not number or not os.path.exists(path):
            return None
        self._debug_file = open(path, "rb")
        return ELFFile(self._debug_file).get_dwarf_info()

    def has_lines(self):
        return self._dwarf is not None

    @tolerant(list)
    def places(self, address):
        """The places of an address, innermost first: functions inlined there, and the one that the
        code is of. Empty without DWARF.
        """
        unit = self._unit(address) if self._dwarf else None
        if not unit:
            return []
        program = self._dwarf.line_program_for_CU(unit)
        file, line = self._line(unit, program, address)
        places = []
        for die in reversed(self._scopes(unit, address)):
            places.append(Place(self._name(die), file, line))
            if "DW_AT_call_line" in die.attributes:
                file = self._path(unit, program, die.attributes["DW_AT_call_file"].value)
                line = die.attributes["DW_AT_call_line"].value
        return places or [Place(None, file, line)]

    @functools.cached_property
    @tolerant(lambda: None)
    def _aranges(self):
        return self._dwarf.get_aranges()

    def _unit(self, address):
        offset = self._aranges.cu_offset_at_addr(address) if self._aranges else None
        if offset is not None:
            return self._dwarf.get_CU_at(offset)
        for unit in self._dwarf.iter_CUs():
            if self._covers(unit.get_top_DIE(), address):
                return unit
        return None

    def _covers(self, die, address):
        """Whether a DIE's code has the address."""
        attributes = die.attributes
        if "DW_AT_ranges" in attributes:
            return any(start <= address < end for start, end in self._ranges(die))
        if "DW_AT_low_pc" not in attributes or "DW_AT_high_pc" not in attributes:
            return False
        low, high = attributes["DW_AT_low_pc"].value, attributes["DW_AT_high_pc"]
        end = high.value if describe_form_class(high.form) == "address" else low + high.value
        return low <= address < end

    def _ranges(self, die):
        top = die.cu.get_top_DIE().attributes
        base = top["DW_AT_low_pc"].value if "DW_AT_low_pc" in top else 0
        lists = self._dwarf.range_lists()
        at = die.attributes["DW_AT_ranges"]
        if at.form == "DW_FORM_rnglistx":
            entries = lists.get_range_list_at_offset(
                lists.get_range_list_from_index(at.value, die.cu), die.cu
            )
        else:
            entries = lists.get_range_list_at_offset(at.value, die.cu)
        for entry in entries:
            if hasattr(entry, "base_address"):
                base = entry.base_address
            else:
                offset = 0 if getattr(entry, "is_absolute", False) else base
                yield offset + entry.begin_offset, offset + entry.end_offset

    def _scopes(self, unit, address):
        """The subprogram that has the address, and what is inlined in it there, outermost first."""
        die = self._subprogram(unit.get_top_DIE(), address)
        found = [die] if die else []
        for _ in range(NESTING_MAX):
            die = die and self._child(die, BLOCKS, address)
            if not die:
                break
            if die.tag == "DW_TAG_inlined_subroutine":
                found.append(die)
        return found

    def _child(self, die, tags, address):
        for child in die.iter_children():
            if child.tag in tags and self._covers(child, address):
                return child
        return None

    def _subprogram(self, top, address):
        found = self._child(top, ("DW_TAG_subprogram",), address)
        for child in () if found else top.iter_children():
            if child.tag in SCOPES and child.has_children:
                found = self._subprogram(child, address)
                if found:
                    break
        return found

    @staticmethod
    def _name(die):
        """With the namespaces and classes that it is in."""
        for _ in range(NESTING_MAX):
            for link in ("DW_AT_abstract_origin", "DW_AT_specification"):
                if link in die.attributes:
                    die = die.get_DIE_from_attribute(link)
                    break
            else:
                break
        if "DW_AT_name" not in die.attributes:
            return None
        names = [_text(die.attributes["DW_AT_name"].value)]
        parent = die.get_parent()
        while parent and parent.tag in SCOPES:
            if "DW_AT_name" in parent.attributes:
                names.append(_text(parent.attributes["DW_AT_name"].value))
            parent = parent.get_parent()
        return "::".join(reversed(names))

    def _line(self, unit, program, address):
        before = None
        for state in (entry.state for entry in program.get_entries() if entry.state):
            if before and before.address <= address < state.address:
                return self._path(unit, program, before.file), before.line
            before = None if state.end_sequence else state
        return None, 0

    @staticmethod
    def _path(unit, program, number):
        """The path of a file of a line table."""
        header = program.header
        comp_dir = unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
        folder = _text(comp_dir.value) if comp_dir else ""
        entry = header.file_entry[number - (0 if header.version >= 5 else 1)]
        directories = [_text(d) for d in header.include_directory]
        if header.version < 5:
            directories.insert(0, folder)
        return os.path.normpath(
            os.path.join(folder, directories[entry.dir_index], _text(entry.name))
        )

    # ---- The caller -----------------------------------------------------------------------------

    @functools.cached_property
    @tolerant(lambda: None)
    def _frames(self):
        dwarf = self.elf.get_dwarf_info()
        section = dwarf.eh_frame_sec
        if not section:
            return None
        return CallFrameInfo(
            stream=section.stream, size=section.size, address=section.address,
            base_structs=dwarf.structs, for_eh_frame=True,
        )  # fmt: skip

    @functools.cached_property
    @tolerant(list)
    def _frame_places(self):
        """(start, end, offset in .eh_frame) of each function that .eh_frame describes.

        Only their heads are read here: to have the library read all takes it seconds.
        """
        section = self.elf.get_section_by_name(".eh_frame")
        data, base, at, found = section.data(), section["sh_addr"], 0, []
        while at + 16 <= len(data):
            length = int.from_bytes(data[at : at + 4], "little")
            if length in (0, 0xFFFFFFFF):
                at += 4 if not length else 12 + int.from_bytes(data[at + 4 : at + 12], "little")
                continue
            if int.from_bytes(data[at + 4 : at + 8], "little"):  # a CIE has 0 here
                start = int.from_bytes(data[at + 8 : at + 12], "little", signed=True)
                start += base + at + 8
                size = int.from_bytes(data[at + 12 : at + 16], "little")
                found.append((start, start + size, at))
            at += 4 + length
        return found

    @tolerant(lambda: None)
    def _described_frame(self, address):
        for start, end, offset in self._frame_places if self._frames else ():
            if start <= address < end:
                # The library's own way to one of them is to read all.
                return self._frames._parse_entry_at(offset)
        return None

    @functools.cached_property
    @tolerant(list)
    def _debug_frames(self):
        """What .debug_frame describes, which is there for code without an .eh_frame."""
        entries = self._dwarf.CFI_entries() if self._dwarf and self._dwarf.has_CFI() else []
        return [entry for entry in entries if "initial_location" in entry.header]

    @tolerant(lambda: None)
    def frame_rules(self, address):
        """(rules, is_signal): how the caller's registers are found, by CFI's names and numbers;
        is_signal: this is what a signal's handler returns to. None: nothing is known.
        """
        frame = self._described_frame(address)
        if frame and frame.cie.augmentation_dict.get("FDE_encoding") != PCREL_SDATA4:
            return None
        for entry in () if frame else self._debug_frames:
            start = entry.header["initial_location"]
            if start <= address < start + entry.header["address_range"]:
                frame = entry
        if not frame:
            return None
        rules = None
        for row in frame.get_decoded().table:
            if row["pc"] > address:
                break
            rules = row
        return rules and (rules, b"S" in frame.cie.header["augmentation"])
