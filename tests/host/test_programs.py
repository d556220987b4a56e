# SPDX-License-Identifier: MIT
"""Runs the program set on Latchkey and on this Linux: the same lines, the same status.

tests/programs/ has ordinary C programs, each built statically with glibc and with musl, and some
also dynamically. What they print is compared as it is. Where Latchkey differs on purpose, a table
in docs/abi.md has both lines and the reason. Programs about protection keys are compared with a
Linux that has them.
"""

import os
import re

import pytest

import judge
import latchkey

# On how many CPUs the programs of each kind run.
CPUS = {"glibc": "1", "musl": "2", "dynamic": "2"}

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


def question(program, kind):
    return judge.Question(latchkey.built("programs", kind, program))


def builds():
    """Pairs of a program and how it is built."""
    with open(os.path.join(latchkey.ROOT, "Makefile")) as file:
        dynamic = re.search(r"^DYNAMIC_SET := (.*)$", file.read(), re.MULTILINE)[1].split()
    for program in latchkey.names("tests/programs/*"):
        yield program, "glibc"
        yield program, "musl"
        if program in dynamic:
            yield program, "dynamic"


def is_about_keys(program):
    return program.startswith("pkey")


def questions():
    return [question(*build) for build in builds() if is_about_keys(build[0])]


def cases():
    """Those about keys wait for the judge; the others belong to make test-all alone."""
    for program, kind in builds():
        group = pytest.mark.xdist_group("judge") if is_about_keys(program) else pytest.mark.all
        yield pytest.param(program, kind, id=f"{program}-{kind}", marks=group)


@pytest.mark.parametrize("program, kind", cases())
def test_program(program, kind, tmp_path):
    if program in AS_ROOT and os.geteuid() != 0:
        pytest.skip("this Linux lets only root do what the program tries")
    asked = question(program, kind)
    ours = latchkey.run("--cpus", CPUS[kind], asked.program)
    linux = (judge.answer if is_about_keys(program) else judge.run_on_host)(asked, tmp_path)
    assert linux.status is None or linux.status < 128, "the program did not come to its end"
    differences = known_differences(program)
    printed = linux.stdout.splitlines()
    assert set(differences) <= set(printed), "docs/abi.md has a line that Linux does not print"
    assert ours.stdout.splitlines() == [differences.get(line, line) for line in printed]
    assert ours.stderr == linux.stderr
    assert ours.returncode == linux.status
