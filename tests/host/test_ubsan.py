# SPDX-License-Identifier: MIT
"""The kernel that checks itself for undefined behaviour (make UBSAN=1) finds none: in its own
tests, in those of ring 3, under the fuzzer and in a soak. That it is not silent when there is some,
test_mistakes.py sees.
"""

import os

import latchkey
import mistakes
import pytest

pytestmark = pytest.mark.xdist_group("ubsan")


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """Builds the kernel alone; the programs are those of the build as it is."""
    tree = mistakes.Tree(tmp_path_factory.mktemp("tree"), with_objects=True)
    tree.make("latchkey.elf", variant="UBSAN")
    folder = tmp_path_factory.mktemp("ubsan")
    (folder / "latchkey.elf").symlink_to(tree.built("latchkey.elf", variant="UBSAN"))
    (folder / "initramfs.cpio").symlink_to(latchkey.built("initramfs.cpio"))
    return dict(os.environ, LATCHKEY_BUILD=str(folder))


def run(kernel, *arguments, limit=latchkey.TIME_LIMIT):
    """Runs a program, which has to end well: undefined behaviour is a panic."""
    result = latchkey.run("--show-log", *arguments, env=kernel, limit=limit)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
    return result


@pytest.mark.all
def test_ring0(kernel, ktap):
    ktap(run(kernel, "--append", "test=all", "--inside", "/bin/true").stderr)


@pytest.mark.long(sample=5)
@pytest.mark.parametrize("program", latchkey.names("tests/ring3/*"))
def test_ring3(kernel, ktap, program):
    ktap(run(kernel, "--cpus", "2", latchkey.built("tests", program)).stdout)


@pytest.mark.all
def test_fuzzer(kernel):
    fuzz = latchkey.built("tests", "fuzz")
    run(kernel, "--memory", "1G", fuzz, "--seed", "1", "--calls", "5000")


@pytest.mark.long(sample=0)
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_fuzzer_for_long(kernel, seed):
    fuzz = latchkey.built("tests", "fuzz")
    machine = ["--cpus", "2", "--memory", "1G"]
    run(kernel, *machine, fuzz, "--seed", str(seed), "--seeds", "5", limit=3600)


@pytest.mark.long(sample=0)
def test_soak_for_long(kernel):
    soak = latchkey.built("tests", "soak")
    run(kernel, "--cpus", "4", "--memory", "1G", soak, "--seconds", "300", limit=1200)
