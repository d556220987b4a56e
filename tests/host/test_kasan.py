# SPDX-License-Identifier: MIT
"""The kernel that checks its accesses to memory (make KASAN=1) finds nothing when all is well. That
it finds what is wrong, its own tests of ring 0 see, and test_mistakes.py.
"""

import latchkey
import mistakes
import pytest

TARGETS = ("latchkey.elf", "initramfs.cpio", "tests/fuzz", "tests/soak")

pytestmark = pytest.mark.xdist_group("kasan")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    tree = mistakes.Tree(tmp_path_factory.mktemp("kasan"), with_objects=True)
    tree.make(*TARGETS, variant="KASAN")
    return tree


def run(tree, *arguments):
    return tree.run("--cpus", "4", "--show-log", *arguments, variant="KASAN")


def run_test(tree, program, *arguments):
    result = run(tree, tree.built("tests", program, variant="KASAN"), *arguments)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
    return result.stdout


@pytest.mark.all
def test_ring_0(tree, ktap):
    result = run(tree, "--append", "test=all", "--inside", "/bin/true")
    assert result.returncode == 0, result.stderr[-4000:]
    ktap(result.stderr.replace("\r", ""))
    assert "ok 1 " in result.stderr and "kasan_use_after_free" in result.stderr


@pytest.mark.all
def test_silent_in_a_soak(tree):
    run_test(tree, "soak", "--seconds", "12")


@pytest.mark.all
def test_silent_when_fuzzed(tree):
    run_test(tree, "fuzz", "--seed", "1", "--calls", "800")


@pytest.mark.long(sample=2)
@pytest.mark.parametrize("program", latchkey.names("tests/ring3/*"))
def test_silent(tree, ktap, program):
    ktap(run_test(tree, program))


@pytest.mark.long(sample=0)
def test_silent_for_minutes(tree):
    run_test(tree, "soak", "--seconds", "300")
    run_test(tree, "fuzz", "--seed", "1", "--seeds", "10")
