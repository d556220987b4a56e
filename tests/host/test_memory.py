# SPDX-License-Identifier: MIT
"""Memory to its end in a small machine, by each way of using it up, 20 times over."""

from conftest import Job

import pytest

import latchkey

JOB = Job("--memory", "64M", latchkey.built("tests", "exhaust"))


@pytest.mark.parametrize("job", [pytest.param(JOB, id="64M")])
def test_exhaustion(job, ktap):
    result = job.result()
    ktap(result.stdout)
    assert result.returncode == 0, result.stderr[-2000:]
