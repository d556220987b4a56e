# SPDX-License-Identifier: MIT
"""Runs the ring-3 tests on this Linux, which is the judge of what they expect, if it has keys."""

import subprocess

import pytest

import latchkey


def linux_has_keys():
    with open("/proc/cpuinfo") as file:
        return any(line.startswith("flags") and "ospke" in line.split() for line in file)


@pytest.mark.skipif(not linux_has_keys(), reason="this Linux has no protection keys (ospke)")
@pytest.mark.parametrize("program", latchkey.names("tests/ring3"))
def test_linux(program, ktap):
    result = subprocess.run(
        [latchkey.built("host", program)], capture_output=True, text=True, timeout=60
    )
    assert result.returncode in (0, 1), result.stderr
    ktap(result.stdout)
