# SPDX-License-Identifier: MIT
"""Every allocation fails once (tests/memory/failnth.c), on the kernel that checks its accesses.

Over every ring-3 test and every program of the set, with the allocations of the program's first
thread and, apart from those, of the processes and threads that it makes: no panic, no leak, no
hang, and a call whose allocation has failed says ENOMEM, or an error that its manual page lists.
"""

import collections
import errno
import os
import random
import re
import subprocess

import latchkey
import manual_errors
import mistakes
import pytest

pytestmark = pytest.mark.xdist_group("kasan")

TARGETS = ("latchkey.elf", "initramfs.cpio", "tests/failnth")
MEMORY = ("--memory", "512M")
LIMIT = 7200
DRAWN = 4

# Programs that take too long to be run again and again.
LEFT_OUT = {
    ("tmpfs_limit", ""): "makes as many files as memory has room for",
    ("sigwait", "musl"): "musl's sigtimedwait() goes on after a signal, for 20 s",
}

# And those that do not end, or not soon, when their children have a tracer, as with --children.
NOT_TRACED = re.compile(
    # Tracers themselves, and one that looks for its tracer.
    "ptrace.*|pkeys_processes|refused_values|identity"
    # Signals by the thousand, each of which stops for the tracer; Linux takes as long.
    "|posix_timers|rights_threads"
    # Parents of children that stop: they are not told, when another process traces those.
    "|futex|groups|pkey_set_thread|terminal_sessions|threads|wait"
)

FAILED = re.compile(r"^failed: (\d+) (\S+) (-?\d+|-) (.*)$", re.MULTILINE)
TOTALS = re.compile(r"^failnth: good, (\d+) runs, (\d+) failed, 0 leaks, 0 hangs", re.MULTILINE)

# What the kernel says of a call that a signal interrupts, and that is made again.
RESTARTS = range(512, 517)

Program = collections.namedtuple("Program", "folder name libc")


def programs():
    ring3 = [Program("tests", name, "") for name in latchkey.names("tests/ring3/*")]
    stock = latchkey.names("tests/programs/*")
    every = ring3 + [
        Program("programs", name, libc) for libc in ("glibc", "musl") for name in stock
    ]
    return [program for program in every if (program.name, program.libc) not in LEFT_OUT]


def may_be_traced(program):
    return not NOT_TRACED.fullmatch(program.name)


def identity(program):
    return "-".join(filter(None, [program.name, program.libc]))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    tree = mistakes.Tree(tmp_path_factory.mktemp("fail-nth"), with_objects=True)
    tree.make(*TARGETS, variant="KASAN")
    return tree


def wrong_errors(output):
    """Lines about calls that said what their manual page does not list."""
    for nth, call, result, trace in FAILED.findall(output):
        number = 0 if result == "-" else -int(result)
        if not 0 < number < 4096 or number in RESTARTS or call == "rt_sigreturn":
            continue
        name = errno.errorcode.get(number, str(number))
        if name not in manual_errors.allowed(call):
            yield f"{nth}: {call} says {name}: {trace}"


def fail_each(tree, chosen, *options):
    """Runs programs with their allocations failing one after another; nothing may be wrong."""
    added = []
    for program in chosen:
        path = latchkey.built(program.folder, *filter(None, [program.libc]), program.name)
        added += ["--add", f"{path}:/programs/{identity(program)}"]
    result = tree.run(
        *MEMORY,
        "--show-log",
        *added,
        tree.built("tests", "failnth", variant="KASAN"),
        *options,
        *[f"/programs/{identity(program)}" for program in chosen],
        variant="KASAN",
        limit=LIMIT,
        errors="replace",
    )
    bad = [line for line in result.stdout.splitlines() if not line.startswith("failed: ")]
    totals = TOTALS.search(result.stdout)
    assert result.returncode == 0 and totals, "\n".join(bad) + result.stderr[-4000:]
    assert not list(wrong_errors(result.stdout))
    return int(totals[2])


@pytest.mark.long(sample=0)
@pytest.mark.parametrize("program", programs(), ids=identity)
def test_every_allocation(tree, program):
    fail_each(tree, [program])


@pytest.mark.long(sample=0)
@pytest.mark.parametrize("program", filter(may_be_traced, programs()), ids=identity)
def test_every_allocation_of_children(tree, program):
    fail_each(tree, [program], "--children")


def draw(from_these):
    chooser = random.Random(f"{os.environ['LATCHKEY_SEED']} fail-nth")
    return chooser.sample(from_these, DRAWN)


@pytest.mark.all
def test_every_way(tree):
    """Of programs drawn at random, each way to an allocation once."""
    assert fail_each(tree, draw(programs()), "--ways") > 50


@pytest.mark.all
def test_every_way_of_children(tree):
    fail_each(tree, draw(list(filter(may_be_traced, programs()))), "--children", "--ways")


@pytest.mark.all
def test_rules(tree, tmp_path):
    """The file of a thread, which a kernel that does not check itself lacks."""
    source = os.path.join(latchkey.ROOT, "tests", "host", "fail_nth.c")
    program = tmp_path / "fail_nth"
    subprocess.run(["gcc", "-static", "-O1", "-o", program, source], check=True)
    result = tree.run(program, variant="KASAN")
    assert (result.stdout, result.returncode) == ("", 0)
    result = latchkey.run("--inside", "/bin/ls", "/proc/self/fail-nth")
    assert "No such file" in result.stderr


@pytest.mark.all
def test_manual_pages():
    """The errors are read out of the pages: of one of its own, of another's, of one of docs/."""
    assert {"ENFILE", "ELOOP", "ENOMEM"} <= manual_errors.allowed("openat")
    assert {"EAGAIN", "ENOMEM"} <= manual_errors.allowed("vfork")
    assert {"ENOSPC", "EPIPE"} <= manual_errors.allowed("writev")
    assert {"EMFILE", "EINVAL"} <= manual_errors.allowed("pipe2")
    assert "ESRCH" in manual_errors.allowed("pkey_set_thread")
    assert "ENOTDIR" not in manual_errors.allowed("close")
