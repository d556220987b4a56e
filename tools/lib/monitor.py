# SPDX-License-Identifier: MIT
"""QEMU's monitor, and what it tells of the CPUs: where each is, with the names of the functions.

It asks the emulator, not the kernel, so it gets an answer whatever the kernel does.
"""

import bisect
import json
import os
import re
import socket
import subprocess

from tool import binutil

ROWS = 24  # of a trace
UPPER_HALF = 0xFFFF800000000000
STACK_SIZE = 1 << 16  # a caller's frame is no farther away
PATIENCE = 5  # seconds for an answer
IF = 0x200  # of RFLAGS


class MonitorError(Exception):
    """QEMU does not answer, or not so that we understand it."""


class Monitor:
    """QEMU's machine protocol (QMP) over a Unix socket in a folder."""

    def __init__(self, folder, name):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        # By a path that is short, wherever the folder is.
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        try:
            self._socket.connect(f"/proc/self/fd/{descriptor}/{name}")
            self._lines = self._socket.makefile("r")
            self._lines.readline()
            self.execute("qmp_capabilities")
        except OSError as error:
            raise MonitorError(str(error)) from None
        finally:
            os.close(descriptor)

    def close(self):
        self._socket.close()

    def execute(self, command, **arguments):
        request = json.dumps({"execute": command, "arguments": arguments})
        try:
            self._socket.sendall(request.encode() + b"\n")
            for line in self._lines:
                answer = json.loads(line)
                if "error" in answer:
                    raise MonitorError(answer["error"]["desc"])
                if "return" in answer:
                    return answer["return"]
        except (OSError, ValueError) as error:
            raise MonitorError(str(error)) from None
        raise MonitorError("no answer")

    def command(self, cpu, line):
        """A command of the monitor for people, for one CPU; returns its text."""
        words = {"command-line": line, "cpu-index": cpu}
        return self.execute("human-monitor-command", **words)

    def cpus(self):
        """The numbers of the CPUs."""
        return [cpu["cpu-index"] for cpu in self.execute("query-cpus-fast")]

    def registers(self, cpu):
        """RIP, RSP, RBP, RFL, CPL, HLT and others by name."""
        text = self.command(cpu, "info registers")
        found = re.findall(r"\b([A-Z][A-Z0-9]{1,2}) ?=([0-9a-f]+)\b", text)
        return {name: int(value, 16) for name, value in found}

    def words(self, cpu, address, count):
        """Words of memory as the CPU sees it; fewer, or none, where nothing is mapped."""
        text = self.command(cpu, f"x /{count}gx {address:#x}")
        return [int(word, 16) for line in text.splitlines()
                for word in line.partition(":")[2].split() if word.startswith("0x")]  # fmt: skip


class Symbols:
    """The functions of an ELF file; none where there is no such file or it has no symbols."""

    def __init__(self, path):
        names = {}
        command = [binutil("nm"), "--numeric-sort", path]
        result = subprocess.run(command, capture_output=True, text=True)
        for match in re.finditer(r"^([0-9a-f]+) [tTwW] (\S+)$", result.stdout, re.MULTILINE):
            names.setdefault(int(match[1], 16), match[2])
        self._starts = sorted(names)
        self._names = names

    def name(self, address):
        """As "function+0x12", or None."""
        at = bisect.bisect_right(self._starts, address) - 1
        if at < 0:
            return None
        start = self._starts[at]
        return f"{self._names[start]}+{address - start:#x}"


def _row(symbols, address, lookup=None):
    name = symbols.name(address if lookup is None else lookup)
    if name and lookup is not None:
        function, _, offset = name.partition("+")
        name = f"{function}+{int(offset, 16) + address - lookup:#x}"
    return f"  {address:016x}  {name or 'not a known function'}"


def _trace(monitor, cpu, registers, symbols):
    """The rows from RIP on, by frame pointers (kernel/explain/backtrace.c draws them)."""
    rows = [_row(symbols, registers["RIP"])]
    frame = registers["RBP"]
    while len(rows) < ROWS and frame >= UPPER_HALF and frame % 8 == 0:
        pair = monitor.words(cpu, frame, 2)
        if len(pair) < 2 or pair[1] < UPPER_HALF:
            break
        rows.append(_row(symbols, pair[1], pair[1] - 1))
        if not frame < pair[0] < frame + STACK_SIZE:
            break
        frame = pair[0]
    return rows


def _cpu_lines(monitor, cpu, kernel, program):
    registers = monitor.registers(cpu)
    if "RIP" not in registers:  # in the firmware, or not started
        return [f"CPU {cpu} is not in 64-bit mode, at {registers.get('EIP', 0):#x}"]
    rip = registers["RIP"]
    if registers.get("CPL"):
        name = program.name(rip)
        return [f"CPU {cpu} is in ring 3 at {rip:#x}" + (f", {name}" if name else "")]
    is_halted = registers.get("HLT")
    if is_halted and registers["RFL"] & IF:
        return [f"CPU {cpu} has nothing to run, in {kernel.name(rip)}"]
    interrupts = "on" if registers["RFL"] & IF else "off"
    head = f"CPU {cpu} is {'halted' if is_halted else 'in ring 0'}, interrupts {interrupts}"
    return [head, *_trace(monitor, cpu, registers, kernel)]


def where_cpus_are(folder, name, kernel_path, program_path):
    """Lines that say where each CPU of QEMU is; the machine stands still from here on.

    program_path: the file of the first program, or None.
    """
    monitor = Monitor(folder, name)
    try:
        monitor.execute("stop")
        kernel = Symbols(kernel_path)
        program = Symbols(program_path or os.devnull)
        return [line for cpu in monitor.cpus()
                for line in _cpu_lines(monitor, cpu, kernel, program)]  # fmt: skip
    finally:
        monitor.close()
