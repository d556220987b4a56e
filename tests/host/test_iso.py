# SPDX-License-Identifier: MIT
"""build/latchkey.iso as a person boots it, without tools/run: GRUB's menu, the shell on the serial
port, and the machine's end. Then `make run`, which is the first thing that a person sees.
"""

import os
import re
import subprocess
import sys

import ktap as ktap_reports
import pexpect
import pytest

import latchkey

sys.path.insert(0, os.path.join(latchkey.ROOT, "tools", "lib"))

import machines  # noqa: E402

UEFI = machines.uefi_flash()
PROMPT = r"latchkey:\S+# "
DOWN = "\x1b[B"


def boot(*options):
    """Starts QEMU with the ISO and our terminal on its serial port."""
    command = ["-cdrom", latchkey.built("latchkey.iso"), "-accel", "tcg", "-m", "256M"]
    command += ["-display", "none", "-serial", "stdio", "-monitor", "none", "-nic", "none"]
    command += ["-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04", *options]
    return pexpect.spawn("qemu-system-x86_64", command, timeout=120, encoding="latin-1")


def end_status(child):
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


@pytest.mark.parametrize("firmware", [[], UEFI], ids=["bios", "uefi"])
def test_default_entry(firmware):
    child = boot("-cpu", "max", *firmware)
    child.expect("Latchkey, a kernel about memory protection keys")
    child.expect(PROMPT)
    child.send("pkey-demo; echo status $?\r")
    child.expect("press any key to continue")
    child.send("\x04")
    child.expect("caught by SIGSEGV")
    child.expect(r"status 0\r+\n")
    child.expect(PROMPT)
    child.send("exit\r")
    assert end_status(child) == 0


def choose(child, entry):
    """Presses the keys in GRUB's menu that lead to an entry."""
    child.expect("Latchkey without protection keys")
    child.send(DOWN * entry + "\r")


def test_entry_that_tests_the_kernel():
    child = boot("-cpu", "max")
    choose(child, 1)
    child.expect("KTAP version 1\r+\n")
    child.expect(pexpect.EOF)
    report = "KTAP version 1\n" + child.before.replace("\r", "")
    assert all(result.outcome != "failed" for result in ktap_reports.parse(report))
    child.close()
    assert child.exitstatus == 0


def test_entry_without_keys():
    child = boot("-cpu", "max")
    choose(child, 2)
    child.expect(PROMPT)
    child.send("pkey-demo < /dev/null\r")
    child.expect("ENOSPC")
    child.expect(PROMPT)
    child.send("exit\r")
    assert end_status(child) == 0


def test_cpu_without_long_mode():
    child = boot("-cpu", "qemu32")
    child.expect("long mode")
    child.close(force=True)


# ---- make run -----------------------------------------------------------------------------------


def test_make_run_without_a_terminal():
    result = subprocess.run(
        latchkey.make("run", "MACHINE=--show-log"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=300,
        env=latchkey.shell_environment(),
    )
    assert result.returncode == 0, result.stderr
    assert "pkey_alloc(0, PKEY_DISABLE_WRITE): key 1" in result.stdout
    path = re.search(r"Its messages go to (\S+)\.\n", result.stderr)[1]
    with open(os.path.join(latchkey.ROOT, path)) as file:
        log = file.read()
    for said in (log, result.stderr):
        assert "Latchkey, a kernel about memory protection keys" in said
        assert "Multiboot2" in said


def test_make_run_at_a_terminal():
    """The story comes before all else, and after it, or a Ctrl-C, the shell."""
    command, *arguments = latchkey.make("run")
    child = pexpect.spawn(
        command,
        arguments,
        timeout=300,
        encoding="utf-8",
        env=latchkey.shell_environment(),
        dimensions=(40, 100),
    )
    child.expect("pkey-demo: a page under a protection key")
    assert "CR4" not in child.before
    child.expect("press any key to continue")
    child.send("\x03")
    child.expect("pkey-demo +a page under a protection key")
    child.expect(PROMPT)
    child.send("cat\r")
    child.expect("cat\r")
    child.send("one line\r")
    child.expect("one line\r+\none line\r+\n")
    child.send("\x04")
    child.expect(PROMPT)
    child.send("pkey-plugin </dev/null\r")
    child.expect(r"---- fault report: pkey-plugin \(pid \d+\) ended by SIGSEGV")
    child.expect("Segmentation fault")
    child.expect(PROMPT)
    child.send("exit\r")
    assert end_status(child) == 0
    assert "fault report" not in child.before
