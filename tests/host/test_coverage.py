# SPDX-License-Identifier: MIT
"""What the kernel of `make COVER=1` tells of itself: a process's own trace by kcov, and the lines
that all have reached, by tools/coverage, however the machine ends.
"""

import os
import re
import subprocess

import pytest

import latchkey

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("coverage")]

TOOL = os.path.join(latchkey.ROOT, "tools", "coverage")
COVER = latchkey.built("cover")


@pytest.fixture(scope="module", autouse=True)
def kernel():
    latchkey.build_variant("COVER", "latchkey.elf", "initramfs.cpio", "tests/fuzz")


@pytest.fixture(scope="module")
def coverage(tmp_path_factory):
    """The tool's folder, and what it printed, after two tests: of ring 3, and of a panic."""
    folder = tmp_path_factory.mktemp("coverage")
    command = [TOOL, "--output", folder, "-k", "max-pkey_mprotect or test_panic and wild_pointer"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder, result.stdout


def line_of(file, text):
    """The number of the line of a source file that has a text, and no other has it."""
    with open(os.path.join(latchkey.ROOT, file)) as source:
        found = [number for number, line in enumerate(source, 1) if text in line]
    assert len(found) == 1, found
    return found[0]


def count(folder, kind, file, text):
    """How many machines of a kind reached a line, by lcov's tracefile."""
    with open(os.path.join(folder, "latchkey.info")) as info:
        records = info.read().split("end_of_record\n")
    start = f"TN:{kind}\nSF:{os.path.join(latchkey.ROOT, file)}\n"
    record = next(record for record in records if record.startswith(start))
    return int(re.search(rf"^DA:{line_of(file, text)},(\d+)$", record, re.MULTILINE)[1])


def test_lines(coverage):
    folder, _ = coverage
    assert count(folder, "ring3", "mm/space/protect.c", "prot &= ~(uint64_t)PROT_GROWS;") == 1
    assert count(folder, "ring3", "fs/event/eventfd.c", "event->count = count;") == 0


def test_of_a_panic(coverage):
    folder, _ = coverage
    assert count(folder, "host", "kernel/report/panic.c", "==== end of panic") == 1
    assert count(folder, "ring3", "kernel/report/panic.c", "==== end of panic") == 0


def test_table_and_page(coverage):
    folder, printed = coverage
    assert "machines: 1 host, 1 ring3\n" in printed
    assert re.search(r"^mm/space +\d+ +\d+ +[\d.]+ +\d+ +[\d.]+ +\d+ +\d+$", printed, re.MULTILINE)
    with open(os.path.join(folder, "missing.txt")) as file:
        assert "\nmm/range/mremap.c: " in file.read()
    assert os.path.exists(os.path.join(folder, "html", "index.html"))


@pytest.mark.parametrize("cpus", ["1", "2"])
def test_kcov(ktap, cpus):
    environment = {**os.environ, "LATCHKEY_BUILD": COVER}
    program = os.path.join(COVER, "tests", "kcov")
    result = latchkey.run("--cpus", cpus, program, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "SKIP" not in result.stdout
    ktap(result.stdout)


def test_fuzzer_is_guided():
    """It keeps sequences of its own, and reaches much with few calls."""
    environment = {**os.environ, "LATCHKEY_BUILD": COVER}
    program = os.path.join(COVER, "tests", "fuzz")
    options = ["--seed", "1", "--calls", "3000", "--print-corpus"]
    result = latchkey.run("--memory", "1G", program, *options, env=environment)
    assert "fuzz: good\n" in result.stdout, result.stdout + result.stderr
    found = re.search(
        r"^kcov: sequences reached (\d+) blocks; (\d+) of", result.stdout, re.MULTILINE
    )
    assert int(found[1]) > 5000 and int(found[2]) > 50
    assert re.search(r"^corpus: \w+:[0-9a-f]+( |$)", result.stdout, re.MULTILINE)


def test_plain_kernel_has_no_kcov():
    result = latchkey.run("--inside", "/bin/ls", "/sys/kernel/debug")
    assert result.stdout.split() == ["latchkey", "x86"]
