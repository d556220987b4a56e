# SPDX-License-Identifier: MIT
"""A short form of `make fuzz`: random system calls on one CPU, on two, and with little memory.

The fuzzer's own verdict counts: nothing died, hung or leaked, it knows every call that the kernel
has, and its calls succeed often enough.
"""

import pytest

import latchkey

pytestmark = pytest.mark.all

# With enough memory nobody is killed for want of it, and with little there is always want.
MACHINES = {
    "one-cpu": ["--memory", "1G"],
    "two-cpus": ["--memory", "1G", "--cpus", "2"],
    "32-MiB": ["--memory", "32M"],
}


def runs():
    for seed, (name, options) in enumerate(MACHINES.items(), start=1):
        fuzz = [latchkey.built("tests", "fuzz"), "--seed", str(seed), "--calls", "20000"]
        yield pytest.param([*options, *fuzz], id=name)


@pytest.mark.parametrize("arguments", runs())
def test_short(arguments):
    result = latchkey.run(*arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "\nfuzz: good\n" in result.stdout
    assert "not fuzzed" not in result.stdout


def test_usage():
    assert latchkey.run(latchkey.built("tests", "fuzz"), "--calls").returncode == 2
