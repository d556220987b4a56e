# SPDX-License-Identifier: MIT
"""Debian's gdbserver as the first process of the machine, with a program below it."""

import shutil


class GdbserverError(Exception):
    """gdbserver is missing."""


def path():
    found = shutil.which("gdbserver")
    if not found:
        raise GdbserverError("there is no gdbserver here; `tools/deps debug` installs Debian's")
    return found


def command(program, arguments):
    """The words that start it. It talks by its standard input and output, and the program's output
    goes to its standard error. When its input ends, so does it, and with it the machine."""
    return [path(), "--once", "-", program, *arguments]
