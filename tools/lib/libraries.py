# SPDX-License-Identifier: MIT
"""Which files of this computer a dynamic program needs to run elsewhere: its loader and libraries.

They are sought as ld.so(8) seeks them: DT_RPATH, the folders that the caller names, DT_RUNPATH,
/etc/ld.so.cache, the usual folders; or as musl's loader does. The program and its loader are read
and not run, so a program that nobody trusts stays in the machine. Variants of a library for newer
CPUs (glibc-hwcaps) are passed over: the machine's CPU is another.
"""

import os
import struct

import elf

CACHE = "/etc/ld.so.cache"
CACHE_MAGIC = b"glibc-ld.so.cache1.1"
CACHE_HEADER = 48
CACHE_FLAGS = 0x0303  # a library of x86-64 for glibc
TRIPLET = "lib/x86_64-linux-gnu"
GLIBC_FOLDERS = ("/" + TRIPLET, "/usr/" + TRIPLET, "/lib64", "/usr/lib64", "/lib", "/usr/lib")
MUSL_PATHS = "/etc/ld-musl-x86_64.path"
MUSL_FOLDERS = ("/lib", "/usr/local/lib", "/usr/lib")
# musl's loader is all of these itself.
MUSL_OWN = ("c", "pthread", "rt", "m", "dl", "util", "xnet")
# What glibc opens by itself when a thread is cancelled or ends by pthread_exit().
UNWINDER = "libgcc_s.so.1"


class Missing(Exception):
    """Libraries that are nowhere; the message names them and who needs them."""


def read_cache(path=CACHE):
    """The libraries of ld.so.cache, by name: where each is."""
    try:
        with open(path, "rb") as file:
            data = file.read()
        start = data.index(CACHE_MAGIC)
        (count,) = struct.unpack_from("<I", data, start + len(CACHE_MAGIC))
        found = {}
        for i in range(count):
            flags, name, value, _, capabilities = struct.unpack_from(
                "<IIIIQ", data, start + CACHE_HEADER + i * 24
            )
            if flags == CACHE_FLAGS and not capabilities:
                found.setdefault(_string(data, start + name), _string(data, start + value))
        return found
    except (OSError, ValueError, struct.error):
        return {}


def _string(data, offset):
    return data[offset : data.index(b"\0", offset)].decode(errors="surrogateescape")


def read_elf(path):
    """The Elf of a file, or None where it is none or cannot be read."""
    try:
        return elf.read(path)
    except (elf.NotElf, OSError):
        return None


class Search:
    """
    Collects what programs need in files: from a path in the machine to one on this computer.
    folders are those to look in as well; used_folders has those of them that had something.
    """

    def __init__(self, folders=()):
        self.folders = [os.path.abspath(folder) for folder in folders]
        self.used_folders = []
        self.files = {}
        self.moves_with_program = False  # $ORIGIN is in use
        self._cache = None
        self._is_musl = False
        self._missing = {}

    def add_program(self, path):
        """With all that it needs, unless it is static or no ELF file. Whether it is dynamic."""
        program = read_elf(path)
        if not program or not program.interpreter:
            return False
        self._add_loader(program.interpreter, path)
        self._is_musl = "ld-musl" in program.interpreter
        self._add_needed(program, path, self._expand(program.rpath, path))
        if "libc.so.6" in program.needed and UNWINDER not in program.needed:
            self._seek(UNWINDER, [], [])
        if self._missing:
            raise Missing(self._words(path))
        return True

    def add_plugins(self, paths):
        """With what each of these libraries needs, as far as it is there."""
        self._is_musl = False
        for path in paths:
            if library := read_elf(path):
                self._add_needed(library, path, [])
        self._missing.clear()

    def _add_loader(self, name, program):
        places = [os.path.join(folder, os.path.basename(name)) for folder in self.folders] + [name]
        for place in places:
            if os.path.isfile(place):
                self.files[name] = place
                return
        self._missing[name] = program

    def _add_needed(self, binary, path, rpath):
        runpath = self._expand(binary.runpath, path)
        rpath = [] if runpath else rpath + self._expand(binary.rpath, path)
        for name in binary.needed:
            if self._is_musl and name.removeprefix("lib").partition(".")[0] in MUSL_OWN:
                continue
            found, is_new = self._seek(name, rpath, runpath)
            if not found:
                self._missing.setdefault(name, path)
            elif is_new:
                self._add_needed(read_elf(found), found, rpath)

    def _seek(self, name, rpath, runpath):
        """The library's path, or None, and whether it is new."""
        for place in self._places(name, rpath, runpath):
            if place in self.files:
                return place, False
            if read_elf(place):
                self.files[place] = place
                self._note(os.path.dirname(place))
                return place, True
        return None, False

    def _note(self, folder):
        if folder in self.folders and folder not in self.used_folders:
            self.used_folders.append(folder)

    def _places(self, name, rpath, runpath):
        if "/" in name:
            yield os.path.abspath(name)
            return
        for folder in [*rpath, *self.folders, *runpath]:
            yield os.path.normpath(os.path.join(folder, name))
        if self._is_musl:
            folders = self._musl_folders()
        else:
            if self._cache is None:
                self._cache = read_cache()
            if place := self._cache.get(name):
                if os.path.dirname(place) not in GLIBC_FOLDERS:
                    self.files[CACHE] = CACHE  # or the machine would not look there
                yield place
            folders = GLIBC_FOLDERS
        for folder in folders:
            yield os.path.join(folder, name)

    def _musl_folders(self):
        try:
            with open(MUSL_PATHS) as file:
                self.files[MUSL_PATHS] = MUSL_PATHS
                return file.read().replace(":", "\n").split()
        except OSError:
            return MUSL_FOLDERS

    def _expand(self, folders, path):
        """The folders of a DT_RPATH or DT_RUNPATH, with what the dollars stand for."""
        values = {
            "ORIGIN": os.path.dirname(os.path.realpath(path)),
            "LIB": TRIPLET,
            "PLATFORM": "x86_64",
        }
        expanded = []
        for folder in folders:
            self.moves_with_program |= "ORIGIN" in folder
            for name, value in values.items():
                folder = folder.replace("${%s}" % name, value).replace("$" + name, value)
            if folder:
                expanded.append(folder)
        return expanded

    def _words(self, program):
        lines = [f"{program} needs what is not on this computer:"]
        for name, user in self._missing.items():
            lines.append(f"    {name}" + (f" (for {user})" if user != program else ""))
        return "\n".join(lines + ["--libraries DIR adds a folder to look in"])
