# SPDX-License-Identifier: MIT
"""The core, the kernel of what stands below the line alone: its size, and programs about keys."""

import glob
import os
import re
import shutil
import subprocess
import sys

import pytest

import latchkey

sys.path.insert(0, os.path.join(latchkey.ROOT, "tools", "lib"))
import rooms
from functions import functions_of

ORDER = rooms.Rooms()

pytestmark = pytest.mark.xdist_group("core")

DEMOS = ("pkey-demo", "pkey-tour", "pkey-threads", "pkey-ways")
# For large pages, and for the vDSO.
ASK_FOR_MORE = ("pkey-tour", "pkey-ways")
ABOUT_KEYS = (
    "altstack elf exceptions exec execute_only faults handlers key_areas keys keys_threads killed "
    "memory no_pku pkey_get_set pkey_mprotect pkey_set_all pkru rights_threads shared_space "
    "sigreturn usercopy xstate"
).split()


def tool(*arguments):
    path = os.path.join(latchkey.ROOT, "tools", "core")
    return subprocess.run([path, *arguments], capture_output=True, text=True)


def test_lines():
    """No more than may be, by files that all are below the line or what they share with ring 3."""
    result = tool(latchkey.BUILD)
    assert result.returncode == 0, result.stderr
    total = int(re.search(r"^the core +\d+ +\d+ +\d+ +(\d+)$", result.stdout, re.M)[1])
    files = tool("--files", latchkey.BUILD).stdout.splitlines()
    assert total == sum(int(line.split()[0]) for line in files)


SKIPPED = re.compile(
    r"^static void (\w+)\(void\)\n\{\n((?:(?!^\}).)*?)skipped_without_room\(\"([^\"]+)\"\)",
    re.M | re.S,
)


def test_what_is_skipped():
    """docs/ lists each test that the core lacks a room for, and the room stands above the line."""
    rows = []
    for path in sorted(glob.glob("tests/ring3/*/*.c", root_dir=latchkey.ROOT)):
        with open(os.path.join(latchkey.ROOT, path)) as file:
            text = file.read()
        names = {f: name for name, f in re.findall(r'\{"((?:[^"\\]|\\.)*)",\s*(\w+)\}', text)}
        for function, _, room in SKIPPED.findall(text):
            assert room in ORDER.from_above and room not in ORDER.core
            test = os.path.basename(path).removesuffix(".c")
            rows.append(f"| [{test}](../{path}) | {names[function]} | {room}/ |")
    with open(os.path.join(latchkey.ROOT, "docs", "core.md")) as file:
        listed = [line for line in file.read().splitlines() if line.startswith("| [")]
    assert rows == listed


def is_below_the_line(path):
    return ORDER.of(path) in ORDER.core


def test_seams():
    """Each function that docs/ names for courses is defined in one of the files beside it."""
    with open(os.path.join(latchkey.ROOT, "docs", "core.md")) as file:
        section = file.read().partition("## Seams")[2].partition("\n## ")[0]
    rows = [row for row in re.findall(r"^\| (.*) \|$", section, re.M) if "](../" in row]
    assert len(rows) > 10
    for row in rows:
        defined = set()
        for path in re.findall(r"\]\(\.\./([^)]+)\)", row):
            assert is_below_the_line(path)
            with open(os.path.join(latchkey.ROOT, path)) as file:
                defined |= {function.name for function in functions_of(file.read())}
        for name in re.findall(r"`(\w+)\(\)`", row):
            assert name in defined, f"{name}() of: {row}"


def test_drawing(tmp_path):
    """docs/core.svg is what the tree gives; a path that is not in it any more is refused."""
    path = os.path.join(latchkey.ROOT, "tools", "drawing")
    result = subprocess.run([path, "--check"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for folder in ("tools", *sorted({room.partition("/")[0] for room in ORDER.core}), "docs"):
        shutil.copytree(os.path.join(latchkey.ROOT, folder), tmp_path / folder)
    fault = tmp_path / "mm" / "space" / "fault.c"
    fault.write_text(fault.read_text().replace("key_denies(", "key_refuses("))
    result = subprocess.run([tmp_path / "tools" / "drawing"], capture_output=True, text=True)
    assert "key_denies() is defined 0 times" in result.stderr and result.returncode == 1


def test_core_that_was_not_built(tmp_path):
    result = tool(str(tmp_path))
    assert result.returncode != 0
    assert "`make core` builds it" in result.stderr
    environment = dict(os.environ, LATCHKEY_BUILD=str(tmp_path))
    result = latchkey.run("--core", latchkey.built("user", "pkey-demo"), env=environment)
    assert result.returncode == 125
    assert "core/latchkey.elf is missing; `make core` builds it" in result.stderr


@pytest.mark.parametrize("name", DEMOS)
def test_demonstration(name):
    """What it prints is what it prints on the whole kernel, but where it asks for what that has."""
    program = latchkey.built("user", name)
    result = latchkey.run("--core", "--cpus", "2", program)
    assert result.returncode == 0, result.stderr
    if name not in ASK_FOR_MORE:
        assert result.stdout == latchkey.run("--cpus", "2", program).stdout


ECHO = """\
#include <stdio.h>
int main(void)
{
    char line[80];

    while (fgets(line, sizeof(line), stdin))
        printf("%d %s", (int)sizeof(line), line);
    fprintf(stderr, "done\\n");
    return 7;
}
"""


@pytest.mark.parametrize("compiler", ("gcc", "musl-gcc"))
def test_standard_streams(compiler, tmp_path):
    """A student's first program, by either library's way of reading and writing."""
    (tmp_path / "echo.c").write_text(ECHO)
    command = [compiler, "-static", "-O2", "-o", str(tmp_path / "echo"), str(tmp_path / "echo.c")]
    subprocess.run(command, check=True)
    result = latchkey.run("--core", str(tmp_path / "echo"), input="one\ntwo\n")
    assert result.stdout == "80 one\n80 two\n"
    assert result.stderr == "done\n"
    assert result.returncode == 7


@pytest.mark.all
@pytest.mark.parametrize("way", ("iso", "uefi", "bochs"))
@pytest.mark.parametrize("name", DEMOS)
def test_ways(name, way):
    result = latchkey.run("--core", f"--{way}", "--cpus", "2", latchkey.built("user", name))
    assert result.returncode == 0, result.stdout + result.stderr


def run_test(name, ktap, cpus, *options, keys=True):
    program = latchkey.built("tests", name)
    result = latchkey.run("--core", "--cpus", str(cpus), *options, program)
    ktap(result.stdout, keys=keys)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", ABOUT_KEYS)
def test_ring3(name, ktap):
    run_test(name, ktap, 1)


@pytest.mark.all
@pytest.mark.parametrize("cpus", (4, 8))
@pytest.mark.parametrize("name", ABOUT_KEYS)
def test_ring3_on_more(name, cpus, ktap):
    run_test(name, ktap, cpus)


@pytest.mark.all
def test_without_keys(ktap):
    run_test("no_pku", ktap, 1, "--append", "nopku", keys=False)
