# SPDX-License-Identifier: MIT
"""The documents agree with the tree: the list of system calls, links, the core reading path."""

import glob
import os
import re
import shutil
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


def run_reading_path(root):
    path = os.path.join(root, "tools", "reading-path")
    return subprocess.run([path], capture_output=True, text=True)


def test_reading_path(tmp_path):
    """It is whole; without the row of the key map it is refused, and with a room in no ring."""
    result = run_reading_path(latchkey.ROOT)
    assert result.returncode == 0, result.stderr
    for folder in ("tools", "arch", "boot", "docs", "fs", "kernel", "libc", "mm"):
        shutil.copytree(os.path.join(latchkey.ROOT, folder), tmp_path / folder)
    table = tmp_path / "docs" / "README.md"
    lines = table.read_text().splitlines(keepends=True)
    lines = [line for line in lines if "[mm/space/keys.c]" not in line]
    table.write_text("".join(lines).replace("[fs/tmpfs/](../fs/tmpfs), ", ""))
    result = run_reading_path(tmp_path)
    assert result.returncode == 1
    assert "mm/space/keys.c: keys_alloc() is about keys and called by pkey_alloc()" in result.stderr
    assert "rooms of the core in no ring, or in two: ['fs/tmpfs']" in result.stderr


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
    folders = ("arch/*", "mm/*", "kernel/*", "fs/*", "sanitizers")
    sources = "".join(read(path) for folder in folders
                      for path in glob.glob(f"{folder}/*.c", root_dir=latchkey.ROOT))  # fmt: skip
    names = re.findall(r'SPINLOCK_INIT\("([^"]+)"\)|lock\.name = "([^"]+)"', sources)
    # A cache and a wait queue have the name of what they are for.
    assert documented == {"".join(pair) for pair in names} | {
        "one of each slab cache",
        "one of each wait queue",
    }


def test_what_locks_guard():
    """The table of it is made from the fields, which name locks that there are."""
    tool = os.path.join(latchkey.ROOT, "tools", "locks")
    result = subprocess.run([tool], capture_output=True, text=True)
    assert (result.stdout, result.returncode) == ("", 0)
