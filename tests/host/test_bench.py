# SPDX-License-Identifier: MIT
"""The benchmark counts what happens, and the counts are what the paths are meant to do; what it
measures in instructions is shown by `make bench` and judged by nobody here.
"""

import json
import sys

import pytest

import latchkey

sys.path.insert(0, latchkey.ROOT + "/tools/lib")
import comparison  # noqa: E402

pytestmark = pytest.mark.all

PROGRAM = latchkey.built("user", "pkbench")

# Of one operation: invalidations of a page, loads of CR3, interrupts, pages filled with zeros.
EXPECTED = {
    "pkey_set, by instruction": (0, 0, 0, 0),
    "pkey_set, by vDSO": (0, 0, 0, 0),
    "pkey_set, by system call": (0, 0, 0, 0),
    "pkey_alloc and pkey_free": (0, 0, 0, 0),
    "pkey fault, handler, return": (0, 0, 0, 0),
    "pkey_mprotect, 1 page": (1, 0, 0, 0),
    "pkey_mprotect, 32 pages": (32, 0, 0, 0),
    "pkey_mprotect, 64 pages": (0, 1, 0, 0),
    "pkey_mprotect, 512 pages over a table's end": (0, 1, 0, 0),
    "pkey_mprotect, 16384 pages": (0, 1, 0, 0),
    "pkey_mprotect, 8 pages of 2 MiB": (8, 0, 0, 0),
    "mmap, touch, munmap one page": (1, 0, 0, 1),
    "sched_yield between processes": (0, 2, 0, 0),
    "sched_yield between threads": (0, 0, 0, 0),
}


def test_events():
    result = latchkey.run("--icount", PROGRAM, "--events", "--json")
    rows = comparison.checked("Latchkey", result)
    found = {name: tuple(rows[name][event] for event in comparison.EVENTS) for name in EXPECTED}
    assert found == EXPECTED


def test_counts():
    result = latchkey.run("--cpus", "4", PROGRAM, "--counts", "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    asleep = [row for row in rows if row["counts"] == "pkey_set_all, the others asleep"]
    running = [row for row in rows if row["counts"] == "pkey_set_all, the others running"]
    assert [row["threads"] for row in asleep] == [1, 2, 4, 8, 16, 32, 64]
    for row in asleep:
        others = row["threads"] - 1
        assert (row["threads changed"], row["IPIs"]) == (others * row["calls"], 0)
    assert running[0]["IPIs"] == 0
    for row in running[1:]:
        assert 0 < row["IPIs"] <= row["threads changed"]


PAGE = """text
<!-- make bench PARTS=compare -->
old
<!-- end of PARTS=compare -->
more
<!-- make bench PARTS=count -->
old
<!-- end of PARTS=count -->
end
"""


def test_a_part_writes_its_table_alone(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    for _ in range(2):  # again and again
        comparison.rewrite("count", ["| new |"], path)
    compared, counted = PAGE.split("more\n")
    assert path.read_text() == compared + "more\n" + counted.replace("old\n", "\n| new |\n\n")


def test_page_without_marks(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("text\n")
    with pytest.raises(comparison.ComparisonError):
        comparison.rewrite("compare", [], path)
    assert path.read_text() == "text\n"


def documented():
    """The figures of Latchkey in docs/performance.md, by operation."""
    with open(comparison.DOCUMENT) as file:
        cells = [line.split(" | ") for line in file if line.startswith("| ")]
    figures = {row[0].removeprefix("| "): row[2] for row in cells if len(row) == 4}
    return {name: int(figures[text].replace(",", ""))
            for name, text in comparison.DOCUMENTED.items()}  # fmt: skip


def test_every_target_is_on_the_page():
    assert comparison.TARGETS.keys() <= documented().keys()


@pytest.mark.all
def test_the_page_is_fresh():
    """`make bench` writes the page's figures; here they are measured again."""
    rows = comparison.checked(
        "Latchkey", comparison.run_latchkey(latchkey.built("host", "pkbench"))
    )
    stale = {
        name: (figure, rows[name]["ticks"])
        for name, figure in documented().items()
        if abs(rows[name]["ticks"] - figure) > max(5, figure * 0.03)
    }
    assert not stale, f"run make bench: {stale}"


def test_wrong_option():
    result = latchkey.run(PROGRAM, "--everything")
    assert (result.returncode, result.stderr.splitlines()[-1][:14]) == (2, "usage: pkbench")
