# SPDX-License-Identifier: MIT
"""Reads PKRU from a CPU of QEMU, whose GDB stub does not show it.

RDPKRU is written over the next instruction, the CPU makes this one step, and the registers and the
memory are put back. The packets are GDB's own, but GDB itself does not see the step: it stays where
it is, with its frames, breakpoints and displays.
"""

import re

import gdb
import paging

RDPKRU = bytes.fromhex("0f01ee")
PAGE_SIZE = 4096

# Numbers of registers in QEMU's description of the CPU.
RAX, RCX, RDX, RIP, EFLAGS = 0, 2, 3, 16, 17
FLAG_TF = 1 << 8  # would make the step end in the handler of #DB
FLAG_RF = 1 << 16  # so do breakpoints of the machine's own debug registers, without this
CR4_PKE = 1 << 22
PTE_U = 1 << 2
PTE_NX = 1 << 63

# Of a step: no interrupts, and no timers meanwhile.
STEP_ENABLED, STEP_WITHOUT_IRQ, STEP_WITHOUT_TIMER = 1, 2, 4
CAREFUL_STEP = STEP_ENABLED | STEP_WITHOUT_IRQ | STEP_WITHOUT_TIMER


class NotLive(Exception):
    """PKRU cannot be read now; the text says why."""


def value_of(text):
    return int(gdb.parse_and_eval(text)) & 0xFFFFFFFFFFFFFFFF


def send(packet):
    return gdb.selected_inferior().connection.send_packet(packet).decode()


def read_register(number):
    return int.from_bytes(bytes.fromhex(send(f"p{number:x}")), "little")


def write_register(number, value):
    size = 4 if number == EFLAGS else 8
    if send(f"P{number:x}={value.to_bytes(size, 'little').hex()}") != "OK":
        raise gdb.GdbError(f"QEMU does not let register {number} be written")


def is_halted(cpu):
    """Whether a CPU waits in HLT, where it makes no step."""
    text = gdb.execute("monitor info registers -a", to_string=True)
    registers = re.search(rf"^CPU#{cpu}$.*?\bHLT=(\d)", text.replace("\r", ""), re.M | re.S)
    return bool(registers) and registers[1] == "1"


def place_for_instruction(read_physical_word):
    """An address near the next instruction with room for three bytes, from which this CPU may
    fetch."""
    address = value_of("$rip")
    if address % PAGE_SIZE > PAGE_SIZE - len(RDPKRU):
        address -= address % PAGE_SIZE
    entries = [entry for _, _, entry in paging.walk(read_physical_word, value_of("$cr3"), address)]
    needed = paging.PTE_P | (PTE_U if value_of("$cs") & 3 else 0)
    if any(entry & needed != needed or entry & PTE_NX for entry in entries):
        raise NotLive(f"the instruction at {address:#x} cannot be fetched")
    return address


def step(thread):
    pid, number, _ = thread.ptid
    before = send("qqemu.sstep").strip('"')
    send(f"Qqemu.sstep={CAREFUL_STEP:#x}")
    try:
        send(f"vCont;s:p{pid:x}.{number:x}")
    finally:
        send(f"Qqemu.sstep={before}")


def step_over_rdpkru(thread, address):
    """The instruction is at the address. Returns RAX after it, or None if it was not executed."""
    saved = {number: read_register(number) for number in (RAX, RCX, RDX, RIP, EFLAGS)}
    try:
        write_register(RCX, 0)
        write_register(EFLAGS, saved[EFLAGS] & ~FLAG_TF | FLAG_RF)
        write_register(RIP, address)
        step(thread)
        return read_register(RAX) if read_register(RIP) == address + len(RDPKRU) else None
    finally:
        for number, value in saved.items():
            write_register(number, value)


def read(read_physical_word):
    """PKRU of the selected thread, which is a CPU. NotLive says why there is none to read."""
    thread = gdb.selected_thread()
    inferior = gdb.selected_inferior()
    if not thread or not hasattr(inferior.connection, "send_packet"):
        raise NotLive("nothing runs that GDB is attached to")
    if not value_of("$cr4") & CR4_PKE:
        raise NotLive("CR4.PKE is 0: this CPU has no protection keys, or the kernel has not come "
                      "to turning them on")  # fmt: skip
    if is_halted(thread.ptid[1] - 1):
        raise NotLive("the CPU waits in HLT, and makes no step")
    address = place_for_instruction(read_physical_word)
    covered = inferior.read_memory(address, len(RDPKRU)).tobytes()
    # Written first: by that GDB makes its thread the one whose registers the packets mean.
    inferior.write_memory(address, RDPKRU)
    try:
        pkru = step_over_rdpkru(thread, address)
    finally:
        inferior.write_memory(address, covered)
    if pkru is None:
        raise NotLive(f"the CPU did not execute RDPKRU at {address:#x}")
    return pkru & 0xFFFFFFFF
