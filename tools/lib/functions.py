# SPDX-License-Identifier: MIT
"""The functions of a C source, found by the form that the project's C has."""

import collections
import re

# name: of a system call that of the call. lines: range of line numbers from 0, from the head on.
# text: the body.
Function = collections.namedtuple("Function", "name is_static is_syscall lines text")

ATTRIBUTE = re.compile(r"__attribute__\(\((?:[^()]|\([^()]*\))*\)\)")
FUNCTION = re.compile(r"^(?=\w)[^;={}#]*?\b(\w+)\(([^;{}]*)\)\n\{\n(.*?)^\}", re.M | re.S)
SYSCALL = re.compile(r"(?:PARALLEL_)?SYSCALL\d")


def functions_of(source):
    """Yields each function of a C source or header."""
    source = ATTRIBUTE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source)
    for match in FUNCTION.finditer(source):
        is_syscall = bool(SYSCALL.fullmatch(match[1]))
        name = re.match(r"\w+", match[2])[0] if is_syscall else match[1]
        first = source.count("\n", 0, match.start())
        lines = range(first, first + match[0].count("\n") + 1)
        yield Function(name, match[0].startswith("static"), is_syscall, lines, match[3])
