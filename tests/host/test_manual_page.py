# SPDX-License-Identifier: MIT
"""The example of the pkeys(7) manual page, as Debian's manpages package has it, compiled by the
host's compiler with its C library: it writes to a page, takes the right away, and dies reading.
"""

import gzip
import re
import signal
import subprocess

import pexpect
import pytest

import latchkey
from test_linux import linux_has_keys

MANUAL_PAGE = "/usr/share/man/man7/pkeys.7.gz"
EXAMPLE = re.compile(r"^\.EX\n(#define _GNU_SOURCE\n.*?)^\.EE$", re.MULTILINE | re.DOTALL)


def example_source():
    with gzip.open(MANUAL_PAGE, "rt") as page:
        source = EXAMPLE.search(page.read())[1]
    return source.replace("\\-", "-").replace("\\e", "\\")


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manual")
    source, program = folder / "example.c", folder / "example"
    source.write_text(example_source())
    subprocess.run(["gcc", "-static", "-O2", "-o", str(program), str(source)], check=True)
    return str(program)


def at_a_terminal(command, *arguments):
    """Returns what the example prints there, where it prints by the line, and its status."""
    child = pexpect.spawn(command, list(arguments), timeout=latchkey.TIME_LIMIT, encoding="utf-8")
    child.expect("buffer contains: .*", timeout=latchkey.TIME_LIMIT)
    output = child.after + child.read()
    child.close()
    return output, child.exitstatus, child.signalstatus


@pytest.mark.parametrize("way", ["pvh", "iso", "uefi", "bochs"])
def test_example(example, way):
    output, status, _ = at_a_terminal(latchkey.RUN, "--no-explain", f"--{way}", example)
    assert re.fullmatch(r"buffer contains: \d+\r\nabout to read buffer again...\r\n", output)
    assert status == 128 + signal.SIGSEGV


def test_example_is_explained(example):
    result = latchkey.run("--explain", example)
    assert result.returncode == 128 + signal.SIGSEGV
    assert "SEGV_PKUERR" in result.stderr
    assert "key 1" in result.stderr


def test_example_without_keys(example):
    result = latchkey.run("--cpu", "qemu64", example)
    assert result.returncode == 1
    assert result.stderr.endswith(": pkey_alloc: No space left on device\n")


@pytest.mark.skipif(not linux_has_keys(), reason="this Linux has no protection keys (ospke)")
def test_example_on_linux(example):
    linux, _, linux_signal = at_a_terminal(example)
    ours, _, _ = at_a_terminal(latchkey.RUN, "--no-explain", example)
    assert linux_signal == signal.SIGSEGV
    assert ours == linux
