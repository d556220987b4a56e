# SPDX-License-Identifier: MIT
"""init_pkru= on the kernel's command line: the PKRU that the first program starts with, and every
other one, as Linux takes it. The file in debugfs is a ring-3 test's, proc_system.
"""

import re
import signal

import pytest

import latchkey

# With an argument it ends with the lowest byte of its PKRU as the status.
PROGRAM = (latchkey.built("tests", "proc_system"), "pkru")


def run(value):
    return latchkey.run("--show-log", "--append", f"init_pkru={value}", *PROGRAM)


@pytest.mark.parametrize(
    "value, lowest",
    [("0x55555518", 0x18), ("012525252430", 0x18), ("1431655708", 0x1C), ("+0xfffffffc", 0xFC)],
)
def test_first_value(value, lowest):
    assert run(value).returncode == lowest


@pytest.mark.parametrize("value", ["nonsense", "0x", "08", "-4", "0x100000000"])
def test_no_number(value):
    result = run(value)
    assert result.returncode == 0x54
    assert f"init_pkru={value} is not a number of 32 bits; using 0x55555554" in result.stderr


def test_key_0_denied():
    """The file refuses that; who gives it at boot is obeyed, and no program gets far."""
    result = run("0x55555555")
    assert result.returncode == 128 + signal.SIGSEGV
    assert re.search(r"its key 0\s+has AD\s+set", result.stderr)
