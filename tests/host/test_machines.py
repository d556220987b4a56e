# SPDX-License-Identifier: MIT
"""Boots every machine of the table: ring-0 tests in one boot, each ring-3 test in its own."""

import pytest

import latchkey
from machine_table import EVERYTHING, MACHINES


def ring3_runs():
    for machine in MACHINES:
        for program in machine.programs or latchkey.names("tests/ring3/*"):
            quick = machine.quick is EVERYTHING or program in machine.quick
            marks = () if quick else pytest.mark.all
            yield pytest.param(machine, program, id=f"{machine.name}-{program}", marks=marks)


def ring0_runs():
    for machine in MACHINES:
        marks = pytest.mark.all if machine.quick == () else ()
        yield pytest.param(machine, id=machine.name, marks=marks)


@pytest.mark.parametrize("machine", ring0_runs())
def test_ring0(machine, ktap):
    """The log is all that matters here, and the demonstration's status."""
    options = [*machine.options.split(), "--append", f"test={machine.ring0}", "--show-log"]
    result = latchkey.run(*options, latchkey.built("user", "pkey-demo"))
    ktap(result.stderr, known=machine.known, keys=machine.keys)
    assert result.returncode == 0, result.stderr[-2000:]


@pytest.mark.parametrize("machine, program", ring3_runs())
def test_ring3(machine, program, ktap):
    result = latchkey.run(*machine.options.split(), latchkey.built("tests", program))
    assert result.returncode in (0, 1), result.stderr[-2000:]
    ktap(result.stdout, known=machine.known, keys=machine.keys)
