# SPDX-License-Identifier: MIT
"""Reads the report of a bring-up out of a serial line's log, and says what the line did to it.

The grammar is docs/bring-up.md's. Whatever else the log holds is passed over. What the report says
is in results, and what is wrong with the report itself in problems: such a report is no pass.
"""

import binascii
import re
from collections import namedtuple

PASSED, FAILED, SKIPPED = OUTCOMES = ("passed", "failed", "skipped")
PHASES = {"start": "at its start", "each": "by itself", "all": "all at once"}
# A log may be anything; its gaps are not named beyond this many numbers.
MOST_RESULTS = 1_000_000

_NUMBER = r"[0-9]+"
_TEXT = r'"[ !$-\[\]-~]*"'  # 0x20 to 0x7e but ", # and \
_FIELDS = "expected found known warning".split()
_CRC = re.compile(r" # crc=([0-9a-f]{4})$")
_BEGIN = re.compile(
    rf"# bringup begin format=1 results=(?P<results>{_NUMBER}) cpus=(?P<cpus>{_NUMBER})"
    rf" absent=(?P<absent>{_NUMBER}) tests=(?P<tests>{_NUMBER}) seed=(?P<seed>0|0x[0-9a-f]+)"
    rf" emulator=(?P<emulator>none|tcg|bochs)(?: model=(?P<model>{_TEXT}))?"
    rf"(?: kernel=(?P<kernel>{_TEXT}))?"
)
_RESULT = re.compile(
    rf"(?P<not>not )?ok (?P<number>{_NUMBER}) - (?P<test>[a-z0-9_]+) cpu=(?P<cpu>-|{_NUMBER})"
    rf" apic=(?P<apic>{_NUMBER}) phase=(?P<phase>{'|'.join(PHASES)})"
    + "".join(rf"(?: {name}=(?P<{name}>{_TEXT}))?" for name in _FIELDS)
    + r"(?: # SKIP (?P<reason>[ !$-\[\]-~]*))?"
)
_END = re.compile(
    rf"# bringup end pass=(?P<passed>{_NUMBER}) fail=(?P<failed>{_NUMBER})"
    rf" skip=(?P<skipped>{_NUMBER}) total=(?P<total>{_NUMBER}) verdict=(?P<verdict>pass|fail)"
)
# What only a line of the report has, whole or in pieces.
_REMAINS = re.compile(r"# bringup|# crc=|\bapic=\d|\bphase=(start|each|all)\b")
_RESULT_START = re.compile(r"(not )?ok \d+ - ")
_PANIC = "==== kernel panic"

# cpu is None for a CPU that never got a number; texts that the line has not are None.
Result = namedtuple(
    "Result", "number outcome test cpu apic phase expected found known warning reason"
)
# verdict is one of VERDICTS; apic is None for a CPU that is counted by the begin line and says
# nothing.
Cpu = namedtuple("Cpu", "cpu apic results verdict")
VERDICTS = "passed failed warning incomplete silent".split()
# kind is lost, repeated, contradictory, damaged, short, mismatch, panic or missing.
Problem = namedtuple("Problem", "kind message")

NO_REPORT = (
    "there is no report in the log: not one line of it. Was the board booted with the word bringup,"
    " and is this its serial line, at the right speed?"
)


def crc16(data):
    """CRC-16/CCITT-FALSE."""
    return binascii.crc_hqx(data, 0xFFFF)


