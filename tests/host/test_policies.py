# SPDX-License-Identifier: MIT
"""docs/policies.md says, attack by attack, what comes of it with and without policies: just what
the tests that make these attacks print, and a reason for each.
"""

import os
import re

import latchkey

PROGRAMS = ("attacks_memory", "attacks_rights", "attacks_open")


def printed(program):
    result = latchkey.run(latchkey.built("tests", program))
    assert result.returncode == 0, result.stdout + result.stderr
    return [
        line.split(" | ") for line in re.findall(r"^# \| (.*) \|$", result.stdout, re.MULTILINE)
    ]


def documented():
    with open(os.path.join(latchkey.ROOT, "docs", "policies.md")) as file:
        _, _, table = file.read().partition("| way | without | stopped by | then | why |\n")
    rows = table.partition("\n\n")[0].splitlines()[1:]
    return [row.strip("| ").split(" | ") for row in rows]


def test_ways_round_a_key():
    rows = documented()
    assert [row[:4] for row in rows] == [row for program in PROGRAMS for row in printed(program)]
    assert all(len(row) == 5 and row[4] for row in rows)
