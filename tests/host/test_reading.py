# SPDX-License-Identifier: MIT
"""The questions of docs/reading.md: one for each row of the reading path, and what answers them."""

import os
import re
import subprocess

import pytest

import latchkey

pytestmark = pytest.mark.xdist_group("reading")

DOCUMENT = os.path.join(latchkey.ROOT, "docs", "reading.md")
QUESTION = re.compile(r"^\*\*(\d+)\.\*\* (.*?)(?=^\*\*\d+\.\*\* |\Z)", re.M | re.S)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ |```).*\n)*)", re.M)


def questions():
    with open(DOCUMENT) as file:
        return QUESTION.findall(file.read())


def pattern(line):
    """A line of the document, in which dots stand for what may differ."""
    return re.compile(r".*?".join(re.escape(part) for part in line.split("...")) + r"\s*$", re.M)


def run(command):
    words = command.replace(" build/", f" {latchkey.BUILD}/")
    result = subprocess.run(
        words, shell=True, capture_output=True, text=True, cwd=latchkey.ROOT, timeout=300
    )
    return result.stdout


@pytest.mark.parametrize("number, text", questions(), ids=[q[0] for q in questions()])
def test_question(number, text):
    commands = COMMAND.findall(text)
    assert commands
    for command, answer in commands:
        output = run(command)
        at = 0
        lines = [line for line in answer.splitlines() if line.strip(" .")]
        assert lines
        for line in lines:
            found = pattern(line).search(output, at)
            assert found, f"{command}\nhas no line\n{line}\nin\n{output}"
            at = found.end()


def test_each_row_has_one():
    with open(os.path.join(latchkey.ROOT, "docs", "README.md")) as file:
        rows = re.findall(r"^\| (\d+) \| \[", file.read(), re.M)
    assert [number for number, _ in questions()] == rows
