# SPDX-License-Identifier: MIT
"""The documents agree with the tree: the list of system calls, links, the core reading path."""

import glob
import os
import re
import subprocess

import pytest

import latchkey

DOCUMENTS = sorted(
    os.path.relpath(path, latchkey.ROOT)
    for pattern in ("*.md", "docs/*.md")
    for path in glob.glob(os.path.join(latchkey.ROOT, pattern))
)


def read(path):
    with open(os.path.join(latchkey.ROOT, path)) as file:
        return file.read()


def test_system_calls():
    """docs/abi.md lists exactly the calls that SYSCALLn() defines."""
    sources = subprocess.run(
        ["grep", "-rhoE", r"^(PARALLEL_)?SYSCALL[0-6]\(\w+", "arch", "mm", "kernel", "fs"],
        cwd=latchkey.ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    defined = re.findall(r"\((\w+)", sources)
    section = read("docs/abi.md").partition("## The calls there are")[2].partition("`rseq`")[0]
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|$", section, re.MULTILINE)[2:]
    listed = [call for row in rows for call in row.split()]
    assert set(defined) - set(listed) == set(), "not in docs/abi.md"
    assert set(listed) - set(defined) == set(), "not in the tree"
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links(document):
    folder = os.path.dirname(document)
    for target in re.findall(r"\]\(([^)#]+)\)", read(document)):
        if not target.startswith("http"):
            path = os.path.join(latchkey.ROOT, folder, target)
            assert os.path.exists(path), target


def test_reading_path():
    result = subprocess.run(
        [os.path.join(latchkey.ROOT, "tools", "reading-path")], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "patch",
    sorted(glob.glob(os.path.join(latchkey.ROOT, "tests", "mistakes", "*"))),
    ids=os.path.basename,
)
def test_mistakes_still_apply(patch):
    """What tools/mistakes puts into the kernel, and docs/testing.md tells of."""
    command = ["git", "apply", "--check", patch]
    result = subprocess.run(command, cwd=latchkey.ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert os.path.basename(patch)[: -len(".patch")] in read("docs/testing.md")


def test_locks():
    """The table of locks has those that the kernel has, by the names that they give themselves."""
    table = read("docs/architecture.md").partition("\n## Locks")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| ([a-z][^|]*) \| [^|]* \| (?:yes|no) \|$", table, re.MULTILINE)
    documented = {name for cell in cells for name in cell.split(", ")}
    sources = "".join(read(path) for room in ("arch", "mm", "kernel", "fs")
                      for path in glob.glob(f"{room}/*.c", root_dir=latchkey.ROOT))  # fmt: skip
    names = re.findall(r'SPINLOCK_INIT\("([^"]+)"\)|lock\.name = "([^"]+)"', sources)
    # A cache and a wait queue have the name of what they are for.
    assert documented == {"".join(pair) for pair in names} | {
        "one of each slab cache",
        "one of each wait queue",
    }
