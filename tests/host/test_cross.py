# SPDX-License-Identifier: MIT
"""Building on a computer that is no x86-64, where the tools for x86-64 have a prefix.

Here both kinds are the same programs, so the plain names are made to fail, and every family of
objects is built; what a whole build would call is read from make's own words.
"""

import re
import subprocess

import pytest

import latchkey

pytestmark = pytest.mark.all

PREFIX = "x86_64-linux-gnu-"
PLAIN = "addr2line ar as cc cpp gcc g++ ld nm objcopy objdump ranlib readelf size strip".split()
# What the compiler calls by its plain name here, and by the other if it is a cross compiler.
FAKE = """#!/bin/sh
case "$(cat /proc/$PPID/comm)" in {prefix}* | collect2) exec /usr/bin/{name} "$@" ;; esac
echo "{name} was called by its plain name" >&2
exit 1
"""
TARGETS = (
    "core/latchkey.elf stripped/user/pkey-demo vdso/linux-vdso.so.1 host/pkey-demo"
    " programs/glibc/fork programs/musl/fork"
).split()


@pytest.fixture
def make(tmp_path):
    """Runs make with a PATH in which plain names fail, and whose uname may be another's."""
    fakes = tmp_path / "bin"
    fakes.mkdir()
    for name in PLAIN:
        (fakes / name).write_text(FAKE.format(name=name, prefix=PREFIX[:15]))

    def run(*arguments, machine="x86_64"):
        (fakes / "uname").write_text(f"#!/bin/sh\necho {machine}\n")
        for fake in fakes.iterdir():
            fake.chmod(0o755)
        path = f"{fakes}:/usr/sbin:/usr/bin:/sbin:/bin"
        return subprocess.run(
            ["make", "-C", latchkey.ROOT, f"BUILD={tmp_path}/build", "-j2", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=dict(latchkey.shell_environment(), PATH=path),
        )

    return run


def test_plain_names_fail(make, tmp_path):
    result = make(f"{tmp_path}/build/obj/kernel/mm/space/keys.o")
    assert result.returncode and "gcc was called by its plain name" in result.stderr


def test_each_family_is_built_by_prefixed_tools(make, tmp_path):
    targets = [f"{tmp_path}/build/{name}" for name in TARGETS]
    result = make(f"CROSS_COMPILE={PREFIX}", *targets)
    assert result.returncode == 0, result.stderr
    assert "plain name" not in result.stderr


def test_a_whole_build_on_arm_calls_no_plain_name(make):
    """Nor does it put this computer's own busybox into the machine."""
    result = make("--dry-run", "all", machine="aarch64")
    assert result.returncode == 0, result.stderr
    called = re.findall(r"(?:^|[|&;(]) *([\w+-]+)(?= )", result.stdout, re.M)
    assert f"{PREFIX}gcc" in called and f"{PREFIX}ld" in called and f"{PREFIX}nm" in called
    assert not {*PLAIN} & {*called}
    assert " bin/busybox=/bin/busybox" not in result.stdout
    assert "download busybox-static:amd64" in result.stdout
