# SPDX-License-Identifier: MIT
"""The bring-up suite: on which machines it passes, what it says of emulators, and that faults put
into the machine are found and named with their CPU.
"""

import os
import re
import sys

import acpi
import bringup
import debugger
import mistakes
import pytest
from test_smp import GOOD, boot

import latchkey

sys.path.insert(0, os.path.join(latchkey.ROOT, "tools", "lib"))

import bringup_report  # noqa: E402

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("bringup")]

# Name: options of tools/run, and the APIC ids.
MACHINES = {
    "max": ("--cpu max", [0]),
    "skylake-server-4": ("--cpu Skylake-Server --cpus 4", [0, 1, 2, 3]),
    "epyc-milan-2x1x2": ("--cpu EPYC-Milan --cpus 2x1x2", [0, 1, 2, 3]),
    "bios": ("--iso --cpus 2", [0, 1]),
    "uefi": ("--uefi --cpu Skylake-Server --cpus 2", [0, 1]),
    "bochs-1x1x2": ("--bochs --cpus 1x1x2", [0, 1]),
}

DOCUMENT = os.path.join(latchkey.ROOT, "docs", "bring-up.md")


def documented_differences():
    """All that a report may name as known of an emulator, without the counts."""
    with open(DOCUMENT) as file:
        section = re.search("## Differences of emulators\n(.*?)\n## ", file.read(), re.DOTALL)[1]
    return set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))


def cases():
    for name, (options, ids) in MACHINES.items():
        words = ["--append", "bringup seed=1", "--show-log", "--inside", "/bin/true"]
        yield pytest.param(ids, [*options.split(), *words], id=name)


@pytest.mark.parametrize("ids, arguments", cases())
def test_machine(ids, arguments):
    """Every test on every CPU; the machine goes on to the first program afterwards."""
    result = latchkey.run(*arguments)
    assert result.returncode == 0, result.stderr[-2000:]
    report = bringup.parse(result.stderr)
    failed = [line for line in report.results if line.outcome == "fail"]
    assert not failed
    assert [line.apic for line in report.results if line.test == "identity"] == ids
    emulator = "Bochs" if "emulator=bochs" in report.begin else "QEMU"
    known = {name for name in documented_differences() if name.startswith(emulator)}
    for line in report.results:
        for difference in filter(None, line.fields.get("known", "").split("; ")):
            assert difference.split(" (")[0] in known, line


def run(*options, append="", **more):
    return bringup.parse(boot(*options, append=f"bringup seed=1 {append}", **more))


def failures(report):
    return {(line.test, line.apic) for line in report.results if line.outcome == "fail"}


def test_choice():
    report = run(append="tests=identity,at_once", cpus=2)
    assert {line.test for line in report.results} == {"identity", "at_once"}
    assert len(report.results) == 6
    assert not failures(report)


def test_choice_of_nothing():
    assert failures(run(append="tests=nothing", cpus=1)) == {("choice", 0)}


@pytest.mark.parametrize(
    "options, append, why",
    [
        (["-cpu", "Skylake-Server,-pku"], "", "this CPU has no protection keys"),
        ([], "nopku", "nopku was asked for"),
    ],
)
def test_no_keys(options, append, why):
    """A board is brought up for its keys: without them it fails, on each CPU, in one clear line."""
    report = run(*options, append=append, cpus=2)
    assert failures(report) == {("cpuid_keys", 0), ("cpuid_keys", 1)}
    assert {line.fields["found"] for line in report.results if line.outcome == "fail"} == {why}
    skipped = {line.test for line in report.results if line.outcome == "skip"}
    assert {"instructions", "oracle", "xsave", "own_value"} <= skipped


def test_absent_cpu(tmp_path):
    """Listed by the firmware, and never there: the others are tested all the same."""
    tables = acpi.options(tmp_path, acpi.madt(*GOOD, acpi.local_apic(77)))
    report = run(*tables, append="tests=identity")
    assert failures(report) == {("start", 77)}
    assert [line.apic for line in report.results if line.test == "identity"] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "end, message", [("onpass=poweroff", "verdict=pass"), ("onfail=poweroff tests=no", "=fail")]
)
def test_end(end, message):
    log = boot(append=f"bringup tests=identity {end}", cpus=1)
    assert message in log
    assert "first program" not in log


# ---- Faults put in ------------------------------------------------------------------------------


def debug(*commands, words=""):
    """The log of a run with two CPUs; GDB's threads are the CPUs, counted from 1."""
    return debugger.debug(*commands, run=f'--cpus 2 --append "bringup seed=1 {words}"')[1]


def reach(function, cpu):
    """The commands that stop when a CPU comes to a function."""
    return [f"break *{function} if $_thread == {cpu + 1}", "continue", "delete"]


def damage(function, *commands, cpu=1, words=""):
    """Does something to a CPU when it comes to a function; returns the report."""
    return bringup.parse(debug(*reach(function, cpu), *commands, "continue", words=words))


