# SPDX-License-Identifier: MIT
"""The screen, by QEMU's pictures of it: characters are told by comparing each cell's pixels with
the glyphs of the font, and what stands there with the serial line or with what must be said.
"""

import contextlib
import json
import os
import subprocess
import sys
import time

import pytest

import latchkey

sys.path.insert(0, os.path.join(latchkey.ROOT, "tools", "lib"))

import iso  # noqa: E402
import machines  # noqa: E402
import psf  # noqa: E402

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("screen")]

WIDTH, HEIGHT = 8, 16  # pixels of a cell
INK = (0xAA, 0xAA, 0xAA)
UEFI = ["-M", "q35", *machines.uefi_flash()]
SUITE = "bringup tests=identity,registers,cpuid_keys seed=1 onpass=halt onfail=halt"


@pytest.fixture(scope="module")
def glyphs():
    """The character of each glyph's rows; the font is the one that the Makefile names."""
    with open(os.path.join(latchkey.ROOT, "Makefile")) as file:
        (path,) = (line.split()[-1] for line in file if line.startswith("FONT := "))
    font = psf.read(path)
    return {font[chr(code)]: chr(code) for code in range(ord(" "), ord("~") + 1)}


class Screen:
    """A machine that boots by GRUB, and the pictures of its screen."""

    def __init__(self, folder, qemu):
        self._picture = folder / "screen.ppm"
        self._qemu = qemu
        self._ask("qmp_capabilities")

    def _ask(self, command, **arguments):
        request = json.dumps({"execute": command, "arguments": arguments})
        self._qemu.stdin.write(request.encode() + b"\n")
        self._qemu.stdin.flush()
        for line in self._qemu.stdout:
            if "return" in json.loads(line):
                return
        raise EOFError("QEMU has ended")

    def memory(self, address, size):
        """Bytes of physical memory."""
        self._ask("pmemsave", val=address, size=size, filename=str(self._picture))
        return self._picture.read_bytes()

    def pixels(self):
        """The picture's width and its rows, each of three bytes for a pixel."""
        self._ask("screendump", filename=str(self._picture))
        kind, size, _, data = self._picture.read_bytes().split(b"\n", 3)
        assert kind == b"P6"
        width = int(size.split()[0])
        return width, [data[at : at + 3 * width] for at in range(0, len(data), 3 * width)]

    def lines(self, glyphs):
        """The text, with NUL for what is no character, without blanks at the end."""
        width, rows = self.pixels()
        bits = [[any(row[3 * x : 3 * x + 3]) for x in range(width)] for row in rows]
        return [
            "".join(cell(bits, glyphs, line, column) for column in range(width // WIDTH)).rstrip()
            for line in range(len(rows) // HEIGHT)
        ]

    def wait_for(self, glyphs, text):
        """The lines as soon as one of them begins with a text."""
        end = time.monotonic() + latchkey.TIME_LIMIT
        while time.monotonic() < end:
            lines = self.lines(glyphs)
            if any(line.startswith(text) for line in lines):
                return lines
            time.sleep(0.5)
        raise TimeoutError("\n".join(lines))


def cell(bits, glyphs, line, column):
    rows = [bits[line * HEIGHT + y][column * WIDTH :][:WIDTH] for y in range(HEIGHT)]
    glyph = bytes(sum(bit << WIDTH - 1 - x for x, bit in enumerate(row)) for row in rows)
    return glyphs.get(glyph, "\0")


@contextlib.contextmanager
def boot(folder, words, *options, mode="auto"):
    """Boots an ISO in a mode of the screen."""
    kernel, initramfs = map(latchkey.built, ("latchkey.elf", "initramfs.cpio"))
    iso.make_iso(folder / "run.iso", kernel, initramfs, iso.boot_at_once(words, mode))
    command = [machines.QEMU, "-nodefaults", "-display", "none", "-accel", "tcg", "-cpu", "max"]
    command += ["-m", "256M", "-no-reboot", "-qmp", "stdio", "-cdrom", str(folder / "run.iso")]
    with subprocess.Popen(
        [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as qemu:
        try:
            yield Screen(folder, qemu)
        finally:
            qemu.kill()


def rows_of(log, columns):
    """The rows that a text takes, of which the first may have gone up and out."""
    rows = []
    for line in log.splitlines():
        rows += [line[at : at + columns].rstrip() for at in range(0, max(len(line), 1), columns)]
    return rows


def ended(lines):
    """Without the blank lines at the end."""
    return "\n".join(lines).rstrip("\n").split("\n")


def expect_what_the_line_said(screen, glyphs, serial):
    """What stands on the screen are the latest lines of the serial log, character by character."""
    lines = ended(screen.wait_for(glyphs, "# bringup end"))
    log = serial.read_text().split("Latchkey, a kernel", 1)[1]
    columns = screen.pixels()[0] // WIDTH
    assert lines == rows_of(log, columns)[-len(lines) :]
    assert len(lines) > 10 and max(map(len, lines)) == columns


@pytest.mark.parametrize("firmware", [[], UEFI], ids=["bios", "uefi"])
def test_framebuffer(tmp_path, glyphs, firmware):
    serial = tmp_path / "serial"
    ports = ["-vga", "std", "-serial", f"file:{serial}"]
    with boot(tmp_path, SUITE, *firmware, *ports) as screen:
        expect_what_the_line_said(screen, glyphs, serial)
        _, rows = screen.pixels()
        colours = {row[at : at + 3] for row in rows for at in range(0, len(row), 3)}
        assert colours == {bytes(3), bytes(INK)}


# Where the shown part ends before the picture does, there is a margin.
@pytest.mark.parametrize("mode", ["1024x768x32", "800x600x24", "1920x1080x16", "2560x1440x32"])
def test_modes(tmp_path, glyphs, mode):
    if mode.startswith("2560"):
        options = ["-device", "VGA,vgamem_mb=32"]
    else:
        options = ["-vga", "std"]
    with boot(tmp_path, SUITE, *options, mode=mode) as screen:
        screen.wait_for(glyphs, "# bringup end")
        width, rows = screen.pixels()
        assert f"{width}x{len(rows)}" == mode.rpartition("x")[0]


def test_text_mode(tmp_path):
    """A BIOS' screen of 80 columns and 25 lines, with the character in each second byte."""
    with boot(tmp_path, SUITE, "-vga", "std", mode="text") as screen:
        end = time.monotonic() + latchkey.TIME_LIMIT
        text = ""
        while "# bringup end" not in text and time.monotonic() < end:
            text = screen.memory(0xB8000, 2 * 80 * 25)[::2].decode("latin-1")
            time.sleep(0.5)
        lines = [text[at : at + 80].rstrip() for at in range(0, len(text), 80)]
        assert ended(lines)[-1].startswith("# bringup end pass="), lines


def test_terminal_without_a_serial_port(tmp_path, glyphs):
    with boot(tmp_path, "init=/bin/pkey-demo exit=halt", *UEFI, "-vga", "std") as screen:
        lines = screen.wait_for(glyphs, "first program ended with status 0")
        assert any("caught by SIGSEGV" in line for line in lines), lines
        assert all("\0" not in line for line in lines), lines


def test_panic(tmp_path, glyphs):
    with boot(tmp_path, "test=panic_among_others", *UEFI, "-vga", "std", "-smp", "2") as screen:
        lines = screen.wait_for(glyphs, "==== end of panic")
        assert "==== kernel panic: on purpose" in "\n".join(lines), lines
