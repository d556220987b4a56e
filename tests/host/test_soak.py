# SPDX-License-Identifier: MIT
"""A short form of `make soak`: everything mixed on four CPUs, one host thread for each of them."""

from conftest import Job

import pytest

import latchkey

SOAK = latchkey.built("tests", "soak")
JOB = Job("--cpus", "4", "--memory", "512M", SOAK, "--seconds", "18", "--seed", "1")


@pytest.mark.parametrize("job", [pytest.param(JOB, id="18-seconds")])
def test_short(job):
    result = job.result()
    assert result.returncode == 0, result.stdout + result.stderr
    assert "\nsoak: good: " in result.stdout


def test_only_as_first_process():
    shell = ["--inside", "/bin/sh", "-c", "/tests/soak --seconds 1; exit $?"]
    assert latchkey.run("--add", f"{SOAK}:/tests/soak", *shell).returncode == 2
