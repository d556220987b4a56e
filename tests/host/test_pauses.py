# SPDX-License-Identifier: MIT
"""The stories at a terminal: they pause at each step, ask for predictions and compare them with
what came, in colour where that is wanted. Where there is no terminal they run through, as
test_stories.py has it.
"""

import os
import pty
import re
import subprocess
import termios

import pexpect
import pytest

import latchkey
from test_stories import STORIES, without_what_varies

pytestmark = pytest.mark.xdist_group("stories")

PAUSE = r"\(press any key to continue[^)]*\)"
QUESTION = r"\[(\w)\][^\n]* \(any other key skips\): "
END = r"\r\nstatus (\d+)\r\n"
PROMPT = r"latchkey:\S+# "
COLOUR = re.compile(r"\x1b\[[\d;]*m")


def spawn(command, *arguments, **variables):
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment.update(TERM="xterm", **variables)
    return pexpect.spawn(
        command,
        list(arguments),
        timeout=120,
        encoding="utf-8",
        env=environment,
        dimensions=(40, 99),
    )


def status_of(child):
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def without_pauses(text):
    """What a story at a terminal has printed, as it prints it elsewhere."""
    text = COLOUR.sub("", text).replace("\r\n", "\n")
    text = re.sub(r" *\(press any key to continue[^)]*\)\r *\r", "", text)
    text = re.sub(
        r"\n    [^\n]*\n   (?: \[\w\][^[\n]* )+ \(any other key skips\): [^\n]*\n", "", text
    )
    return re.sub(r"    You said [^\n]*\n", "", text)


def answered(child):
    """Predicts the first choice of each question, until the end: what was said, and the pauses."""
    said = ""
    for number in range(100):
        found = child.expect([PAUSE, QUESTION, END])
        said += child.before + child.after
        if found == 2:
            return said, number
        child.send(child.match[1] if found == 1 else " ")
    raise AssertionError("there is no end of the pauses")


def test_each_story_at_a_terminal():
    """Each is the story that it is elsewhere, and each says of predictions whether they came."""
    child = spawn(latchkey.RUN, "--inside", "/bin/sh", "-l")
    for name in STORIES:
        child.expect(PROMPT)
        child.send(f"{name}; echo status $?\r")
        child.expect(r"status \$\?\r\n")
        said, pauses = answered(child)
        assert pauses >= 3, name
        assert child.match[1] == "0", said
        assert re.search(r"You said [^\n]*: .*(right|no, )", said), said
        piped = latchkey.run(latchkey.built("user", name)).stdout
        told = re.sub(r"status 0\n$", "", without_pauses(said).lstrip("\n"))
        assert without_what_varies(told) == without_what_varies(piped)
    child.expect(PROMPT)
    child.send("exit\r")
    assert status_of(child) == 0


def test_predictions():
    """A wrong one, none, and a right one."""
    child = spawn(latchkey.RUN, latchkey.built("user", "pkey-demo"))
    child.expect(r"\(press any key to continue, Ctrl-D to run to the end\)")
    child.send(" ")
    child.expect(PAUSE)
    child.send("\x1b[A")  # a key that sends three bytes is one
    child.expect(r"What will a read do\?.*\[r\]efused  \[a\]llowed  \(any other key skips\): ")
    child.send("r")
    child.expect(r"refused\r\n.* 4\. Read the page: 0.*You said refused: .*no, .*allowed\.\r\n")
    child.expect(r"what will a write do then\?" + r".*\(any other key skips\): ")
    child.send("x")
    child.expect(r" 5\. ")
    child.expect(PAUSE)
    assert "You said" not in child.before
    child.send(" ")
    child.expect(r"what will the write do\?" + r".*\(any other key skips\): ")
    child.send("r")
    child.expect(r"caught by SIGSEGV.*You said refused: \x1b\[1;32mright\x1b\[m\.\r\n")
    child.send("\x04")
    assert "(press any key to continue" not in child.read()
    assert status_of(child) == 0


