# SPDX-License-Identifier: MIT
"""The machine's CPUs: how many come up where, what the boot log says of each, and what becomes of a
firmware's list that is wrong. Every boot ends as soon as a program has said what it sees.
"""

import os
import re
import subprocess
import sys

import acpi
import debugger
import pytest

import latchkey

sys.path.insert(0, os.path.join(latchkey.ROOT, "tools", "lib"))

import cpio  # noqa: E402

pytestmark = pytest.mark.all

# A row of the boot log's table of CPUs.
ROW = re.compile(
    r" +(?P<cpu>\d+) +(?P<apic_id>\d+)  (?P<features>[0-9a-f]{8}  [0-9a-f]{8}  [0-9a-f]{8})"
    r" +(?P<pke>[01])  (?P<xcr0>0x[0-9a-f]+) +(?P<offset>\d+) +(?P<tsc>-?\d+)\s*$",
    re.MULTILINE,
)

QEMU = "qemu-system-x86_64"
CPUS_FILE = "/sys/kernel/debug/latchkey/cpus"

# Name: options, and the APIC ids expected.
MACHINES = {
    "1": ("--cpus 1", [0]),
    "2": ("--cpus 2", [0, 1]),
    "4": ("--cpus 4", [0, 1, 2, 3]),
    "16": ("--cpus 16", list(range(16))),
    "sparse": ("--cpus 2x3x2", [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13]),
    "maxcpus": ("--cpus 8 --append maxcpus=3", [0, 1, 2]),
    "fxsave": ("--cpus 2 --cpu qemu64,+pku,+xsave", [0, 1]),
    "no-pku": ("--cpus 2 --append nopku", [0, 1]),
    "bios": ("--iso --cpus 16", list(range(16))),
    "uefi": ("--uefi --cpus 4", [0, 1, 2, 3]),
    "bochs": ("--bochs --cpus 4", [0, 1, 2, 3]),
    "bochs-x2apic": ("--bochs --cpus 4 --append x2apic", [0, 1, 2, 3]),
}


def rows(text):
    return [match.groupdict() for match in ROW.finditer(text)]


def cases():
    for name, (options, ids) in MACHINES.items():
        yield pytest.param(ids, options.split(), id=name)


@pytest.mark.parametrize("ids, options", cases())
def test_cpus(ids, options):
    result = latchkey.run(*options, "--show-log", "--inside", "/bin/cat", CPUS_FILE)
    assert result.returncode == 0, result.stderr[-2000:]
    table = rows(result.stdout)
    assert table == rows(result.stderr), "the file and the boot log differ"
    assert [int(row["cpu"]) for row in table] == list(range(len(ids)))
    assert [int(row["apic_id"]) for row in table] == ids
    assert {row["pke"] for row in table} == {"0" if "nopku" in options else "1"}
    for column in ("features", "xcr0", "offset"):
        assert len({row[column] for row in table}) == 1, column
    assert "FAILED" not in result.stderr


# ---- The firmware's list ------------------------------------------------------------------------


def single_steps():
    """Options of a QEMU that looks for interrupts before each instruction; others since 8.1."""
    words = subprocess.run([QEMU, "--version"], stdout=subprocess.PIPE, text=True).stdout
    version = tuple(map(int, re.search(r"version (\d+)\.(\d+)", words).groups()))
    return (
        ["-accel", "tcg,one-insn-per-tb=on"]
        if version >= (8, 1)
        else ["-accel", "tcg", "-singlestep"]
    )


def boot(*options, cpus=4, append="", accelerator=("-accel", "tcg")):
    """Boots the kernel on a machine without tools/run; returns its messages."""
    command = [QEMU, "-nodefaults", "-display", "none", *accelerator]
    command += ["-cpu", "max", "-m", "128M", "-no-reboot", "-serial", "stdio", "-smp", str(cpus)]
    command += ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04", *options]
    command += ["-kernel", latchkey.built("latchkey.elf"), "-append", f"exit=debug {append}"]
    result = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=latchkey.TIME_LIMIT
    )
    return result.stdout.decode(errors="replace").replace("\r", "")


def apic_ids(log):
    return [int(row["apic_id"]) for row in rows(log)]


GOOD = [acpi.local_apic(number) for number in range(4)]

