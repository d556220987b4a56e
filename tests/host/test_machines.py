# SPDX-License-Identifier: MIT
"""Boots every machine of the table: ring-0 tests in one boot, each ring-3 test in its own."""

import pytest
from conftest import Job

import latchkey
from machine_table import MACHINES


def ring3_runs():
    for machine in MACHINES:
        for program in machine.programs or latchkey.names("tests/ring3"):
            job = Job(*machine.options.split(), latchkey.built("tests", program))
            yield pytest.param(machine, job, id=f"{machine.name}-{program}")


def ring0_runs():
    for machine in MACHINES:
        # The log is all that matters here, and the demonstration's status.
        options = [*machine.options.split(), "--append", f"test={machine.ring0}", "--show-log"]
        job = Job(*options, latchkey.built("user", "pkey-demo"))
        yield pytest.param(machine, job, id=machine.name)


@pytest.mark.parametrize("machine, job", ring0_runs())
def test_ring0(machine, job, ktap):
    result = job.result()
    status, end = result.returncode, result.stderr[-2000:]
    ktap(result.stderr, machine.known)
    assert status == 0, end


@pytest.mark.parametrize("machine, job", ring3_runs())
def test_ring3(machine, job, ktap):
    result = job.result()
    status, end = result.returncode, result.stderr[-2000:]
    assert status in (0, 1), end
    ktap(result.stdout, machine.known)