def test_control_c_in_a_pause():
    child = spawn(latchkey.RUN, latchkey.built("user", "pkey-demo"))
    child.expect(PAUSE)
    child.send("\x03")
    assert status_of(child) == 130


@pytest.mark.parametrize("variables, coloured", [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_reaches_the_program(variables, coloured):
    child = spawn(latchkey.RUN, latchkey.built("user", "pkey-demo"), **variables)
    child.expect(PAUSE)
    assert (COLOUR.search(child.before) is not None) == coloured
    child.send("\x04")
    assert status_of(child) == 0


# ---- On Linux: what the terminal is left as ------------------------------------------------------


@pytest.mark.parametrize(
    "variables, coloured",
    [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colour(variables, coloured):
    environment = {"TERM": "xterm", **variables}
    child = pexpect.spawn(
        latchkey.built("host", "pkey-demo"), env=environment, encoding="utf-8", timeout=30
    )
    child.expect(PAUSE)
    assert (COLOUR.search(child.before) is not None) == coloured
    child.send("\x04")
    assert status_of(child) == 0


@pytest.mark.parametrize("key, status", [(b"\x03", -2), (b"\x1c", -3), (b"\x04", 0)])
def test_terminal_is_restored(key, status):
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        [latchkey.built("host", "pkey-demo")], stdin=theirs, stdout=theirs, start_new_session=True
    )
    said = b""
    while b"(press any key to continue" not in said:
        said += os.read(ours, 4096)
    os.write(ours, key)
    assert process.wait(timeout=30) == status
    assert termios.tcgetattr(theirs) == before


def test_what_is_typed_ahead():
    """It is no answer to a question that had not been asked."""
    ours, theirs = pty.openpty()
    os.write(ours, b"\r\r\r")
    process = subprocess.Popen([latchkey.built("host", "pkey-demo")], stdin=theirs, stdout=theirs)
    said = b""
    while b"(press any key to continue" not in said:
        said += os.read(ours, 4096)
    os.write(ours, b"\x04")
    while b"Read the page: 43" not in said:
        said += os.read(ours, 4096)
    assert process.wait(timeout=30) == 0
    assert said.count(b"(press any key to continue") == 1 and b"any other key skips" not in said


@pytest.mark.parametrize("closed", ["stdin", "stdout"])
def test_half_a_terminal(closed):
    """Without a terminal to read from or to write to, nothing is asked."""
    ours, theirs = pty.openpty()
    streams = {"stdin": theirs, "stdout": theirs, closed: subprocess.DEVNULL}
    process = subprocess.Popen([latchkey.built("host", "pkey-demo")], **streams)
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 4096):
            said += part
    except OSError:
        pass  # the program has ended, and its end of the terminal is closed
    assert process.wait(timeout=30) == 0
    assert b"press any key to continue" not in said and b"any other key skips" not in said


# ---- The core ------------------------------------------------------------------------------------


def test_the_core_has_no_terminal():
    """It runs through, and the lines are whole: the terminal keeps the discipline of its own."""
    child = spawn(latchkey.RUN, "--core", latchkey.built("user", "pkey-demo"))
    assert "any other key skips" not in (said := child.read())
    assert not re.search(r"(?<!\r)\n", said)
    assert said.replace("\r\n", "\n") == latchkey.run(latchkey.built("user", "pkey-demo")).stdout
    assert status_of(child) == 0


def test_control_c_in_the_core(tmp_path):
    program = str(tmp_path / "spin")
    source = '#include <unistd.h>\nint main(void) { write(1, "on\\n", 3); for (;;); }'
    command = ["gcc", "-static", "-w", "-x", "c", "-", "-o", program]
    subprocess.run(command, input=source, text=True, check=True)
    child = spawn(latchkey.RUN, "--core", program)
    child.expect("on\r\n")
    child.send("\x03")
    assert status_of(child) == 130
