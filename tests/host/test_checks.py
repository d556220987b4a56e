# SPDX-License-Identifier: MIT
"""The kernel that checks itself (make DEBUG=1): silent when all is well, and not when an
invalidation of translations was left out, at a place drawn at random. And what it cannot check, the
tests notice: a mistake about rights or keys fails the one that is for it.
"""

import random
import re
import subprocess

import latchkey
import mistakes
import pytest

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("checks")]

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
    "memory": ("zeros-for-ever",),
    "rights_threads": ("switch-without-pkru",),
    "keys_threads": ("key-map-not-atomic",),
    "attacks_memory": ("frame-opens-closed-keys", "end-with-all-rights", "code-patched-by-itself"),
    "attacks_rights": (
        "kept-rights-from-frames",
        "kept-rights-from-changes",
        "handlers-of-anybody",
        "keys-of-others",
        "vdso-with-wrpkru",
    ),
    "pkey_set_all": (
        "rights-without-interrupt",
        "rights-without-image",
        "rights-without-restart",
        "rights-without-frames",
    ),
}
TARGETS = ("latchkey.elf", "initramfs.cpio", "tests/soak")

# A line of objdump's: the address and the instruction.
INSTRUCTION = re.compile(r"^([0-9a-f]+):\t(\S.*?)\s*$", re.MULTILINE)
# A conditional jump and where to.
BRANCH = re.compile(r"j(?!mp)\w+ +([0-9a-f]+)")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return mistakes.Tree(tmp_path_factory.mktemp("checks"))


def run(tree, program, *arguments, cpus="2"):
    tree.make(*TARGETS, words=["DEBUG=1"])
    path = tree.built("tests", program)
    return tree.run("--cpus", cpus, "--show-log", path, *arguments)


@pytest.mark.parametrize("program", latchkey.names("tests/ring3"))
def test_silent(tree, ktap, program):
    result = run(tree, program)
    ktap(result.stdout)
    assert result.returncode == 0, result.stderr[-2000:]


def test_silent_in_a_soak(tree):
    result = run(tree, "soak", "--seconds", "12")
    assert result.returncode == 0, result.stdout + result.stderr[-2000:]


def test_speaks(tree):
    mistake = random.choice(INVALIDATIONS)
    with tree.mistake(mistake):
        assert "kernel panic: TLB: " in run(tree, "shared_space").stderr, mistake


@pytest.mark.parametrize("program", OTHERS)
def test_noticed(tree, program):
    mistake = random.choice(OTHERS[program])
    with tree.mistake(mistake):
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
    atomic = [(place, text) for place, text in code if re.match(r"lock |xchg .*\(", text)]
    assert len(atomic) == 1 and atomic[0][1].startswith("lock cmpxchg "), code
    assert not [text for _, text in code if text.startswith("call")]
    update = atomic[0][0]
    back = [place for place, text in code for to in BRANCH.findall(text) if int(to, 16) <= update]
    assert [place for place in back if place > update], code
