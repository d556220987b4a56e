# SPDX-License-Identifier: MIT
"""The kernel that checks itself (make DEBUG=1): silent when all is well, and not when an
invalidation of translations was left out, at a place drawn at random. And what it cannot check, the
tests notice: a mistake about rights or keys fails the one that is for it.
"""

import contextlib
import os
import random
import re
import subprocess

import latchkey
import pytest

INVALIDATIONS = (
    "no-flush",
    "no-flush-of-unmapped",
    "no-flush-of-copied",
    "no-flush-of-moved",
    "no-flush-at-fork",
    "one-ipi-less",
)
# The test that is for it, and mistakes of which one is drawn.
OTHERS = {
    "rights_threads": ("switch-without-pkru",),
    "keys_threads": ("key-map-not-atomic",),
    "pkey_set_all": (
        "rights-without-interrupt",
        "rights-without-image",
        "rights-without-restart",
        "rights-without-vdso",
        "rights-without-frames",
    ),
}
TARGETS = ("latchkey.elf", "initramfs.cpio", "tests/soak")

# A line of objdump's: the address and the instruction.
INSTRUCTION = re.compile(r"^([0-9a-f]+):\t(\S.*?)\s*$", re.MULTILINE)
# A conditional jump and where to.
BRANCH = re.compile(r"j(?!mp)\w+ +([0-9a-f]+)")


def call(*command, folder):
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the sources as they are, to be built with and without a mistake."""
    folder = tmp_path_factory.mktemp("checks")
    files = subprocess.run(["git", "ls-files", "-z"], cwd=latchkey.ROOT, capture_output=True)
    call(
        "cp",
        "--parents",
        "-t",
        folder,
        *files.stdout.decode().split("\0")[:-1],
        folder=latchkey.ROOT
    )
    return folder


def build(tree):
    names = [os.path.join("build", name) for name in TARGETS]
    jobs = str(os.cpu_count())
    environment = latchkey.shell_environment()
    command = ["make", "-j", jobs, "DEBUG=1", "BUILD=build", *names]
    result = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def run(tree, program, *arguments, cpus="2"):
    environment = dict(latchkey.shell_environment(), LATCHKEY_BUILD=str(tree / "build"))
    path = str(tree / "build" / "tests" / program)
    return latchkey.run("--cpus", cpus, "--show-log", path, *arguments, env=environment)


@pytest.mark.parametrize("program", ["shared_space", "memory", "pkey_mprotect", "keys_threads"])
def test_silent(tree, ktap, program):
    build(tree)
    result = run(tree, program)
    ktap(result.stdout)
    assert result.returncode == 0, result.stderr[-2000:]


def test_silent_in_a_soak(tree):
    build(tree)
    result = run(tree, "soak", "--seconds", "12")
    assert result.returncode == 0, result.stdout + result.stderr[-2000:]


@contextlib.contextmanager
def built_with(tree, mistake):
    patch = os.path.join(latchkey.ROOT, "tests", "mistakes", mistake + ".patch")
    call("patch", "-p1", "-i", patch, folder=tree)
    build(tree)
    yield
    call("patch", "-R", "-p1", "-i", patch, folder=tree)


def test_speaks(tree):
    mistake = random.choice(INVALIDATIONS)
    with built_with(tree, mistake):
        assert "kernel panic: TLB: " in run(tree, "shared_space").stderr, mistake


@pytest.mark.parametrize("program", OTHERS)
def test_noticed(tree, program):
    mistake = random.choice(OTHERS[program])
    with built_with(tree, mistake):
        assert run(tree, program, cpus="4").returncode != 0, mistake


def instructions(function):
    """Those of a function of the kernel: (address, text), from its start to its end."""
    command = ["objdump", "--no-show-raw-insn", "--disassemble=" + function]
    result = subprocess.run(
        [*command, latchkey.built("latchkey.elf")], capture_output=True, text=True, check=True
    )
    return [(int(address, 16), text) for address, text in INSTRUCTION.findall(result.stdout)]


@pytest.mark.parametrize("function", ["keys_alloc", "keys_free"])
def test_one_locked_update(function):
    """One update, tried again when another CPU was first, and nothing that could be a lock."""
    code = instructions(function)
    atomic = [(place, text) for place, text in code if re.match(r"lock |xchg ", text)]
    assert len(atomic) == 1 and atomic[0][1].startswith("lock cmpxchg "), code
    assert not [text for _, text in code if text.startswith("call")]
    update = atomic[0][0]
    back = [place for place, text in code for to in BRANCH.findall(text) if int(to, 16) <= update]
    assert [place for place in back if place > update], code
