# SPDX-License-Identifier: MIT
"""The build: with clang too, nothing twice, and the Makefile's and tools/deps' words."""

import os
import shutil
import subprocess

import pytest

import latchkey

pytestmark = pytest.mark.all

CLANG = "clang"


def make(*arguments):
    return subprocess.run(
        latchkey.make(*arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        env=latchkey.shell_environment(),
    )


def test_second_make_does_nothing():
    result = make("all")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.skipif(not shutil.which(CLANG), reason="clang is not installed")
def test_clang(tmp_path):
    result = make(f"CC={CLANG}", f"BUILD={tmp_path}", "-j2", "all")
    assert result.returncode == 0, result.stderr
    environment = dict(os.environ, LATCHKEY_BUILD=str(tmp_path))
    story = latchkey.run("--append", "test=all", f"{tmp_path}/tests/pkru", env=environment)
    assert story.returncode == 0, story.stderr


@pytest.fixture
def warn(tmp_path):
    """A gcc and an nasm that warn of each source, as newer ones may."""
    header = tmp_path / "warn.h"
    header.write_text("#warning of-the-test\n")
    nasm = tmp_path / "nasm"
    nasm.write_text('#!/bin/sh\nexec nasm "$@" -w+unknown-warning -w+of-the-test\n')
    nasm.chmod(0o755)
    return [f"CC=gcc -include {header}", f"NASM={nasm}", f"BUILD={tmp_path}/build"]


@pytest.mark.parametrize(
    "name", ["kernel/mm/space/keys", "kernel/arch/entry/entry", "vdso/vdso/clock"]
)
def test_a_warning_ends_only_builds_with_werror(warn, name, tmp_path):
    built = f"{tmp_path}/build/obj/{name}.o"
    result = make(*warn, "WERROR=", built)
    assert result.returncode == 0, result.stderr
    assert "warning: " in result.stderr and "of-the-test" in result.stderr
    result = make(*warn, "WERROR=1", built)
    assert result.returncode != 0
    assert "error: " in result.stderr and "of-the-test" in result.stderr


def test_a_warning_ends_the_check(warn):
    result = make(*warn, "check-warnings")
    assert result.returncode != 0
    assert "error: " in result.stderr and "of-the-test" in result.stderr


def test_help_names_every_target():
    words = make("help").stdout
    for target in ("all", "iso", "run", "test", "debug", "check", "format", "clean", "bench"):
        assert f"  make {target} " in words


def test_bench():
    result = make("bench", "PARTS=small")
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(result.stdout.splitlines()) == 3


@pytest.fixture
def deps(tmp_path):
    """tools/deps for one who has no packages, is neither root nor has sudo, and whose release has
    all but one of the optional ones.
    """
    fake = tmp_path / "bin"
    fake.mkdir()
    known = '[ "$2" != python3-labgrid ]'
    bodies = {
        "uname": "echo ${MACHINE:-x86_64}",
        "id": "echo 1000",
        "dpkg-query": "exit 1",
        "sudo": "exit 1",
        "apt-cache": known,
    }
    for name, body in bodies.items():
        (fake / name).write_text(f"#!/bin/sh\n{body}\n")
        (fake / name).chmod(0o755)
    return lambda *groups, machine="x86_64": subprocess.run(
        [os.path.join(latchkey.ROOT, "tools", "deps"), *groups],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={"PATH": f"{fake}:{os.environ['PATH']}", "MACHINE": machine},
    )


def test_missing_packages_are_named(deps):
    result = deps()
    assert result.returncode == 1
    assert "apt-get install" in result.stderr
    for package in ("nasm", "xorriso", "ovmf", "bochs", "qemu-system-x86"):
        assert f" {package}" in result.stderr
    for package in ("chromium", "gdb", "python3-labgrid", "black"):
        assert f" {package}" not in result.stderr


def test_packages_of_another_computer(deps):
    """They build for x86-64 there, by a cross compiler, and nothing of its own goes in."""
    result = deps(machine="aarch64")
    assert "dpkg --add-architecture amd64" in result.stderr
    words = result.stderr.split()
    assert {"gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross", "grub-pc-bin:amd64"} <= {*words}
    assert {"nasm", "qemu-system-x86"} <= {*words} and not {"gcc", "libc6-dev"} & {*words}


def test_groups_of_packages(deps):
    result = deps("debug", "boards")
    assert " gdb" in result.stderr and " ipmitool" in result.stderr
    assert " nasm" in result.stderr and " chromium" not in result.stderr
    assert deps("debug", "nothing").returncode == 2


def test_packages_that_a_release_does_not_have(deps):
    first, *rest = deps("boards").stderr.splitlines()
    assert first == "tools/deps: apt has no python3-labgrid here: what needs it is left out"
    assert "python3-pytest-xdist" in "".join(rest) and "labgrid" not in "".join(rest)