# Name: the tables, how they are laid out, the APIC ids that come up, and words of the boot log.
LISTS = {
    "good": ([acpi.madt(*GOOD)], {}, [0, 1, 2, 3], []),
    "x2apic-entries": ([acpi.madt(*map(acpi.x2apic, range(4)))], {}, [0, 1, 2, 3], []),
    "no-madt": ([acpi.table(b"NONE", b"")], {}, [0], ["1 of 1 up"]),
    "bad-checksum": (
        [acpi.madt(*GOOD)],
        {"unsummed": [0]},
        [0],
        ["acpi       APIC has a wrong checksum"],
    ),
    "bad-root": (
        [acpi.madt(*GOOD)],
        {"broken_rsdp": True},
        [0],
        ["acpi       RSDP has a wrong name or checksum", "acpi       no table can be used"],
    ),
    "entry-of-length-0": (
        [acpi.madt(*GOOD[:2], b"\0\0", *GOOD[2:])],
        {},
        [0, 1],
        ["acpi       APIC has an entry of impossible length, at offset 0x3c"],
    ),
    "entry-beyond-the-end": (
        [acpi.madt(*GOOD[:3], b"\0\xff")],
        {},
        [0, 1, 2],
        ["acpi       APIC has an entry of impossible length"],
    ),
    "other-order": ([acpi.madt(*GOOD[::-1])], {}, [0, 3, 2, 1], []),
    "listed-twice": ([acpi.madt(*GOOD, *GOOD)], {}, [0, 1, 2, 3], []),
    "turned-off": ([acpi.madt(*GOOD[:3], acpi.local_apic(3, 0))], {}, [0, 1, 2], ["3 of 3 up"]),
    "boot-cpu-missing": ([acpi.madt(*GOOD[1:])], {}, [0, 1, 2, 3], ["APIC id 0, is not in"]),
    "absent": (
        [acpi.madt(*GOOD, acpi.local_apic(77))],
        {},
        [0, 1, 2, 3],
        ["cpus       FAILED: the CPU with APIC id 77 does not start", "4 of 5 up"],
    ),
    "beyond-xapic": (
        [acpi.madt(*GOOD, acpi.x2apic(300))],
        {},
        [0, 1, 2, 3],
        ["cpus       FAILED: the CPU with APIC id 300 cannot be reached in xAPIC mode"],
    ),
    "too-many": (
        [acpi.madt(*map(acpi.x2apic, range(4)), *map(acpi.x2apic, range(1000, 1300)))],
        {},
        [0, 1, 2, 3],
        ["acpi       APIC has more CPUs than Latchkey can use", "APIC id 1000 cannot be reached"],
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_list_of_cpus(name, tmp_path):
    tables, layout, ids, words = LISTS[name]
    log = boot(*acpi.options(tmp_path, *tables, **layout))
    assert apic_ids(log) == ids, log
    assert "panic" not in log
    for word in words:
        assert word in log, log


def test_second_list_of_cpus(tmp_path):
    """QEMU's own tables are good; one more, which makes no sense, changes nothing."""
    (tmp_path / "data").write_bytes(bytes(8) + b"\0\0" + bytes(100))
    log = boot("-acpitable", f"sig=APIC,data={tmp_path}/data")
    assert apic_ids(log) == [0, 1, 2, 3], log


# ---- CPUs that are not as they should be -------------------------------------------------------


def damage(function, *commands):
    """Does something to the last of two CPUs when it comes to a function; returns the boot log."""
    at_function = [f"break *{function} if $_thread == 2", "continue", "delete"]
    _, log = debugger.debug(*at_function, *commands, "continue", run="--cpus 2")
    return log


def test_different_registers():
    """The CPU is not set up, so its registers are as the way into long mode left them."""
    log = damage("cpu_setup_other", "set $rip = *(unsigned long *)$rsp", "set $rsp = $rsp + 8")
    words = "the CPU with APIC id 1 is not used: its CR0 is 0x80000011, the boot CPU's 0x80050033"
    assert f"FAILED: {words}" in log, log
    assert apic_ids(log) == [0]


def test_late_cpu():
    """The CPU comes to report when it is already given up; it stops, and the machine goes on."""
    log = damage("ap_main", "set ((struct ap_slot *)$rdi)->state = AP_ABSENT")
    assert "FAILED: the CPU with APIC id 1 does not start" in log, log
    assert apic_ids(log) == [0]


# ---- Clocks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "machine, source", [("q35", "the PIT"), ("q35,pit=off", "the ACPI PM timer")]
)
def test_clocks(machine, source):
    log = boot("-machine", machine, cpus=2, append="test=clock_references_agree")
    assert re.search(rf"^clocks     TSC \d+ kHz, APIC timer \d+ kHz, by {source};", log, re.M), log
    assert "ok 1 - clock_references_agree" in log.splitlines(), log


def test_no_clock_at_all(tmp_path):
    """Neither tables, nor PIT, nor CPUID leaf 0x15: the rates are a guess, and the boot goes on."""
    options = acpi.options(tmp_path, acpi.madt(*GOOD))
    log = boot("-machine", "pit=off", *options, append="test=cpus_are_alike")
    assert "by a guess" in log, log
    assert "ok 1 - cpus_are_alike" in log.splitlines(), log


# ---- At any instruction -------------------------------------------------------------------------


def test_nmi_at_any_instruction(tmp_path):
    """System calls under a storm of NMIs; QEMU looks for one before each instruction."""
    archive = cpio.Archive()
    words = ["dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=100000"]
    archive.add("run/argv", b"".join(word.encode() + b"\0" for word in words), 0o644)
    with open(latchkey.built("initramfs.cpio"), "rb") as base:
        (tmp_path / "initramfs").write_bytes(base.read() + archive.finish())
    options = ["-initrd", str(tmp_path / "initramfs")]
    words = "test=nmi_storm init=/bin/dd"
    log = boot(*options, cpus=3, append=words, accelerator=single_steps())
    assert "panic" not in log, log
    assert "100000+0 records out" in log, log
    counts = re.findall(r"^# nmi_storm: (\d+) in ring 3, .* (\d+) in its entry", log, re.M)
    # How many come while the calls last depends on the computer.
    assert counts and int(counts[-1][0]) > 20 and int(counts[-1][1]) > 20, log
    assert log.count("; 0 with a wrong GS") == len(counts), log


def test_panic_among_others():
    """Messages are whole while all CPUs print, and so is the one report when all of them panic."""
    log = boot(append="test=panic_among_others")
    said = [line for line in log.splitlines() if "says" in line]
    assert len({line.split()[2] for line in said}) > 1, log
    for line in said[:-1]:
        assert re.fullmatch(r"# CPU (\d) says \d+ again and again in one message \1", line), line
    report = log[log.index("==== kernel panic: on purpose") :]
    assert log.count("==== kernel panic") == 1, report
    assert report.rstrip().endswith("==== end of panic"), report
    assert "says" not in report and "on CPU" in report, report
