# SPDX-License-Identifier: MIT
"""tools/debug, and what tools/gdb/ teaches GDB: with a live kernel, and the decoding by itself."""

import os
import re
import sys

import pytest

import debugger
import latchkey
import mistakes

sys.path.insert(0, os.path.join(latchkey.ROOT, "tools", "gdb"))

import paging  # noqa: E402

PKEY_MPROTECT = 0x149


def test_leaf_of_a_keyed_page():
    """The demonstration's page, after its key was set and it was written to."""
    output, _ = debugger.debug(
        "break *sys_pkey_mprotect",
        "continue",
        "set $page = $rdi",
        "lk-vmas",
        "lk-walk $page",
        "break *space_fault if $rsi == $page && ($rdx & 2)",
        "continue",
        "finish",
        "lk-vmas",
        "lk-walk $page",
        "lk-walk $page 1",
    )
    before, _, after = output.partition("Value returned is")
    page = re.search(r"walk of 0x([0-9a-f]+)", before)[1]
    assert re.search(rf"{page}-[0-9a-f]+ ---p key  0", before)
    assert re.search(rf"{page}-[0-9a-f]+ rw-p key  1", after), output
    assert "empty" in before
    leaves = re.findall(r"PTE +\d+  0x[0-9a-f]+: frame 0x[0-9a-f]+ (.*)", after)
    assert leaves == ["P W U A D OWNED NX key 1 (4 KiB page)"] * 2


def test_tasks_and_frames():
    output, _ = debugger.debug("break *sys_pkey_mprotect", "continue", "lk-tasks", "lk-frame", "lk")
    assert re.search(r"^\* +1 +0  runnable  system call +0x[0-9a-f]{16}  ", output, re.MULTILINE)
    assert f"entered by system call, call {PKEY_MPROTECT:#x}" in output
    assert re.search(rf"rax    0*{PKEY_MPROTECT:x}\b", output)
    assert "lk-walk ADDRESS [PID]" in output


# With the start of the page, which serves where the next instruction stands at its end.
STATE = ("info registers", "x/4xb (long)$pc & ~0xfff", "x/8xb $pc")
LK_PKRU = ("python print('before')", *STATE, "lk-pkru", "maint flush register-cache",
           "python print('after')", *STATE, "python print('end')")  # fmt: skip


def around(output):
    """Of each LK_PKRU: the state before, PKRU, and the state after it."""
    found = re.findall(r"^before\n(.*?)^(0x\w{8}): key.*?^after\n(.*?)^end$", output, re.M | re.S)
    return [(before, int(pkru, 16), after) for before, pkru, after in found]


@pytest.mark.parametrize("cpus", ["1", "2"])
def test_live_rights(cpus):
    """In ring 0 and, around a pkey_set() that the kernel does not see, in ring 3. The step that
    reads PKRU leaves no trace, and whatever GDB's steps let in, no interrupt comes in between."""
    output, errors = debugger.debug(
        "break *sys_pkey_alloc", "continue", *LK_PKRU, "finish", *LK_PKRU, "delete",
        "hbreak *pkey_set", "continue", "maint packet Qqemu.sstep=1", *LK_PKRU,
        "maint packet qqemu.sstep", "maint packet Qqemu.sstep=7", "finish", *LK_PKRU,
        run=f"--cpus {cpus}",
    )  # fmt: skip
    states = around(output)
    assert all(before == after for before, _, after in states), output
    assert [pkru for _, pkru, _ in states] == [
        0x55555554,
        0x55555558,
        0x55555558,
        0x55555550,
    ], errors
    assert 'received: "0x1"' in output


def test_rights_that_cannot_be_read():
    output, _ = debugger.debug("lk-pkru", "thread 2", "lk-pkru", run="--cpus 2")
    assert output.count("PKRU cannot be read: CR4.PKE is 0") == 2
    output, _ = debugger.debug(
        "hbreak *pkey_set", "continue", "thread 2", "lk-pkru", "thread 1", "lk-pkru", run="--cpus 2"
    )
    assert "PKRU cannot be read: the CPU waits in HLT, and makes no step" in output


def test_no_keys():
    output, _ = debugger.debug("break *sys_pkey_alloc", "continue", "lk-pkru", run="--cpu qemu64")
    assert "PKRU cannot be read: CR4.PKE is 0: this CPU has no protection keys" in output


