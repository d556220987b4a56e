# SPDX-License-Identifier: MIT
"""What the kernel makes of a bad initramfs, of programs that it cannot run, and of too little
memory: plain words and an end, never a fault of its own. Damaged ELF images are ring-3 tests.
"""

import os
import subprocess

import pytest

import latchkey

# What QEMU makes of the value 1 that the kernel writes to isa-debug-exit.
FAILURE = 3


def boot(initramfs=None, append="", memory="64M"):
    """Boots the kernel by itself; returns QEMU's exit status and the kernel's messages."""
    command = ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-accel", "tcg"]
    command += ["-cpu", "max", "-m", memory, "-no-reboot", "-serial", "stdio"]
    command += ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
    command += ["-kernel", latchkey.built("latchkey.elf"), "-append", append]
    if initramfs:
        command += ["-initrd", str(initramfs)]
    result = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=latchkey.TIME_LIMIT
    )
    return result.returncode, result.stdout.decode(errors="replace").replace("\r", "")


def expect_words(log, *words):
    assert "panic" not in log
    for word in words:
        assert word in log, log


# ---- The initramfs ------------------------------------------------------------------------------


@pytest.fixture
def archive():
    with open(latchkey.built("initramfs.cpio"), "rb") as file:
        return file.read()


def test_no_initramfs():
    status, log = boot()
    expect_words(log, "initramfs  there is none: no program can be run")
    assert status == FAILURE


def test_no_archive(tmp_path):
    (tmp_path / "initramfs").write_bytes(b"this is no cpio archive\n" * 100)
    status, log = boot(tmp_path / "initramfs")
    expect_words(log, "initramfs  ")
    assert status == FAILURE


@pytest.mark.parametrize("kept", [1, 50, 109, 110, 111, 1000, 5000, 100_000])
def test_truncated_archive(archive, tmp_path, kept):
    (tmp_path / "initramfs").write_bytes(archive[:kept])
    status, log = boot(tmp_path / "initramfs", append="init=/no/such/program")
    expect_words(log, "initramfs  ")
    assert status == FAILURE


@pytest.mark.parametrize("offset", [0, 6, 54, 94, 110, 200])
def test_damaged_archive(archive, tmp_path, offset):
    damaged = archive[:offset] + b"\xff" * 16 + archive[offset + 16 :]
    (tmp_path / "initramfs").write_bytes(damaged)
    status, log = boot(tmp_path / "initramfs", append="init=/no/such/program")
    expect_words(log, "initramfs  ")
    assert status == FAILURE


# ---- The first program --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/no/such/program", "/bin", "/etc/motd"])
def test_first_program_that_cannot_run(path):
    status, log = boot(latchkey.built("initramfs.cpio"), append=f"init={path}")
    expect_words(log, path)
    assert status == FAILURE


def compile_program(folder, *flags):
    (folder / "program.c").write_text("int main(void) { return 0; }\n")
    program = str(folder / "program")
    subprocess.run(["gcc", "-o", program, str(folder / "program.c"), *flags], check=True)
    return program


def test_static_pie(tmp_path):
    assert latchkey.run(compile_program(tmp_path, "-static-pie")).returncode == 0


def test_dynamic_program_in_the_core(tmp_path):
    result = latchkey.run("--core", compile_program(tmp_path))
    assert result.returncode == 126
    assert "dynamically linked; link it with -static" in result.stderr


@pytest.mark.parametrize(
    "content", [b"", b"\x7fELF", b"just text\n", bytes(4096)], ids=["empty", "cut", "text", "zeros"]
)
def test_program_that_is_none(tmp_path, content):
    (tmp_path / "program").write_bytes(content)
    result = latchkey.run(str(tmp_path / "program"))
    assert result.returncode == 126
    assert result.stderr.strip()


def test_interpreter_that_is_not_there(tmp_path):
    (tmp_path / "script").write_text("#!/no/such/interpreter\n")
    result = latchkey.run(str(tmp_path / "script"))
    assert result.returncode in (126, 127)
    assert "the interpreter that its first line names is not there" in result.stderr


# ---- The machine --------------------------------------------------------------------------------


@pytest.mark.parametrize("spare", [3, 4])
def test_too_little_memory(spare):
    """Room for the initramfs and the kernel, and not for what is in it to be unpacked."""
    initramfs = latchkey.built("initramfs.cpio")
    mebibytes = -(-os.path.getsize(initramfs) // (1 << 20)) + spare
    status, log = boot(initramfs, memory=f"{mebibytes}M")
    expect_words(log, "out of memory")
    assert status == FAILURE


def test_unknown_words_are_told():
    _, log = boot(append="no_such_word")
    assert "no_such_word" in log


@pytest.mark.parametrize("words", ["console=ttyS7", "channel=ttyS1,0", "channel=nonsense"])
def test_ports_that_are_not_there(words):
    """The boot goes on, whether or not there is anywhere to say so."""
    status, _ = boot(latchkey.built("initramfs.cpio"), append=f"{words} init=/bin/true")
    assert status == 0
