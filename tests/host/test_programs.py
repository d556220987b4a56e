# SPDX-License-Identifier: MIT
"""Runs the program set on Latchkey and on this Linux: the same lines, the same status.

tests/programs/ has ordinary C programs, each built statically with glibc and with musl. What they
print is compared as it is. Where Latchkey differs on purpose, a table in docs/abi.md has both lines
and the reason. Programs about protection keys are compared with a Linux that has them.
"""

import os
import re

import pytest

import judge
import latchkey

# On how many CPUs the programs of each library run.
LIBCS = {"glibc": "1", "musl": "2"}

# Those that try what only root may, as which they run on Latchkey.
AS_ROOT = {
    "files_attributes",
    "files_names",
    "files_open",
    "files_permissions",
    "limits",
    "memory_limits",
    "priorities",
    "proc_files",
    "sharing",
    "times",
}

# A row of the table: program, Linux's line, Latchkey's line, reason.
ROW = re.compile(r"^\| `(\w+)` \| `([^`]+)` \| `([^`]+)` \| .+ \|$", re.MULTILINE)


def known_differences(program):
    """Of one program: what Latchkey prints in place of a line of Linux's."""
    with open(os.path.join(latchkey.ROOT, "docs", "abi.md")) as file:
        rows = ROW.findall(file.read())
    return {linux: ours for name, linux, ours in rows if name == program}


def question(program, libc):
    return judge.Question(latchkey.built("programs", libc, program))


def programs():
    """All, and which of them are about keys."""
    names = latchkey.names("tests/programs/*")
    return names, [name for name in names if name.startswith("pkey")]


def questions():
    return [question(program, libc) for program in programs()[1] for libc in LIBCS]


def cases():
    """Those about keys wait for the judge; the others belong to make test-all alone."""
    every, about_keys = programs()
    for program in every:
        group = pytest.mark.xdist_group("judge") if program in about_keys else pytest.mark.all
        for libc in LIBCS:
            yield pytest.param(program, libc, id=f"{program}-{libc}", marks=group)


@pytest.mark.parametrize("program, libc", cases())
def test_program(program, libc, tmp_path):
    if program in AS_ROOT and os.geteuid() != 0:
        pytest.skip("this Linux lets only root do what the program tries")
    asked = question(program, libc)
    ours = latchkey.run("--cpus", LIBCS[libc], asked.program)
    about_keys = program in programs()[1]
    linux = (judge.answer if about_keys else judge.run_on_host)(asked, tmp_path)
    assert linux.status is None or linux.status < 128, "the program did not come to its end"
    differences = known_differences(program)
    printed = linux.stdout.splitlines()
    assert set(differences) <= set(printed), "docs/abi.md has a line that Linux does not print"
    assert ours.stdout.splitlines() == [differences.get(line, line) for line in printed]
    assert ours.stderr == linux.stderr
    assert ours.returncode == linux.status
