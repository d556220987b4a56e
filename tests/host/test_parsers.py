# SPDX-License-Identifier: MIT
"""The kernel's parsers alone, built for the host: nothing that libFuzzer makes up may crash one."""

import os
import subprocess

import pytest

import latchkey

TOOL = os.path.join(latchkey.ROOT, "tools", "parsers")
NAMES = latchkey.names("tests/parsers")


def parsers(*arguments, seconds=0):
    environment = dict(os.environ, LATCHKEY_BUILD=latchkey.BUILD)
    result = subprocess.run(
        [TOOL, *arguments], capture_output=True, text=True, timeout=seconds + 60, env=environment
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_inputs_of_the_tree():
    lines = parsers("--replay").splitlines()
    assert [line.partition(": good: ")[0] for line in lines] == NAMES


@pytest.mark.all
@pytest.mark.parametrize("name", NAMES)
def test_for_a_moment(name):
    parsers("--seconds", "10", name, seconds=10)


@pytest.mark.long(sample=0)
@pytest.mark.parametrize("name", NAMES)
def test_for_long(name):
    parsers("--seconds", "60", name, seconds=60)


def test_a_crash_is_told(tmp_path):
    """A harness that dies, in place of one that the tool would run."""
    (tmp_path / "parsers").mkdir()
    harness = tmp_path / "parsers" / "elf"
    harness.write_text("#!/bin/sh\necho what is wrong\nexit 77\n")
    harness.chmod(0o755)
    environment = dict(os.environ, LATCHKEY_BUILD=str(tmp_path))
    result = subprocess.run([TOOL, "elf"], capture_output=True, text=True, env=environment)
    assert result.returncode == 1
    assert result.stdout.startswith("elf: CRASHED: ") and "what is wrong" in result.stdout
