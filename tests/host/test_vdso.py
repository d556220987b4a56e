# SPDX-License-Identifier: MIT
"""The vDSO as others use it. Stock C libraries: the ring-3 test of it, built with glibc and with
musl, finds that their clock_gettime() makes no system call and that time does not go backwards
between CPUs. Unwinders: they find the caller from each of its instructions.
"""

import os
import re
import subprocess

import debugger
import pytest

import latchkey


def build(compiler, program, *sources):
    headers = os.path.join(latchkey.BUILD, "host", "include")
    flags = ["-static", "-O2", "-D_GNU_SOURCE", "-I.", "-I", headers]
    subprocess.run([compiler, *flags, "-o", program, *sources], cwd=latchkey.ROOT, check=True)
    return str(program)


@pytest.mark.parametrize("libc", ["glibc", "musl"])
def test_libc_uses_it(libc, tmp_path, ktap):
    program = latchkey.built("host", "vdso")
    if libc == "musl":
        program = build("musl-gcc", tmp_path / "vdso", "tests/ring3/time/vdso.c", "libc/ktap.c")
    result = latchkey.run("--cpus", "4", program)
    assert result.returncode == 0, result.stdout + result.stderr
    ktap(result.stdout)
    assert "# 0 system calls in" in result.stdout


def test_unwinding(tmp_path):
    program = build("gcc", tmp_path / "unwind", "tests/host/unwind.c")
    on_linux = subprocess.run([program], capture_output=True, text=True)
    assert on_linux.returncode == 0, on_linux.stdout
    result = latchkey.run(program)
    assert result.returncode == 0, result.stdout
    assert "__vdso_pkey_set" in result.stdout


@pytest.mark.parametrize(
    "options, slow",
    [("--cpus 2", False), ("--cpu max,-hypervisor,-invtsc", True)],
    ids=["common", "not-invariant"],
)
def test_fallback_is_reported(options, slow):
    """Where the TSC does not keep time the boot log says so, and the calls are system calls."""
    result = latchkey.run(*options.split(), "--show-log", latchkey.built("tests", "vdso"))
    counted = re.search(r"# (\d+) system calls in (\d+) uses", result.stdout)
    assert (int(counted[1]) > 20) == slow, counted[0]
    assert ("programs read the clocks by system calls: " in result.stderr) == slow


def test_a_late_cpu_is_no_fallback():
    """A CPU that stands still for a second while its TSC is compared keeps time all the same."""
    interrupt = (
        "import os, signal, threading; threading.Timer(1, os.kill, (os.getpid(), 2)).start()"
    )
    output, log = debugger.debug(
        "break compare_tsc",
        "continue",
        "set scheduler-locking on",
        f"python {interrupt}",
        "continue",
        "backtrace",
        "set scheduler-locking off",
        "delete",
        "continue",
        run="--cpus 2",
    )
    stopped = output.partition("received signal SIGINT")[2]
    assert re.search(r"^#\d+ .*\bcompare_tsc \(", stopped, re.MULTILINE), output
    assert "2 of 2 up" in log, log
    assert "programs read the clocks by system calls" not in log, log
