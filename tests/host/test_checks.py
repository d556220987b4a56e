# SPDX-License-Identifier: MIT
"""The kernel that checks itself (make DEBUG=1) is silent when all is well. That it is not when an
invalidation was left out, or when locks are crossed, test_mistakes.py sees. And what no lock is
taken for, the disassembly shows.
"""

import re
import subprocess

import latchkey
import mistakes
import pytest

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("checks")]

TARGETS = ("latchkey.elf", "initramfs.cpio", "tests/soak")

# A line of objdump's: the address and the instruction.
INSTRUCTION = re.compile(r"^([0-9a-f]+):\t(\S.*?)\s*$", re.MULTILINE)
# A conditional jump and where to.
BRANCH = re.compile(r"j(?!mp)\w+ +([0-9a-f]+)")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return mistakes.Tree(tmp_path_factory.mktemp("checks"), with_objects=True)


def run(tree, program, *arguments):
    tree.make(*TARGETS, variant="DEBUG")
    path = tree.built("tests", program, variant="DEBUG")
    return tree.run("--cpus", "2", "--show-log", path, *arguments, variant="DEBUG")


@pytest.mark.parametrize("program", latchkey.names("tests/ring3/*"))
def test_silent(tree, ktap, program):
    result = run(tree, program)
    ktap(result.stdout)
    assert result.returncode == 0, result.stderr[-2000:]


def test_silent_in_a_soak(tree):
    result = run(tree, "soak", "--seconds", "12")
    assert result.returncode == 0, result.stdout + result.stderr[-2000:]


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
