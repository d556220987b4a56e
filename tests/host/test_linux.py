# SPDX-License-Identifier: MIT
"""Runs the ring-3 tests on a Linux with protection keys, which is the judge of what they expect."""

import pytest

import judge
import latchkey


def question(program):
    return judge.Question(latchkey.built("host", program))


def questions():
    return [question(program) for program in latchkey.names("tests/ring3/*")]


@pytest.mark.xdist_group("judge")
@pytest.mark.parametrize("program", latchkey.names("tests/ring3/*"))
def test_linux(program, ktap, tmp_path):
    outcome = judge.answer(question(program), tmp_path)
    assert outcome.status in (0, 1), outcome
    ktap(outcome.stdout, linux=True)
