# SPDX-License-Identifier: MIT
"""What an ELF64 file for x86-64 says of its dynamic linking (System V ABI, chapter 5)."""

import struct

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB, DT_RPATH, DT_RUNPATH = 1, 5, 15, 29
EM_X86_64 = 62
ELF64_LITTLE_ENDIAN = b"\x7fELF\x02\x01"


class NotElf(Exception):
    """It is no ELF64 file for x86-64, or a damaged one."""


class Elf:
    """interpreter is a path or None; the others are lists of strings, as the file has them."""

    def __init__(self, data):
        try:
            self._data = data
            self._read()
        except (struct.error, ArithmeticError, IndexError, ValueError) as error:
            raise NotElf(str(error)) from None

    def _read(self):
        if self._data[:6] != ELF64_LITTLE_ENDIAN:
            raise NotElf("it is no ELF64 file")
        (machine,) = struct.unpack_from("<H", self._data, 18)
        if machine != EM_X86_64:
            raise NotElf("it is for another machine")
        (start,) = struct.unpack_from("<Q", self._data, 32)
        size, count = struct.unpack_from("<HH", self._data, 54)
        headers = [
            struct.unpack_from("<IIQQQQQQ", self._data, start + i * size) for i in range(count)
        ]
        self._loaded = [(h[3], h[2], h[5]) for h in headers if h[0] == PT_LOAD]
        names = [self._string(h[2]) for h in headers if h[0] == PT_INTERP]
        self.interpreter = names[0] if names else None
        self.needed, self.rpath, self.runpath = [], [], []
        for header in headers:
            if header[0] == PT_DYNAMIC:
                self._read_dynamic(header[2], header[5])

    def _read_dynamic(self, offset, size):
        entries = []
        for tag, value in struct.iter_unpack("<QQ", self._data[offset : offset + size // 16 * 16]):
            if tag == 0:
                break
            entries.append((tag, value))
        tables = [value for tag, value in entries if tag == DT_STRTAB]
        if not tables:
            return
        strings = self._offset(tables[0])
        for tag, value in entries:
            if tag == DT_NEEDED:
                self.needed.append(self._string(strings + value))
            elif tag == DT_RPATH:
                self.rpath = self._string(strings + value).split(":")
            elif tag == DT_RUNPATH:
                self.runpath = self._string(strings + value).split(":")

    def _offset(self, address):
        """Where in the file what is loaded at an address is."""
        for start, offset, size in self._loaded:
            if start <= address < start + size:
                return address - start + offset
        raise NotElf("its dynamic section leads nowhere")

    def _string(self, offset):
        return self._data[offset : self._data.index(b"\0", offset)].decode(errors="surrogateescape")


def read(path):
    """The Elf of a file, or NotElf; OSError where it cannot be read."""
    with open(path, "rb") as file:
        head = file.read(len(ELF64_LITTLE_ENDIAN))
        if head != ELF64_LITTLE_ENDIAN:
            raise NotElf("it is no ELF64 file")
        return Elf(head + file.read())
