# SPDX-License-Identifier: MIT
"""Debian's gdbserver as the first process of the machine, with a program below it.

It is a dynamic program, so its libraries come along and its loader is what is started: that is a
program without an interpreter, which takes what to load as arguments.
"""

import re
import shutil
import subprocess

FOLDER = "/usr/lib/gdbserver"  # in the machine: for the loader, the libraries and gdbserver

# ldd's lines: libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x7f...), and the loader without "=>".
LIBRARY = re.compile(r"^\s*(\S+) => (/\S+) \(0x", re.M)
LOADER = re.compile(r"^\s*(/\S+) \(0x", re.M)


class GdbserverError(Exception):
    """gdbserver is missing, or its libraries are not found."""


def files():
    """Returns {path in the machine: file of this computer}."""
    program = shutil.which("gdbserver")
    if not program:
        raise GdbserverError("there is no gdbserver here; `tools/deps debug` installs Debian's")
    ldd = subprocess.run(["ldd", program], capture_output=True, text=True)
    loader = LOADER.search(ldd.stdout)
    if not loader:
        raise GdbserverError(f"ldd does not name the loader of {program}; it is to be Debian's")
    found = {f"{FOLDER}/{name}": path for name, path in LIBRARY.findall(ldd.stdout)}
    return found | {f"{FOLDER}/ld.so": loader[1], f"{FOLDER}/gdbserver": program}


def command(program, arguments):
    """The words that start it, the first of them the path of what is run; it talks by its standard
    input and output, and the program's output goes to its standard error."""
    loader, server = f"{FOLDER}/ld.so", f"{FOLDER}/gdbserver"
    return [loader, "--library-path", FOLDER, server, "-", program, *arguments]
