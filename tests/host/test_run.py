# SPDX-License-Identifier: MIT
"""tools/run: streams, status, signals, terminals, options, and everything that can go wrong."""

import argparse
import importlib.machinery
import importlib.util
import os
import pty
import random
import re
import signal
import subprocess
import termios
import time

import pexpect
import pytest

import debugger
import latchkey

pytestmark = pytest.mark.xdist_group("run")

WAYS = ("pvh", "iso", "uefi", "bochs")


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    program = str(tmp_path_factory.mktemp("probe") / "probe")
    source = os.path.join(latchkey.ROOT, "tests", "host", "probe.c")
    subprocess.run(["gcc", "-static", "-O2", "-o", program, source], check=True)
    return program


def start(*arguments, **options):
    """Starts tools/run with pipes; the caller talks to it."""
    return subprocess.Popen(
        [latchkey.RUN, "--timeout", str(latchkey.TIME_LIMIT), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


# ---- Status -----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_exit_status(probe, way):
    assert latchkey.run(f"--{way}", probe, "exit", "7").returncode == 7


@pytest.mark.parametrize("status", [0, 1, 125, 255])
def test_every_exit_status(probe, status):
    assert latchkey.run(probe, "exit", str(status)).returncode == status


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_killed_by_signal(probe, number):
    assert latchkey.run(probe, "raise", str(int(number))).returncode == 128 + number


def compiled(folder, source):
    program = str(folder / "program")
    subprocess.run(
        ["gcc", "-static", "-O1", "-w", "-D_GNU_SOURCE", "-x", "c", "-", "-o", program],
        input="#include <sys/mman.h>\n#include <unistd.h>\n" + source,
        text=True,
        check=True,
    )
    return program


@pytest.mark.parametrize(
    "source, words",
    [
        (
            "int main(void) { char *page = mmap((void *)0x10000000, 4096, 3, 0x22, -1, 0);"
            " pkey_mprotect(page, 4096, 3, pkey_alloc(0, PKEY_DISABLE_WRITE)); page[3] = 1; }",
            r"SIGSEGV: a write denied by key 1 at 0x10000003, by the instruction at 0x[0-9a-f]+;",
        ),
        (
            "int main(void) { return *(volatile int *)8; }",
            "SIGSEGV: a read at 0x8, where nothing is mapped;",
        ),
        (
            "int main(void) { *(volatile char *)main = 1; }",
            "SIGSEGV: a write at 0x[0-9a-f]+, which its mapping does not allow;",
        ),
        ("int main(void) { __builtin_trap(); }", "SIGILL: .*;"),
    ],
    ids=["key", "null", "text", "instruction"],
)
def test_line_on_how_it_ended(tmp_path, source, words):
    """Nobody looks at a status, so where the report is not shown a line stands for it."""
    stderr = latchkey.run(compiled(tmp_path, source)).stderr
    assert re.fullmatch(f"latchkey: ended by {words} --explain shows the report\n", stderr)


@pytest.mark.parametrize("options, reports", [([], 0), (["--show-reports"], 1)])
def test_report_of_another_program(options, reports):
    """A shell's child, say, which is not the program that is waited for."""
    command = ["--inside", "/bin/sh", "-c", "pkey-plugin; echo $?"]
    result = latchkey.run(*options, *command)
    assert result.returncode == 0 and result.stdout.endswith("\n139\n")
    assert result.stderr.count("---- fault report: pkey-plugin") == reports
    assert result.stderr.count("\n---- end of report\n") == reports


def test_report_that_was_shown():
    """Once is enough."""
    result = latchkey.run("--show-reports", latchkey.built("user", "pkey-plugin"))
    assert result.stderr.count("---- fault report: pkey-plugin") == 1
    assert result.stderr.endswith("\n---- end of report\n")


@pytest.mark.parametrize(
    "number, words",
    [
        (signal.SIGKILL, "latchkey: ended by SIGKILL\n"),
        (signal.SIGTERM, "latchkey: ended by SIGTERM\n"),
        (signal.SIGINT, ""),
        (signal.SIGPIPE, ""),
        (40, "latchkey: ended by signal 40\n"),
    ],
)
def test_line_on_a_signal_that_was_sent(probe, number, words):
    """As of a shell: nothing of SIGINT, which one sent oneself, and of a pipe that was closed."""
    assert latchkey.run(probe, "raise", str(int(number))).stderr == words


# ---- Streams ------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_streams_stay_apart(probe, way):
    result = latchkey.run(f"--{way}", probe, "streams")
    assert (result.stdout, result.stderr) == ("to the output", "to the error")


@pytest.mark.parametrize("way, size", [("pvh", 300_000), ("iso", 50_000), ("bochs", 20_000)])
def test_bytes_are_unharmed(probe, way, size):
    data = random.Random(size).randbytes(size)
    result = latchkey.run(f"--{way}", probe, "copy", input=data, text=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout == data


def test_no_input_at_all(probe):
    result = latchkey.run(probe, "copy")
    assert (result.returncode, result.stdout) == (0, "")


def test_input_that_nobody_reads(probe):
    result = latchkey.run(probe, "exit", "3", input="x" * 1_000_000)
    assert result.returncode == 3


def test_closed_descriptors(probe):
    command = f"exec {latchkey.RUN} --timeout 60 {probe} exit 5 <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], timeout=90).returncode == 5


def test_nobody_to_tell_of_a_signal():
    """Standard error is closed, so the line about the fault goes nowhere."""
    command = f"exec {latchkey.RUN} {latchkey.built('user', 'pkey-plugin')} >/dev/null 2>&-"
    assert subprocess.run(["sh", "-c", command], timeout=90).returncode == 128 + signal.SIGSEGV


def test_reader_that_leaves(probe):
    process = start(probe, "flood")
    assert process.stdout.read(100_000)
    process.stdout.close()
    assert process.wait(60) == 128 + signal.SIGPIPE


def test_reader_that_is_slow(probe):
    process = start(probe, "copy")
    data = random.Random(1).randbytes(100_000)
    with process:
        pid = os.fork()
        if pid == 0:
            process.stdin.write(data)
            process.stdin.close()
            os._exit(0)
        process.stdin.close()
        os.waitpid(pid, os.WNOHANG)
        time.sleep(3)
        assert process.stdout.read() == data
    assert process.returncode == 0
    os.waitpid(pid, 0)


# ---- What the program is given -----------------------------------------------------------------


def test_arguments_and_environment(probe):
    result = latchkey.run(
        *("--env", "COLOUR=blue green", "--env", "EMPTY=", "--", probe, "show"),
        *("", "two words", "--cpus", "$COLOUR", "$EMPTY", "$PATH", "$HOME", "$NONE"),
    )
    lines = result.stdout.splitlines()
    assert lines[0] == f"[{probe}]"
    assert lines[2:] == [
        "[]",
        "[two words]",
        "[--cpus]",
        "[$COLOUR] blue green",
        "[$EMPTY] ",
        "[$PATH] /bin",
        "[$HOME] /",
        "[$NONE] (not set)",
    ]


def test_added_files(probe, tmp_path):
    (tmp_path / "first").write_text("one\n")
    (tmp_path / "second").write_text("two\n")
    result = latchkey.run(
        *("--add", str(tmp_path / "first"), "--add", f"{tmp_path}/second:/etc/deep/name"),
        *(probe, "show", "/first", "/etc/deep/name"),
    )
    assert "[/first] one\n" in result.stdout
    assert "[/etc/deep/name] two\n" in result.stdout


def test_added_folder_keeps_its_links(probe, tmp_path):
    (tmp_path / "rest" / "empty").mkdir(parents=True)
    (tmp_path / "rest" / "file").write_text("one\n")
    (tmp_path / "rest" / "link").symlink_to("file")
    (tmp_path / "rest" / "nowhere").symlink_to("/no/such/file")
    words = ("sh", "-c", "cd /rest; for i in *; do echo $i $(readlink $i) $(cat $i 2>&1); done")
    result = latchkey.run("--add", str(tmp_path / "rest"), "--inside", "/bin/busybox", *words)
    assert result.stdout.splitlines() == [
        "empty cat: read error: Is a directory",
        "file one",
        "link file one",
        "nowhere /no/such/file cat: can't open 'nowhere': No such file or directory",
    ]


# ---- Signals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_reaches_the_program(probe, number):
    process = start(probe, "wait")
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    assert process.stdout.readline() == b"signal %02d\n" % number
    assert process.wait(60) == 40


def test_second_signal_kills_the_machine(probe):
    process = start(probe, "ignore")
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 128 + signal.SIGINT
    assert b"stopped by SIGINT" in process.stderr.read()


def test_no_emulator_is_left_behind(probe):
    process = start(probe, "ignore")
    assert process.stdout.readline() == b"ready\n"
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    with open(children) as file:
        emulator = int(file.read().split()[0])
    process.kill()
    process.wait()
    for _ in range(100):
        if not os.path.exists(f"/proc/{emulator}"):
            return
        time.sleep(0.1)
    os.kill(emulator, signal.SIGKILL)
    pytest.fail("the emulator outlived tools/run")


# ---- Terminals ---------------------------------------------------------------------------------


def spawn(*arguments, **options):
    arguments = ["--timeout", str(latchkey.TIME_LIMIT), *arguments]
    return pexpect.spawn(latchkey.RUN, arguments, timeout=60, encoding="utf-8", **options)


def test_program_sees_the_terminal(probe):
    child = spawn(probe, "describe", dimensions=(33, 101))
    child.expect(pexpect.EOF)
    for fd in range(3):
        assert f"{fd}: terminal 33 x 101\r\n" in child.before
    assert "Ctrl-A x" in child.before


def test_program_sees_pipes(probe):
    assert latchkey.run(probe, "describe").stdout == "0: pipe\n1: pipe\n2: pipe\n"


def test_output_to_a_pipe_from_a_terminal(probe, tmp_path):
    command = f"{latchkey.RUN} --timeout 60 {probe} describe | cat > {tmp_path}/out"
    pexpect.run(f"sh -c '{command}'", timeout=90)
    out = (tmp_path / "out").read_text()
    assert re.fullmatch(r"0: terminal.*\n1: pipe\n2: terminal.*\n", out)


def test_control_c_at_a_terminal(probe):
    child = spawn(probe, "wait")
    child.expect("ready\r\n")
    child.send("\x03")
    child.expect("signal 02\r\n")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 40


def test_control_d_ends_the_input(probe):
    child = spawn(probe, "wait")
    child.expect("ready\r\n")
    child.send("words\r\x04")
    child.expect("words\r\n")
    child.expect("end of input\r\n")
    child.expect(pexpect.EOF)


def test_window_changes(probe):
    child = spawn(probe, "wait")
    child.expect("ready\r\n")
    child.setwinsize(50, 132)
    child.expect(f"signal {int(signal.SIGWINCH)}\r\n")
    child.send("\x04")
    child.expect(pexpect.EOF)


def test_escape_kills_the_machine(probe):
    child = spawn(probe, "ignore")
    child.expect("ready\r\n")
    child.send("\x01x")
    child.expect("stopped by Ctrl-A x")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 128 + signal.SIGINT


@pytest.mark.parametrize("end", ["exit", "escape", "SIGTERM twice", "time limit"])
def test_terminal_is_restored(probe, end):
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    limit = "10" if end == "time limit" else "60"
    way = ["exit", "0"] if end == "exit" else ["ignore"]
    process = subprocess.Popen(
        [latchkey.RUN, "--timeout", limit, probe, *way],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    if end != "exit":
        assert process.stdout.readline() == b"ready\n"
        assert termios.tcgetattr(theirs) != before
    if end == "escape":
        os.write(ours, b"\x01x")
    if end == "SIGTERM twice":
        process.terminate()
        time.sleep(0.3)
        process.terminate()
    process.wait(60)
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)


# ---- Mistakes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--no-such-option", "program"],
        ["--cpus", "0", "program"],
        ["--cpus", "many", "program"],
        ["--memory", "much", "program"],
        ["--memory", "0", "program"],
        ["--memory", "64K", "program"],
        ["--timeout", "-1", "program"],
        ["--timeout", "nan", "program"],
        ["--env", "no equals sign", "program"],
        ["--iso", "--bochs", "program"],
        ["--bochs", "--icount", "program"],
        ["--cpus", "2", "--icount", "program"],
        ["--pvh"],
        ["--append"],
    ],
    ids=" ".join,
)
def test_bad_options(arguments):
    result = subprocess.run([latchkey.RUN, *arguments], capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("usage: tools/run [options] PROGRAM [ARG...]\n")


def test_help():
    result = subprocess.run([latchkey.RUN, "--help"], capture_output=True, text=True)
    assert result.returncode == 0
    assert result.stdout.startswith("usage: tools/run [options] PROGRAM [ARG...]\n")


def test_program_that_is_not_there():
    result = latchkey.run("/no/such/program")
    assert result.returncode == 127
    assert result.stderr == "tools/run: /no/such/program: no such file\n"


def test_program_that_is_a_folder(tmp_path):
    result = latchkey.run(str(tmp_path))
    assert result.returncode == 126
    assert "Is a directory" in result.stderr


def test_added_file_that_is_not_there(probe):
    result = latchkey.run("--add", "/no/such/file", probe)
    assert result.returncode == 127
    assert "/no/such/file: no such file" in result.stderr


def test_log_that_cannot_be_written(probe):
    result = latchkey.run("--log", "/no/such/folder/log", probe)
    assert result.returncode == 125
    assert "/no/such/folder/log" in result.stderr


@pytest.mark.parametrize(
    "way, complaint",
    [
        ("pvh", "unable to find CPU model 'no-such-model'"),
        ("bochs", "wrong value for parameter 'model'"),
    ],
)
def test_cpu_that_the_emulator_does_not_know(probe, way, complaint):
    result = latchkey.run(f"--{way}", "--cpu", "no-such-model", probe)
    assert result.returncode == 125
    assert complaint in result.stderr
    assert len(result.stderr.splitlines()) < 10


def test_kernel_that_was_not_built(probe, tmp_path):
    environment = dict(os.environ, LATCHKEY_BUILD=str(tmp_path))
    result = latchkey.run(probe, env=environment)
    assert result.returncode == 125
    assert "latchkey.elf is missing; `make` builds it" in result.stderr


def test_time_limit(probe):
    began = time.monotonic()
    result = latchkey.run(probe, "sleep", limit=3)
    assert result.returncode == 124
    assert "time limit" in result.stderr
    assert time.monotonic() - began < 10


BUSY = '__attribute__((noinline)) void busy(void) { for (;;) __asm__(""); }'


def test_where_a_program_was_that_computes(tmp_path):
    """QEMU says it of each CPU, with the program's own names; the kernel of each task."""
    program = compiled(tmp_path, BUSY + " int main(void) { busy(); }")
    for limit in (5, 6, 7):
        lines = latchkey.run("--cpus", "2", program, limit=limit).stderr.splitlines()
        assert lines[0] == "tools/run: time limit: the program has not ended"
        cpus = {line for line in lines if line.startswith("CPU ")}
        assert len(cpus) == 2
        assert any(line.startswith("task     1 program, ") for line in lines), lines
        # The other CPU wakes many times a second to look for input: it may be at that.
        if not any("is in ring 0" in line for line in cpus):
            break
    assert any(re.search(r"is in ring 3 at 0x[0-9a-f]+, busy\+0x", line) for line in cpus), lines
    assert any("has nothing to run" in line for line in cpus), lines


def test_where_a_program_was_that_waits(tmp_path):
    source = "int main(void) { int ends[2]; char c; pipe(ends); read(ends[0], &c, 1); }"
    stderr = latchkey.run(compiled(tmp_path, source), limit=4).stderr
    assert "task     1 program, waits" in stderr
    assert re.search(
        r" pipe_read\+0x.* sys_read\+0x.* system call 0 from ring 3", stderr, re.DOTALL
    )


def test_where_a_program_was_on_bochs(tmp_path):
    """There the kernel's word is all there is."""
    program = compiled(tmp_path, BUSY + ' int main(void) { write(1, "on", 2); busy(); }')
    result = latchkey.run("--bochs", program, limit=60)
    assert (result.returncode, result.stdout) == (124, "on")
    assert "Bochs does not tell where its CPUs are" in result.stderr
    assert re.search(
        r"task     1 program, would run\n.*interrupt in ring 3 at", result.stderr, re.S
    )


HANGS = {
    # With interrupts off, and nobody above it on the stack.
    "set $rip = power_halt": r"CPU 0 is .*, interrupts off\n  [0-9a-f]{16}  power_halt\+0x",
    # A jump to itself: the way there is told.
    "set *(unsigned short *)$rip = 0xfeeb": r"CPU 0 is in ring 0, interrupts on\n"
    r"  [0-9a-f]{16}  space_protect\+0x.*\n(  .*\n)*  [0-9a-f]{16}  syscall_entry\+0x",
}


@pytest.mark.parametrize("command", HANGS)
def test_where_the_kernel_was_that_hangs(command):
    """It answers nobody then, and QEMU says where it is."""
    commands = ["break space_protect", "continue", "delete", command, "continue"]
    commands += ["shell sleep 10"]  # the machine stands still then, and would end with GDB
    _, stderr = debugger.debug(*commands, run="--timeout 20")
    assert "the kernel does not tell of its tasks" in stderr
    assert re.search(HANGS[command], stderr), stderr


def test_time_until_the_hello():
    """A long stress says nothing until its end, and a debugger takes what time it likes."""
    loader = importlib.machinery.SourceFileLoader("tools_run", latchkey.RUN)
    tool = importlib.util.module_from_spec(importlib.util.spec_from_loader("tools_run", loader))
    loader.exec_module(tool)

    def seconds(gdb=None, append=()):
        return tool.hello_seconds(argparse.Namespace(gdb=gdb, append=append))

    assert seconds(append=["bringup minutes=3 seed=1"]) == seconds() + 180
    assert seconds(gdb="socket") is None


def test_no_folder_is_left_behind(probe, tmp_path):
    environment = dict(os.environ, TMPDIR=str(tmp_path))
    latchkey.run("--iso", probe, "exit", "0", env=environment)
    latchkey.run(probe, "sleep", limit=2, env=environment)
    assert os.listdir(tmp_path) == []


# ---- The kernel's messages ---------------------------------------------------------------------


def test_messages_stay_out_of_the_output(probe, tmp_path):
    log = tmp_path / "log"
    result = latchkey.run("--log", str(log), probe, "streams")
    assert (result.stdout, result.stderr) == ("to the output", "to the error")
    assert log.read_text().startswith("Latchkey")


def test_messages_on_request(probe):
    result = latchkey.run("--show-log", probe, "exit", "0")
    assert result.stderr.startswith("Latchkey")
    assert "\r" not in result.stderr


def test_report_on_request(probe):
    result = latchkey.run("--explain", probe, "crash")
    assert result.returncode == 128 + signal.SIGSEGV
    assert re.match("---- fault report.*---- end of report\n$", result.stderr, re.DOTALL)
    assert latchkey.run("--no-explain", probe, "crash").stderr == ""
