# SPDX-License-Identifier: MIT
"""The explained report of a fatal fault: crashes.c dies in many ways, reports.txt says what the
kernel must make of each.

One boot runs all ways; the reports stand in the kernel's log in the order of the ways.
"""

import os
import re
import signal
import subprocess

import pytest

import judge
import latchkey

pytestmark = pytest.mark.xdist_group("reports")

SOURCE = os.path.join(latchkey.ROOT, "tests", "host", "crashes.c")
TABLE = os.path.join(latchkey.ROOT, "tests", "host", "reports.txt")
WIDTH = 80
LINES_MAX = 32


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def pattern(words):
    return re.escape(words).replace("\\~", "~").replace("~", "[0-9a-f]+")


class Case:
    """A paragraph of reports.txt."""

    def __init__(self, paragraph):
        head, *rest = paragraph.splitlines()
        self.way, signal_name, *code = head.split()
        self.signal = signal.Signals[signal_name]
        self.end = f"ended by {signal_name}" + (f" ({code[0]})" if code else "")
        self.words = [line.strip(" |") for line in rest if line.startswith("  |")]
        self.why = squeeze(" ".join(line for line in rest if not line.startswith("  |")))


def read_cases():
    with open(TABLE) as file:
        paragraphs = re.split(r"\n\n+", file.read().strip())
    return [Case(paragraph) for paragraph in paragraphs if not paragraph.startswith("#")]


CASES = read_cases()


class Report:
    def __init__(self, text):
        self.lines = text.splitlines()
        self.words = squeeze(text)
        self.why = squeeze(re.search(r"\nwhy (.*)\n---- end", text, re.DOTALL)[1])


def build(path):
    subprocess.run(["gcc", "-static", "-O1", "-Wall", "-o", path, SOURCE], check=True)
    return path


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return build(tmp_path_factory.mktemp("reports") / "crashes")


def run(program, ways, *options):
    """Runs the ways in one boot; returns their signals and their reports, by name."""
    log = program.with_suffix(".log")
    result = latchkey.run("--log", log, "--append", "reports=all", *options, program, *ways)
    assert result.returncode == 0, result.stderr
    signals = {way: int(number) for way, number in map(str.split, result.stdout.splitlines())}
    text = log.read_text().replace("\r", "")
    found = re.findall(r"---- fault report.*?---- end of report\n", text, re.DOTALL)
    died = [way for way in ways if signals[way]]
    assert len(found) == len(died)
    return signals, dict(zip(died, map(Report, found)))


@pytest.fixture(scope="module")
def outcome(program):
    return run(program, [case.way for case in CASES])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.way)
def test_report(case, outcome):
    signals, reports = outcome
    assert signals[case.way] == case.signal
    report = reports[case.way]
    assert re.match("---- fault report: .* " + re.escape(case.end) + "$", report.lines[0])
    for words in case.words:
        assert re.search(pattern(words), report.words), words
    assert re.fullmatch(pattern(case.why), report.why)


def test_reports_are_short_and_narrow(outcome):
    for way, report in outcome[1].items():
        assert len(report.lines) <= LINES_MAX, way
        assert max(map(len, report.lines)) <= WIDTH, way
        assert all(line == line.rstrip() for line in report.lines), way


@pytest.mark.parametrize(
    "options, reason",
    [
        (["--append", "nopku"], "nopku was asked for"),
        (["--cpu", "qemu64,-pku"], "this CPU has no protection keys"),
        (["--cpu", "qemu64,+pku"], "this CPU has no XSAVE, in whose image PKRU travels"),
    ],
    ids=["nopku", "qemu64", "qemu64-pku"],
)
def test_without_keys(program, options, reason):
    signals, reports = run(program, ["rdpkru", "read_only_write"], *options)
    assert signals == {"rdpkru": signal.SIGILL, "read_only_write": signal.SIGSEGV}
    assert reports["rdpkru"].why == (
        f"RDPKRU is an invalid opcode while CR4.PKE is 0, and it is 0 because {reason}."
    )
    assert "PKRU none: protection keys are" in reports["read_only_write"].words


