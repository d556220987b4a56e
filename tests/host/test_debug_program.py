# SPDX-License-Identifier: MIT
"""A program below gdbserver, inside the machine: tools/debug --program, tools/run --gdbserver."""

import os
import re
import subprocess

import pexpect
import pytest

import debugger
import latchkey


def section_of_docs():
    with open(os.path.join(latchkey.ROOT, "docs", "debugging.md")) as file:
        text = file.read().partition("## A program alone")[2].partition("\n## ")[0]
    return re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("watched")
    (folder / "watched.c").write_text(section_of_docs()[0])
    subprocess.run(["gcc", "-static", "-g", "-o", "watched", "watched.c"], cwd=folder, check=True)
    return str(folder / "watched")


def lines_of(text):
    """What stands in a transcript, however it is indented."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if line]


def test_session_of_docs(watched):
    """GDB stops at the write to a watched word under a key, and at the one that the key refuses."""
    transcript = section_of_docs()[1].partition("tools/debug --program watched\n")[2]
    commands = re.findall(r"^\(gdb\) (.+)$", transcript, re.MULTILINE)
    output, errors = debugger.debug(*commands, options=["--program"], program=watched)
    printed = lines_of(output)
    for line in lines_of(re.sub(r"^\(gdb\) .*$", "", transcript, flags=re.MULTILINE)):
        assert line in printed, (line, output, errors)


@pytest.mark.parametrize("cpus", ["1", "2"])
def test_step_over_a_watched_write(watched, cpus):
    """Steps, and what they write, with a read and a breakpoint watched at the same time."""
    output, _ = debugger.debug(
        "break careful", "continue", "watch -location *secret", "next", "next", "next", "next",
        "hbreak careless", "continue", "rwatch -location *secret", "kill",
        options=["--program"], program=watched, run=f"--cpus {cpus}",
    )  # fmt: skip
    assert "Old value = 0\nNew value = 42\n" in output
    assert re.search(r"^Breakpoint \d, careless", output, re.MULTILINE)
    assert "Hardware read watchpoint" in output


def test_run_runs_nothing_on_this_computer(watched):
    output, errors = debugger.debug("kill", "run", options=["--program"], program=watched)
    assert "Don't know how to run" in errors and "careful" not in output


def test_interrupt(tmp_path):
    """Ctrl-C reaches a program that runs: gdbserver hears of it by SIGIO."""
    (tmp_path / "loop.c").write_text("int main(void) { for (;;) { } }\n")
    subprocess.run(["gcc", "-static", "-g", "-o", "loop", "loop.c"], cwd=tmp_path, check=True)
    gdb = pexpect.spawn(
        os.path.join(latchkey.ROOT, "tools", "debug"), ["--program", str(tmp_path / "loop")],
        timeout=latchkey.TIME_LIMIT, encoding="utf-8", env=os.environ | {"TERM": "dumb"},
    )  # fmt: skip
    gdb.expect_exact("(gdb) ")
    for _ in range(2):
        gdb.sendline("continue")
        gdb.expect_exact("Continuing.")
        gdb.sendintr()
        gdb.expect_exact("Program received signal SIGINT")
        gdb.expect_exact("(gdb) ")
    gdb.sendline("kill")
    gdb.expect_exact("(y or n) ")
    gdb.sendline("y")
    gdb.expect_exact("(gdb) ")
    gdb.sendline("quit")
    gdb.expect(pexpect.EOF)


def test_end_of_input(watched):
    """When GDB is gone, so is the machine."""
    result = latchkey.run("--gdbserver", watched)
    assert "Process /run/watched created" in result.stderr
    assert result.returncode < 124, result.stderr


def test_gdbserver_is_missing(watched):
    result = subprocess.run(
        [latchkey.RUN, "--gdbserver", watched],
        env=os.environ | {"PATH": "/nowhere"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=latchkey.TIME_LIMIT,
    )  # fmt: skip
    assert result.returncode == 125
    assert result.stderr == (
        "tools/run: there is no gdbserver here; `tools/deps debug` installs Debian's\n"
    )


def test_wrong_use(watched):
    """At a terminal nobody speaks GDB's protocol, and the core has no ptrace."""
    child = pexpect.spawn(latchkey.RUN, ["--gdbserver", watched], encoding="utf-8")
    assert "`tools/debug --program PROGRAM` starts both" in child.read().replace("\r\n", " ")
    child.close()
    assert child.exitstatus == 2
    for command in ("debug", "run"):
        option = "--program" if command == "debug" else "--gdbserver"
        result = subprocess.run(
            [os.path.join(latchkey.ROOT, "tools", command), option, "--core", watched],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=latchkey.TIME_LIMIT,
        )  # fmt: skip
        assert result.returncode == 2 and "needs ptrace" in result.stderr


def test_no_such_program():
    _, errors = debugger.debug(options=["--program"], program="/nowhere/program")
    assert errors == "tools/debug: /nowhere/program: no such file\n"
