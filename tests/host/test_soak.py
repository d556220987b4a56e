# SPDX-License-Identifier: MIT
"""A short form of `make soak`: everything mixed on four CPUs, one host thread for each of them."""

import pytest

import latchkey

pytestmark = pytest.mark.all

SOAK = latchkey.built("tests", "soak")


def test_short():
    machine = ("--cpus", "4", "--memory", "512M")
    result = latchkey.run(*machine, SOAK, "--seconds", "18", "--seed", "1")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "\nsoak: good: " in result.stdout


def test_only_as_first_process():
    shell = ["--inside", "/bin/sh", "-c", "/tests/soak --seconds 1; exit $?"]
    assert latchkey.run("--add", f"{SOAK}:/tests/soak", *shell).returncode == 2