def questions():
    """The same ways on Linux. Its int 0x30, far jump and SGDT are Linux's own affair."""
    ours = {"int_0x30", "far_jump", "sgdt"}
    ways = tuple(case.way for case in CASES if case.way not in ours)
    return [judge.Question(build(judge.path_for("crashes")), ways)]


@pytest.mark.xdist_group("judge")
def test_signals_are_linuxs(outcome, tmp_path):
    [question] = questions()
    linux = judge.answer(question, tmp_path)
    assert linux.status == 0, linux
    for line in linux.stdout.splitlines():
        way, number = line.split()
        assert int(number) == outcome[0][way], way


def test_explain_prints_the_report(program):
    """A single program, as a person runs it: the report is on standard error, the status 139."""
    null = program.parent / "null"
    source = "int main(void) { *(volatile int *)8 = 1; }"
    subprocess.run(
        ["gcc", "-static", "-O1", "-w", "-x", "c", "-", "-o", null],
        input=source, text=True, check=True,
    )  # fmt: skip
    result = latchkey.run("--explain", null)
    assert result.returncode == 128 + signal.SIGSEGV
    assert "Nothing is mapped at address 0x8" in squeeze(result.stderr)


LOOP = r"""
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* loop COUNT SECONDS: so many children crash and so many find a file that is no program. */
int main(int argc, char **argv)
{
    int fd = open("nonsense\033", O_CREAT | O_WRONLY, 0700);

    write(fd, "\177ELF", 4);
    close(fd);
    for (int i = 0; i < 2 * atoi(argv[1]); i++) {
        if (fork() == 0) {
            if (i % 2)
                _exit(execl("nonsense\033", "nonsense", (char *)NULL));
            prctl(PR_SET_NAME, "a\n---- fault");
            *(volatile char *)1 = 1;
        }
        wait(NULL);
    }
    sleep(atoi(argv[2]));
    *(volatile char *)2 = 1;
    return argc;
}
"""


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    path = tmp_path_factory.mktemp("loop") / "loop"
    command = ["gcc", "-static", "-O1", "-w", "-x", "c", "-", "-o", path]
    subprocess.run(command, input=LOOP, text=True, check=True)
    return path


def run_loop(loop, count, seconds, *options):
    log = loop.with_suffix(".log")
    result = latchkey.run("--log", log, *options, loop, str(count), str(seconds))
    assert result.returncode == 128 + signal.SIGSEGV
    return log.read_text().replace("\r", "").splitlines()


@pytest.mark.parametrize("cpus", ["1", "2"])
def test_what_a_program_repeats_is_left_out(loop, cpus):
    """Ten of each kind, the first program's own report, and how many there would have been."""
    lines = run_loop(loop, 40, 0, "--cpus", cpus)
    heads = [line for line in lines if line.startswith("---- fault report: ")]
    assert [re.search(r"pid (\d+)", head)[1] for head in heads[:3]] == ["2", "4", "6"]
    assert len(heads) == 11
    assert heads[0].startswith("---- fault report: a?---- fault (pid 2)")
    assert "(pid 1)" in heads[-1]
    assert sum("nonsense? cannot be run: " in line for line in lines) == 10
    assert "30 more reports were left out" in lines
    assert "30 more messages about files that cannot be run were left out" in lines


@pytest.mark.all
def test_what_was_left_out_is_told_in_time(loop):
    """Though nothing more is reported: ten seconds later, before the program goes on."""
    lines = run_loop(loop, 12, 12)
    told = lines.index("2 more reports were left out")
    last = max(i for i, line in enumerate(lines) if line.startswith("---- fault report: "))
    assert told < last


def test_no_report_is_left_out_on_request(loop):
    lines = run_loop(loop, 40, 0, "--append", "reports=all")
    assert sum(line.startswith("---- fault report: ") for line in lines) == 41
    assert not any("reports were left out" in line for line in lines)
