# SPDX-License-Identifier: MIT
"""Linux's own selftest of protection keys, by tools/selftest; and that the tool sees failures."""

import importlib.machinery
import importlib.util
import os
import subprocess

import pytest

import judge
import latchkey

TOOL = os.path.join(latchkey.ROOT, "tools", "selftest")
LIMIT = 1200  # seconds, with the download of Linux's source
TESTS = 21
ITERATIONS = 22


def load_tool():
    loader = importlib.machinery.SourceFileLoader("selftest", TOOL)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("selftest", loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("way", ["pvh", "iso", "linux"])
def test_selftest(way, ktap):
    if way == "linux" and judge.linux_has_keys():
        way = "host"
    result = subprocess.run([TOOL, way], capture_output=True, text=True, timeout=LIMIT)
    ktap(result.stdout)
    assert result.returncode == 0, result.stderr


def output_of_a_good_run():
    lines = ["has pkeys: 1", "startup pkey_reg: 0000000055555550"]
    for iteration in range(1, ITERATIONS + 1):
        lines += [f"test {test:2} PASSED (iteration {iteration})" for test in range(TESTS)]
    return "\n".join([*lines, "done (all tests OK)", "init: status 0", ""])


@pytest.mark.parametrize(
    "change, bad",
    [
        (("", ""), []),
        (("test  3 PASSED (iteration 7)\n", ""), [3]),
        (("test 20 PASSED (iteration 22)\n", "assert() at x.c::1 test_nr: 20\n"), [20]),
        (("done (all tests OK)\n", ""), [TESTS]),
        (("has pkeys: 1", "has pkeys: 0"), [TESTS]),
        (("init: status 0", "init: status 1"), [TESTS]),
        (("startup", "WARNING: not run as root, can not do hugetlb test\nstartup"), [TESTS]),
    ],
    ids=["good", "an iteration", "the last", "the end", "keys", "the status", "huge pages"],
)
def test_judgement(change, bad):
    tool = load_tool()
    tool.fetch_source()
    results = tool.judge(output_of_a_good_run().replace(*change))
    assert len(results) == TESTS + 1
    assert [number for number, (good, _) in enumerate(results) if not good] == bad
