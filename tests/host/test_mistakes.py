# SPDX-License-Identifier: MIT
"""Each mistake of tests/mistakes is noticed by all the tests that docs/testing.md names for it, and
they pass without one.
"""

import os

import latchkey
import mistakes
import pytest

ROWS = mistakes.rows()


def identity(row):
    return f"{row.mistake}-{row.machine}".translate(str.maketrans(" =", "--", ","))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return mistakes.Tree(tmp_path_factory.mktemp("mistakes"), with_objects=True)


@pytest.mark.long(sample=3)
@pytest.mark.parametrize("row", ROWS, ids=identity)
def test_row(tree, row):
    missed = mistakes.what_is_missed(tree, row)
    assert not missed, f"{row.mistake}: not noticed by {', '.join(missed)}\n{missed}"


@pytest.mark.long
@pytest.mark.parametrize("machine", sorted({row.machine for row in ROWS}))
def test_nothing_is_noticed_without_a_mistake(tree, machine):
    place = mistakes.Machine(tree, machine)
    place.build()
    for name in sorted({test.name for row in ROWS if row.machine == machine for test in row.tests}):
        failed, said = place.notices(name)
        assert not failed, name + said[-2000:]


def test_every_mistake_has_its_row():
    """A patch without a row is tried by nobody, and a row that cannot be read is no row."""
    assert {row.mistake for row in ROWS} == set(mistakes.patches())
    known = {"ring 0", "bringup", "tools/report", "fuzz", "exhaust"}
    known.update(latchkey.names("tests/ring3/*"), latchkey.names("user"))
    for row in ROWS:
        assert row.tests and set(row.machine.split(", ")) <= set(mistakes.MACHINES), row
        for test in row.tests:
            name = test.name.removeprefix("fail-nth ")
            assert name in known or os.path.exists(
                os.path.join(latchkey.ROOT, "tests", "host", name.split()[0])
            ), row