def test_cpu_without_pke():
    """CR4.PKE goes off behind the kernel's back."""
    report = damage("crew_serve", "set $cr4 = $cr4 & ~0x400000")
    failed = failures(report)
    assert ("registers", 1) in failed and ("cpuid_keys", 1) in failed, failed
    assert not [apic for _, apic in failed if apic != 1]


# Where a CPU hangs for good, interrupts off.
HANG = "set $rip = power_halt"
HANG_WORDS = "limit=2 tests=pks,identity,registers"


@pytest.mark.parametrize("cpu", [0, 1])
def test_hanging_cpu(cpu):
    """An NMI ends the test, which fails there; all else goes on, be it the boot CPU that hung."""
    report = damage("test_pks", HANG, cpu=cpu, words=HANG_WORDS)
    assert failures(report) == {("pks", cpu)}
    (line,) = [line for line in report.results if line.outcome == "fail"]
    assert line.phase == "each" and line.fields["expected"] == "an end within 2 s"
    assert re.fullmatch("none; at RIP 0x[0-9a-f]+, power_halt[+].*", line.fields["found"])


def deafen(cpu):
    """The commands after which a CPU hangs in a test, and in the NMI that is to end it."""
    return [*reach("test_pks", cpu), HANG, *reach("paranoid_entry", cpu), HANG]


def test_silent_cpu():
    """It never comes back from a test: that and all later ones fail there, and nothing else."""
    report = bringup.parse(debug(*deafen(1), "continue", words=HANG_WORDS))
    assert failures(report) == {("pks", 1)}
    lines = [line for line in report.results if line.test == "pks" and line.apic == 1]
    assert [line.phase for line in lines] == ["each", "all"]
    assert {line.fields["found"] for line in lines} == {"silent since the test pks"}


def test_silent_boot_cpu():
    """There is nobody to go on with the report; another CPU says so."""
    log = debug(*deafen(0), "continue", words=HANG_WORDS)
    assert "kernel panic: the boot CPU does not end a test" in log


def test_error_in_a_bank():
    """A corrected error, which is no exception: the bank is read afterwards."""
    error = "monitor mce 1 5 0x9c00000000000135 0 0x12345000 0x8c"
    report = damage("test_pks", error, words="tests=pks,machine_checks")
    assert failures(report) == {("machine_checks", 1)}
    line = next(line for line in report.results if line.outcome == "fail")
    assert line.fields["found"] == "bank 5: status 0x9c00000000000135, address 0x12345000", line


def test_exception_in_a_test():
    """It jumps to nowhere: a failure of that test alone, with the exception."""
    report = damage("test_pks", "set $rip = 0")
    assert failures(report) == {("pks", 1)}
    line = next(line for line in report.results if line.outcome == "fail")
    assert line.phase == "each" and line.fields["found"].startswith("exception 14, "), line


def test_cpu_with_other_setup():
    """Not set up at all, so not let in: named by its APIC id, with what differs."""
    report = damage("cpu_setup_other", "set $rip = *(unsigned long *)$rsp", "set $rsp = $rsp + 8")
    start = [line for line in report.results if line.test == "start"]
    assert [(line.outcome, line.apic, line.cpu) for line in start] == [("fail", 1, None)]
    assert "CR0" in start[0].fields["found"]


# Mistakes of tests/mistakes: which results fail, by test and APIC id, and words in what was found.
MISTAKES = {
    "cpu-without-keys": ({("start", 2)}, "its CR4 is"),
    "cpu-with-other-state": ({("start", 2)}, "its XCR0 is"),
    "cpu-not-started": ({("start", 2)}, "does not start"),
    "one-ipi-less": ({("shootdown", 1)}, "0"),
    "key-bit-dropped": ({("key_change", apic) for apic in range(4)}, ""),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return mistakes.Tree(tmp_path_factory.mktemp("mistakes"), with_objects=True)


def log_with(tree, mistake, tests):
    """What four CPUs say when the kernel has a mistake."""
    words = f"bringup seed=1 tests={tests}"
    with tree.mistake(mistake):
        tree.make("latchkey.elf")
        run = ["--cpus", "4", "--append", words, "--show-log", "--inside", "/bin/true"]
        return tree.run(*run).stderr


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake(tree, mistake):
    """A kernel that treats a CPU wrongly, or all of them."""
    expected, found = MISTAKES[mistake]
    report = bringup.parse(log_with(tree, mistake, "key_change,shootdown"))
    assert failures(report) == expected
    assert all(found in line.fields["found"] for line in report.results if line.outcome == "fail")


def test_line_that_loses_bytes(tree):
    """Each result that the line spoilt is named, and the CPU that lacks it, and nothing else."""
    log = log_with(tree, "serial-loses-bytes", "identity,cpuid_keys,key_change,at_once,pks,cycles")
    report = bringup_report.read(log.encode())
    assert report.status == 2
    assert report.lost, log
    assert "damaged" in {problem.kind for problem in report.problems}
    incomplete = {row.cpu for row in report.cpus if row.verdict == "incomplete"}
    assert incomplete == {(number - 1) % 4 for number in report.lost}  # a test's lines go by CPU
    assert not report.count(bringup_report.FAILED)
