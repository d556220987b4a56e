# SPDX-License-Identifier: MIT
"""Reads a bring-up report strictly by the grammar of docs/bring-up.md."""

import binascii
import re
from collections import namedtuple

LINE = re.compile(r"(.*) # crc=([0-9a-f]{4})$")
FIELD = re.compile(r' (cpu|apic|phase|expected|found|known|warning)=("[^"\\#]*"|\S+)')
RESULT = re.compile(r"(ok|not ok) (\d+) - ([a-z0-9_]+)((?: [a-z]+=(?:\"[^\"]*\"|\S+))*)(.*)$")

Report = namedtuple("Report", "begin results end")
Result = namedtuple("Result", "outcome test cpu apic phase fields reason")


def checked(line):
    """The line without its CRC, which must be right."""
    match = LINE.match(line)
    assert match, f"no CRC: {line}"
    assert binascii.crc_hqx(match[1].encode(), 0xFFFF) == int(match[2], 16), f"wrong CRC: {line}"
    return match[1]


def _result(line, number):
    match = RESULT.match(checked(line))
    assert match and int(match[2]) == number, f"not result {number}: {line}"
    fields = {name: value.strip('"') for name, value in FIELD.findall(match[4])}
    outcome = "fail" if match[1] == "not ok" else "pass"
    _, skipped, reason = match[5].partition(" # SKIP ")
    if skipped:
        outcome = "skip"
    cpu = fields.pop("cpu")
    return Result(
        outcome,
        match[3],
        None if cpu == "-" else int(cpu),
        int(fields.pop("apic")),
        fields.pop("phase"),
        fields,
        reason,
    )


def parse(log):
    """The report in a log, which must be whole and consistent."""
    lines = log.replace("\r", "").splitlines()
    assert lines.count("KTAP version 1") == 1, log
    lines = lines[lines.index("KTAP version 1") + 1 :]
    planned = int(re.fullmatch(r"1\.\.(\d+)", lines[0])[1])
    begin = checked(lines[1])
    assert begin.startswith(f"# bringup begin format=1 results={planned} "), begin
    assert ' kernel="Latchkey ' in begin, begin
    results = []
    for line in lines[2:]:
        if line.startswith(("ok ", "not ok ")):
            results.append(_result(line, len(results) + 1))
        elif line.startswith("# bringup end "):
            end = checked(line)
            break
    else:
        raise AssertionError(f"no end line in:\n{log}")
    count = {outcome: 0 for outcome in ("pass", "fail", "skip")}
    for result in results:
        count[result.outcome] += 1
    verdict = "fail" if count["fail"] else "pass"
    counts = " ".join(f"{outcome}={number}" for outcome, number in count.items())
    assert end == f"# bringup end {counts} total={planned} verdict={verdict}", end
    assert len(results) == planned
    return Report(begin, results, end)
