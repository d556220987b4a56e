# SPDX-License-Identifier: MIT
"""Runs the program set on Latchkey and on this Linux: the same lines, the same status.

tests/programs/ has ordinary C programs, each built statically with glibc and with musl. What they
print is compared as it is. Where Latchkey differs on purpose, a table in docs/abi.md has both lines
and the reason.
"""

import os
import re
import subprocess

import pytest
from conftest import Job

import latchkey
from test_linux import linux_has_keys

LIBCS = ("glibc", "musl")
TIME_LIMIT = 60

# A row of the table: program, Linux's line, Latchkey's line, reason.
ROW = re.compile(r"^\| `(\w+)` \| `([^`]+)` \| `([^`]+)` \| .+ \|$", re.MULTILINE)


def known_differences(program):
    """Of one program: what Latchkey prints in place of a line of Linux's."""
    with open(os.path.join(latchkey.ROOT, "docs", "abi.md")) as file:
        rows = ROW.findall(file.read())
    return {linux: ours for name, linux, ours in rows if name == program}


def program_runs():
    for program in latchkey.names("tests/programs"):
        for libc in LIBCS:
            path = latchkey.built("programs", libc, program)
            yield pytest.param(program, path, Job(path), id=f"{program}-{libc}")


def run_on_linux(path, folder):
    """As the first process of the machine is run: in a session of its own, without input."""
    return subprocess.run(
        [path],
        cwd=folder,
        env={"PATH": "/bin", "HOME": "/", "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        start_new_session=True,
    )


@pytest.mark.parametrize("program, path, job", program_runs())
def test_program(program, path, job, tmp_path):
    ours = job.result()
    if program.startswith("pkey") and not linux_has_keys():
        pytest.skip("this Linux has no protection keys (ospke), so it is no judge of them")
    linux = run_on_linux(path, tmp_path)
    differences = known_differences(program)
    printed = linux.stdout.splitlines()
    assert set(differences) <= set(printed), "docs/abi.md has a line that Linux does not print"
    assert ours.stdout.splitlines() == [differences.get(line, line) for line in printed]
    assert ours.stderr == linux.stderr
    # tools/run gives the status as a shell does.
    assert ours.returncode == (
        linux.returncode if linux.returncode >= 0 else 128 - linux.returncode
    )