class Report:
    """One report. begin and end hold the fields of those lines, or are None where they are lost.

    results is a list by number. remarks are about the log and spoil nothing.
    """

    def __init__(self):
        self.begin = None
        self.end = None
        self.remarks = []
        self._by_number = {}
        self._damaged = []
        self._contradictory = []
        self._panic = None

    @property
    def results(self):
        return [self._by_number[number] for number in sorted(self._by_number)]

    @property
    def planned(self):
        """How many results there should be, as far as the log tells."""
        for line, field in ((self.begin, "results"), (self.end, "total")):
            if line:
                return min(int(line[field]), MOST_RESULTS)
        return max(self._by_number, default=0)

    @property
    def lost(self):
        return [n for n in range(1, self.planned + 1) if n not in self._by_number]

    def count(self, outcome):
        return sum(result.outcome == outcome for result in self._by_number.values())

    @property
    def cpus(self):
        """A list of Cpu, by number and then those without one."""
        rows = {}
        for result in self.results:
            key = (result.cpu is None, result.apic if result.cpu is None else result.cpu)
            rows.setdefault(key, []).append(result)
        for cpu in range(min(int(self.begin["cpus"]), MOST_RESULTS) if self.begin else 0):
            rows.setdefault((False, cpu), [])
        expected = self._results_of_a_cpu(rows.values()) if self.lost else 0
        return [
            Cpu(
                None if absent else number,
                found[0].apic if found else None,
                found,
                _verdict(found, 0 if absent else expected),
            )
            for (absent, number), found in sorted(rows.items())
        ]

    def _results_of_a_cpu(self, rows):
        """As the begin line has it: each CPU has the same number, and an absent one a failure."""
        most = max(map(len, rows), default=0)
        if not self.begin or not int(self.begin["cpus"]):
            return most
        return max(most, (self.planned - int(self.begin["absent"])) // int(self.begin["cpus"]))

    @property
    def problems(self):
        panic = [Problem("panic", self._panic)] if self._panic else []
        if self.is_empty:
            return [Problem("missing", NO_REPORT)] + panic
        problems = []
        if self.begin is None:
            problems.append(Problem("missing", "the begin line is lost or damaged"))
        problems += self._damaged + self._contradictory
        if self.lost:
            noun = "result is" if len(self.lost) == 1 else "results are"
            problems.append(Problem("lost", f"{len(self.lost)} {noun} lost: {_ranges(self.lost)}"))
        if self.end is None:
            last = max(self._by_number, default=0)
            problems.append(
                Problem(
                    "short", f"the report is short: it has no end line; the last result is {last}"
                )
            )
        else:
            problems += self._mismatches()
        if silent := [row.cpu for row in self.cpus if not row.results]:
            problems.append(Problem("lost", f"no result from CPU {_ranges(silent)}"))
        return problems + panic

    @property
    def status(self):
        """What tools/report exits with."""
        if self.problems:
            return 2
        return 1 if self.count(FAILED) else 0

    @property
    def verdict(self):
        return ("passed", "failed", "bad report")[self.status]

    def _mismatches(self):
        """What the end line says against the results, where none of them is lost."""
        total = self.planned
        if int(self.end["total"]) != total:
            yield Problem("mismatch", f"the end line counts {self.end['total']} results of {total}")
        elif not self.lost:
            for outcome in OUTCOMES:
                if int(self.end[outcome]) != self.count(outcome):
                    text = f"the end line counts {self.end[outcome]} {outcome}"
                    yield Problem("mismatch", f"{text}, the results {self.count(outcome)}")
        if (self.end["verdict"] == "fail") != (int(self.end["failed"]) > 0):
            yield Problem("mismatch", f"the end line's verdict is {self.end['verdict']}")
        if extra := [n for n in self._by_number if not 1 <= n <= total]:
            yield Problem("mismatch", f"results beyond the plan: {_ranges(sorted(extra))}")

    # ---- Taking lines -------------------------------------------------------------------------

    @property
    def is_open(self):
        return self.begin is not None and self.end is None

    @property
    def is_empty(self):
        return not (self.begin or self.end or self._by_number or self._damaged)

    def take_result(self, result, where):
        earlier = self._by_number.setdefault(result.number, result)
        if earlier is result:
            return
        if earlier == result:
            self.remarks.append(f"{where}: result {result.number} is repeated")
        else:
            text = f"{where}: there is another result {result.number}, which says otherwise"
            self._contradictory.append(Problem("contradictory", text))

    def take_damaged(self, line, where):
        shown = "".join(c if " " <= c <= "~" else "?" for c in line)
        shown = shown if len(shown) <= 100 else shown[:97] + "..."
        self._damaged.append(Problem("damaged", f"{where}: a damaged line: {shown}"))

    def take_panic(self, where):
        if (self.is_open or self.is_empty) and not self._panic:
            self._panic = f"{where}: the kernel panicked before the end of the report"


def read(data):
    """Returns the last Report in a log's bytes; it may be one that has nothing but problems."""
    reports = [Report()]
    for position, raw in enumerate(data.split(b"\n"), 1):
        _take_line(reports, raw.rstrip(b"\r"), f"line {position}")
    report = reports[-1]
    if len(reports) > 1:
        report.remarks.insert(0, f"the log has {len(reports)} reports; this is the last")
    return report


def _take_line(reports, raw, where):
    report = reports[-1]
    line = raw.decode("latin-1")
    body = _body(line)
    if body and (match := _RESULT.fullmatch(body)):
        report.take_result(_result(match), where)
    elif body and (match := _BEGIN.fullmatch(body)):
        _take_begin(reports, _plain(match), where)
    elif body and (match := _END.fullmatch(body)):
        if report.end is not None:
            report.remarks.append(f"{where}: the end line is repeated")
        report.end = _plain(match)
    elif _REMAINS.search(line) or (report.is_open and _RESULT_START.match(line)):
        report.take_damaged(line, where)
    elif line.startswith(_PANIC):
        report.take_panic(where)


def _take_begin(reports, begin, where):
    report = reports[-1]
    if report.begin == begin and not report.results:
        report.remarks.append(f"{where}: the begin line is repeated")
    else:
        if report.is_empty:
            reports.pop()
        reports.append(Report())
        reports[-1].begin = begin


def _body(line):
    """The line before its CRC if that is right, else None."""
    match = _CRC.search(line)
    if not match:
        return None
    body = line[: match.start()]
    return body if crc16(body.encode("latin-1")) == int(match[1], 16) else None


def _plain(match):
    return {name: text.strip('"') for name, text in match.groupdict().items() if text is not None}


def _result(match):
    fields = _plain(match)
    outcome = FAILED if match["not"] else SKIPPED if match["reason"] is not None else PASSED
    return Result(
        int(fields["number"]),
        outcome,
        fields["test"],
        None if fields["cpu"] == "-" else int(fields["cpu"]),
        int(fields["apic"]),
        fields["phase"],
        *(fields.get(name) for name in (*_FIELDS, "reason")),
    )


def _verdict(results, expected):
    """One word for a CPU with these results, of which there should be as many as expected."""
    if not results:
        return "silent"
    if any(result.outcome == FAILED for result in results):
        return "failed"
    if len(results) < expected:
        return "incomplete"
    return "warning" if any(result.warning for result in results) else "passed"


def _ranges(numbers, most=12):
    """Rising numbers in words: 3, 5-9."""
    runs = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [str(a) if a == b else f"{a}-{b}" for a, b in runs[:most]]
    return ", ".join(shown + (["..."] if len(runs) > most else []))


def cpu_name(cpu, apic):
    if cpu is None:
        return f"APIC id {apic}"
    return f"CPU {cpu}"
