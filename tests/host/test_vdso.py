# SPDX-License-Identifier: MIT
"""The vDSO as others use it. Stock C libraries: the ring-3 test of it, built with glibc and with
musl, finds that their clock_gettime() makes no system call and that time does not go backwards
between CPUs. Unwinders: they find the caller from each of its instructions.
"""

import os
import subprocess

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
        program = build("musl-gcc", tmp_path / "vdso", "tests/ring3/vdso.c", "libc/ktap.c")
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
