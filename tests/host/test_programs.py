# SPDX-License-Identifier: MIT
"""Runs the program set on Latchkey and on this Linux: the same lines, the same status.

tests/programs/ has ordinary C programs, each built statically with glibc and with musl. What they
print is compared as it is. Where Latchkey differs on purpose, a table in docs/abi.md has both lines
and the reason. Programs about protection keys are compared with what a Linux that has them has
printed, where this one has none.
"""

import collections
import os
import re
import subprocess

import pytest
from conftest import Job

import latchkey
from test_linux import linux_has_keys

# On how many CPUs the programs of each library run.
LIBCS = {"glibc": "1", "musl": "2"}
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
        for libc, cpus in LIBCS.items():
            job = Job("--cpus", cpus, latchkey.built("programs", libc, program))
            yield pytest.param(program, libc, job, id=f"{program}-{libc}")


# What a program has written, and its status as a shell gives it.
Outcome = collections.namedtuple("Outcome", "stdout, stderr, status")


def run_on_linux(path, folder):
    """As the first process of the machine is run: in a session of its own, without input."""
    result = subprocess.run(
        [path],
        cwd=folder,
        env={"PATH": "/bin", "HOME": "/", "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        start_new_session=True,
    )
    status = result.returncode if result.returncode >= 0 else 128 - result.returncode
    return Outcome(result.stdout, result.stderr, status)


def recorded(program, libc):
    name = f"{program}.{libc}"
    with open(os.path.join(latchkey.ROOT, "tests", "programs", "recorded", name)) as file:
        return Outcome("".join(line for line in file if not line.startswith("# ")), "", 0)


@pytest.mark.parametrize("program, libc, job", program_runs())
def test_program(program, libc, job, tmp_path):
    ours = job.result()
    can_judge = linux_has_keys() or not program.startswith("pkey")
    if can_judge:
        linux = run_on_linux(latchkey.built("programs", libc, program), tmp_path)
    else:
        linux = recorded(program, libc)
    differences = known_differences(program)
    printed = linux.stdout.splitlines()
    assert set(differences) <= set(printed), "docs/abi.md has a line that Linux does not print"
    assert ours.stdout.splitlines() == [differences.get(line, line) for line in printed]
    assert ours.stderr == linux.stderr
    assert ours.returncode == linux.status
    if not can_judge:
        pytest.skip("as recorded, but this Linux has no protection keys (ospke) to run it on")
