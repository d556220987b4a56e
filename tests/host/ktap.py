# SPDX-License-Identifier: MIT
"""Reads a KTAP report, as the tests of ring 3 and of the kernel print it."""

import re
from collections import namedtuple

PLAN = re.compile(r"1\.\.(\d+)$")
RESULT = re.compile(r"(not )?ok (\d+)(?: - (.*?))?(?:\s+# SKIP(?: (.*))?)?$")

# outcome is "passed", "failed" or "skipped", the last with a reason; notes are the lines "# ..."
# printed since the result before.
Result = namedtuple("Result", "name outcome notes reason", defaults=("",))


class IncompleteReport(AssertionError):
    """The report is not whole, so what it says does not count as a pass."""


def parse(text):
    """Returns the results of the one report in text; other lines are no part of it."""
    _, version_line, report = text.partition("KTAP version 1\n")
    if not version_line:
        raise IncompleteReport(f"there is no KTAP report in:\n{text}")
    planned = None
    results = []
    notes = []
    for line in report.splitlines():
        if plan := PLAN.match(line):
            planned = int(plan[1])
        elif line.startswith("# "):
            notes.append(line)
        elif result := RESULT.match(line):
            results.append(_result(result, len(results) + 1, notes))
            notes = []
    if planned is None:
        raise IncompleteReport(f"there is no plan in:\n{text}")
    if len(results) != planned:
        raise IncompleteReport(f"{len(results)} results of {planned} in:\n{text}")
    return results


def _result(match, number, notes):
    if int(match[2]) != number:
        raise IncompleteReport(f"result {match[2]} stands where {number} should: {match[0]}")
    name = match[3] or f"test {number}"
    if match[1]:
        return Result(name, "failed", notes)
    if "# SKIP" in match[0]:
        return Result(name, "skipped", notes, match[4] or "")
    return Result(name, "passed", notes)