@pytest.mark.all
def test_nothing_is_optimized_out(tmp_path, monkeypatch):
    """With OPT=-Og, on the ways of a call on keys, a fault and a switch."""
    kernel = latchkey.build_variant("OPT", "latchkey.elf", value="-Og")
    os.symlink(os.path.join(kernel, "latchkey.elf"), tmp_path / "latchkey.elf")
    os.symlink(latchkey.built("initramfs.cpio"), tmp_path / "initramfs.cpio")
    monkeypatch.setenv("LATCHKEY_BUILD", str(tmp_path))
    commands = []
    # In the order in which they are sure to come: later, the program may end without a switch.
    ways = ("space_change_leaves", "space_fault", "signal_frame_setup")
    for function in ("context_switch", "sys_pkey_alloc", *ways):
        commands += ["delete", f"break {function}", "continue", "backtrace -full"]
    output, _ = debugger.debug(*commands)
    for function in ("sys_pkey_mprotect", "page_fault", "run_handler", "switch_to"):
        assert re.search(rf"^#\d .*\b{function} \(", output, re.MULTILINE), output
    hidden = re.findall(r"^(?!.* boot_main \().*<optimized out>.*", output, re.MULTILINE)
    assert not hidden


def test_printers():
    output, _ = debugger.debug(
        "break *space_protect", "continue", "print space->root", "print *(pte_t *)&text_start"
    )
    assert re.search(r"\$1 = physical 0x[0-9a-f]+000$", output, re.MULTILINE)
    assert re.search(r"\$2 = 0x[0-9a-f]{16}: frame 0x[0-9a-f]+ ", output)


def test_mistakes_are_told():
    _, errors = debugger.debug("lk-walk", "lk-vmas 7", "lk-vmas", "lk-frame")
    assert "usage: lk-walk ADDRESS [PID]" in errors
    assert "there is no task with pid 7" in errors
    assert "no address space" in errors
    assert "no task runs yet" in errors


def test_exercise():
    """What docs/debugging.md has a student type shows what it says: the area has the key before
    the page has an entry, the first touch makes one without W, and the write one with it. That
    the mistake to make then is noticed is a row of docs/testing.md."""
    with open(os.path.join(latchkey.ROOT, "docs", "debugging.md")) as file:
        exercise = file.read().partition("## An exercise")[2]
    commands = re.findall(r"^\(gdb\) (.+)$", exercise, re.MULTILINE)
    assert len(commands) >= 10, exercise
    # "The second continue and finish show the write."
    output, _ = debugger.debug(*commands, "continue", "finish", "lk-walk $page")
    assert "$1 = 1\n" in output
    assert re.search(r"rw-p key  1", output)
    before, *after = output.split("walk of 0x")[1:]
    assert "empty" in before and len(after) == 2
    leaves = [
        re.search(r"PTE +\d+  0x[0-9a-f]+: frame 0x[0-9a-f]+ (.*)", walk)[1] for walk in after
    ]
    assert leaves[0].startswith("P U ") and "key 1" in leaves[0]
    assert leaves[1].startswith("P W U ") and "OWNED" in leaves[1] and "key 1" in leaves[1]
    assert "key-lost-in-leaves" in mistakes.patches()
    assert "space_leaf_bits()" in exercise and "build/tests/faults" in exercise
    rows = [row for row in mistakes.rows() if row.mistake == "key-lost-in-leaves"]
    assert any(test.name == "faults" for row in rows for test in row.tests)


def test_from_reset():
    output, _ = debugger.debug("break pvh_entry", "continue", options=["--reset"])
    assert re.search(r"^Breakpoint 1, .*pvh_entry", output, re.MULTILINE)
    assert "kmain" not in output


# ---- Decoding by itself -------------------------------------------------------------------------


def test_describe_leaf():
    assert paging.describe_leaf(0) == "empty"
    entry = 0x8800000003014267
    assert paging.describe_leaf(entry) == (
        "0x8800000003014267: frame 0x3014000 P W U A D OWNED NX key 1"
    )
    assert paging.describe_leaf(entry & ~1).endswith("key 1, not accessible (P=0)")


def test_describe_entry():
    assert paging.describe_entry(0x3015027, 3) == "0x0000000003015027: table 0x3015000 P W U A"
    assert paging.describe_entry(0xF800000000C000E7, 2).endswith("key 15 (2 MiB page)")


def test_describe_pkru():
    assert paging.describe_pkru(0x55555554) == "0x55555554: key 0 open; 1-15 no access"
    assert paging.describe_pkru(0) == "0x00000000: keys 0-15 open"
    # WD for 1 and 3, AD for 5, both for 6.
    assert (
        paging.describe_pkru(0x3488)
        == "0x00003488: keys 0,2,4,7-15 open; 1,3 no write; 5-6 no access"
    )


def test_walk():
    # The PML4E at 0x1000 leads to a table at 0x2000, whose entry is a 1 GiB page.
    memory = {0x1000 + 8 * 255: 0x2027, 0x2000 + 8 * 511: 0x800000004000_00E7 & ~0xFFF | 0xE7}
    steps = list(paging.walk(lambda address: memory.get(address, 0), 0x1000, 0x7FFFC0000000))
    assert [(level, index) for level, index, _ in steps] == [(4, 255), (3, 511)]
    assert paging.is_leaf(steps[-1][2], 3)
