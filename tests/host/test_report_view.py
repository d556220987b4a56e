# SPDX-License-Identifier: MIT
"""How tools/run shows a report: what decided is marked, and a terminal gets it in colour."""

import os
import re
import signal
import subprocess
import sys

import pexpect
import pytest

import latchkey

sys.path.insert(0, os.path.join(latchkey.ROOT, "tools", "lib"))
import report_view  # noqa: E402

CARETS = re.compile(r" +(\^[\^ ]*)")
ESCAPE = re.compile(r"\033\[[0-9;]*m")

HEAD = "---- fault report: mine (pid 1) ended by SIGSEGV ({})\n"
ACCESS = "access   write to 0x7fffefffe000 by the instruction at 0x401661, in ring 3\n"
TABLES = """\
walk     of 00007fffefffe000 by CR3 = febb000
         PML4E 255  000000000ffd5027  table    ffd5000  P W U A - - --
         PDPTE 511  000000000ffd6027  table    ffd6000  P W U A - - --
         PDE   383  000000000ffc6027  table    ffc6000  P W U A - - --
"""


def report(code, area, error, leaf, pkru):
    return (
        f"{HEAD.format(code)}{ACCESS}area     7fffefffe000-7fffeffff000 {area}, private, 4 KiB\n"
        f"error    {error:#x}: P=1 present\n{TABLES}         PTE   510  {leaf}\n{pkru}\n"
        "why      It was refused.\n---- end of report\n"
    )


def marked(text):
    """What stands above the carets, in the order of the lines."""
    lines = report_view.mark(text).splitlines()
    found = []
    for above, line in zip(lines, lines[1:]):
        if CARETS.fullmatch(line):
            found.append(above[line.index("^") : len(line)])
    return found


KEYED = "8800000000379065  page      379000  P - U A D - NX  key 1"
PLAIN = "8000000000379065  page      379000  P - U A D - NX  key 0"
PKRU = "PKRU     55555558: key 0 open; 1 no write; 2-15 no access"
WRAPPED = (
    "PKRU     95555558: keys 0,3,5 open; 2,4,6,8,10 no write; 7,9,11,12,13,14,15\n"
    "         1,7,9,11-15 no access"
)


@pytest.mark.parametrize(
    "text, words",
    [
        (report("SEGV_PKUERR", "rw- key 1", 0x27, KEYED, PKRU), ["key 1", "key 1", "1 no write"]),
        (
            report("SEGV_PKUERR", "rw- key 12", 0x6, "0000000000000000  empty: nothing", PKRU),
            ["key 12", "2-15 no access"],
        ),
        (
            report("SEGV_PKUERR", "rw- key 1", 0x27, KEYED, WRAPPED),
            ["key 1", "key 1", "1,7,9,11-15 no access"],
        ),
        (report("SEGV_ACCERR", "r-- key 0", 0x7, PLAIN, PKRU), ["w", "-"]),
        (report("SEGV_ACCERR", "rw- key 0", 0x15, PLAIN, PKRU), ["-", "NX"]),
        (report("SEGV_ACCERR", "--- key 0", 0x4, PLAIN.replace("P -", "- -"), PKRU), ["---", "-"]),
        (
            report("SEGV_MAPERR", "", 0x6, "0000000000000000  empty: nothing", PKRU),
            ["empty"],
        ),
        ("---- fault report: odd (pid 1) ended by SIGILL\n---- end of report\n", []),
        ("", []),
    ],
    ids=["key", "no-page", "wrapped", "read-only", "fetch", "none", "hole", "trap", "nothing"],
)
def test_marks(text, words):
    words = [word.replace("w", "-") if word == "w" else word for word in words]
    assert marked(text) == words


def test_marks_add_lines_only():
    text = report("SEGV_PKUERR", "rw- key 1", 0x27, KEYED, PKRU)
    lines = report_view.mark(text).splitlines(keepends=True)
    assert "".join(line for line in lines if not CARETS.fullmatch(line.rstrip("\n"))) == text


def test_colour_adds_nothing_else():
    text = report_view.mark(report("SEGV_PKUERR", "rw- key 1", 0x27, KEYED, WRAPPED))
    painted = report_view.paint(text)
    assert ESCAPE.sub("", painted) == text
    assert painted.count("\033[0m") * 2 == painted.count("\033[")
    assert "\033[1;33m1,7,9,11-15 no access\033[0m" in painted


# ---- Where there is colour ----------------------------------------------------------------------

SOURCE = r"""
#define _GNU_SOURCE
#include <sys/mman.h>

int main(void)
{
    char *page = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    pkey_mprotect(page, 4096, PROT_READ | PROT_WRITE, pkey_alloc(0, PKEY_DISABLE_WRITE));
    *(volatile char *)page = 1;
}
"""


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    path = tmp_path_factory.mktemp("view") / "keyed"
    command = ["gcc", "-static", "-O1", "-x", "c", "-", "-o", path]
    subprocess.run(command, input=SOURCE, text=True, check=True)
    return path


def at_a_terminal(program, **environment):
    child = pexpect.spawn(
        latchkey.RUN, [str(program)], timeout=latchkey.TIME_LIMIT, encoding="utf-8",
        env={**os.environ, "TERM": "xterm", **environment}, dimensions=(50, 100),
    )  # fmt: skip
    child.expect(pexpect.EOF, timeout=latchkey.TIME_LIMIT)
    child.close()
    assert child.exitstatus == 128 + signal.SIGSEGV
    return child.before


def test_a_terminal_has_colour(keyed):
    output = at_a_terminal(keyed)
    assert "\033[1;33m1 no write\033[0m" in output
    assert "\033[1;31m---- fault report" in output


def test_no_color_is_obeyed(keyed):
    output = at_a_terminal(keyed, NO_COLOR="1")
    assert "1 no write" in output and "^^^^^^^^^^" in output
    assert "\033" not in output


def test_a_pipe_has_no_colour(keyed):
    result = latchkey.run("--explain", keyed)
    assert "^^^^^^^^^^" in result.stderr
    assert "\033" not in result.stderr
