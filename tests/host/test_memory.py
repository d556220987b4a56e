# SPDX-License-Identifier: MIT
"""Memory to its end in a small machine, by each way of using it up, 20 times over."""

import pytest

import latchkey

pytestmark = pytest.mark.all


def test_exhaustion(ktap):
    result = latchkey.run("--memory", "64M", latchkey.built("tests", "exhaust"))
    ktap(result.stdout)
    assert result.returncode == 0, result.stderr[-2000:]


def test_limit_of_files(ktap):
    """In a machine so small that all nodes can be made."""
    result = latchkey.run("--memory", "64M", latchkey.built("tests", "tmpfs_limit"))
    ktap(result.stdout)
    assert "SKIP" not in result.stdout
    assert result.returncode == 0, result.stderr[-2000:]
