# SPDX-License-Identifier: MIT
"""The rooms: a kernel without each of those above the line, and the checks of their order."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

import latchkey

sys.path.insert(0, os.path.join(latchkey.ROOT, "tools", "lib"))
import rooms

ORDER = rooms.Rooms()
OBJECTS = latchkey.built("obj", "kernel")


def above_the_line():
    return [room for room in ORDER.from_above if room not in ORDER.core]


def tool(name, *arguments):
    path = os.path.join(latchkey.ROOT, "tools", name)
    return subprocess.run([path, *arguments], capture_output=True, text=True, cwd=latchkey.ROOT)


# The tests in ring 0 and the checkers are left out of any kernel that does not ask for them.
@pytest.mark.long(sample=1)
@pytest.mark.parametrize(
    "room", [room for room in above_the_line() if room not in ("tests/kernel", "sanitizers")]
)
def test_without(room):
    """It links without the room and those that use it, and a program runs as with it."""
    folder = latchkey.build_variant("WITHOUT", "latchkey.elf", "initramfs.cpio", value=room)
    environment = dict(os.environ, LATCHKEY_BUILD=folder)
    demo = latchkey.built("user", "pkey-demo")
    result = latchkey.run("--cpus", "2", demo, env=environment)
    expected = latchkey.run("--cpus", "2", demo)
    assert (result.stdout, result.returncode) == (expected.stdout, 0)


@pytest.mark.parametrize("name", ["rooms", "attached"])
def test_closed_pipe(name):
    """A reader that has seen enough, such as head, is no error worth words."""
    path = os.path.join(latchkey.ROOT, "tools", name)
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run([path], stdout=write, stderr=subprocess.PIPE, cwd=latchkey.ROOT)
    os.close(write)
    assert (result.returncode, result.stderr) == (-signal.SIGPIPE, b"")


def test_a_room_that_is_none():
    assert "is no room" in tool("rooms", "--users", "kernel/nowhere").stderr
    assert "below the line" in tool("rooms", "--without", "kernel/task").stderr


@pytest.fixture
def objects(tmp_path):
    """A function that puts a C text into a copy of the objects, in the place of a source's."""

    def put(source, text):
        folder = tmp_path / "obj"
        if not folder.exists():
            shutil.copytree(OBJECTS, folder)
        written = tmp_path / "put.c"
        written.write_text(text)
        made = folder / source.replace(".c", ".o")
        subprocess.run(["gcc", "-c", "-o", made, written], check=True)
        return tool("check-symbols", str(folder))

    return put


def test_a_bare_prototype(objects):
    result = objects("mm/page/ram.c", """
        int signal_send_group(int pgid, int signal);
        int ranges_hold(int group) { return signal_send_group(group, 9); }
    """)  # fmt: skip
    assert result.returncode == 1
    assert (
        "mm/page/ram.c: signal_send_group of kernel/signal/signal.c: kernel/signal/ stands above "
        "mm/page/" in result.stdout
    )


def test_an_unsaid_default(objects):
    result = objects("mm/page/ram.c", "__attribute__((weak)) void ram_default(void) {}")
    assert result.returncode == 1
    assert "mm/page/ram.c: ram_default() is weak; docs/architecture.md" in result.stdout


def test_an_include_that_goes_up(tmp_path):
    """The path of a source decides, so one is made beside the others."""
    source = os.path.join(latchkey.ROOT, "mm", "page", f"up_{os.getpid()}.c")
    try:
        with open(source, "w") as file:
            file.write('#include "kernel/signal/signal.h"\n')
        result = tool("check-includes", os.path.relpath(source, latchkey.ROOT))
    finally:
        os.remove(source)
    assert result.returncode == 1
    assert "is of kernel/signal/, which is not open to mm/page/" in result.stdout


def test_who_hangs_where():
    events, _, fields = tool("attached", OBJECTS).stdout.partition("fields behind")
    assert "thread_leaves_space (told; kernel/process/events.h)\n    leave " in events
    assert "task_credentials" in fields


def test_every_event_is_used():
    """None is told that nobody hangs on, in the whole kernel."""
    lines = tool("attached", OBJECTS).stdout.partition("\nfields behind")[0].split("\n")
    headers = [i for i, line in enumerate(lines) if line and not line.startswith(" ")]
    alone = [lines[i] for i in headers if not lines[i + 1].startswith("    ")]
    assert [line for line in alone if "(offered;" not in line] == []
