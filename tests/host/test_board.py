# SPDX-License-Identifier: MIT
"""Boards without what every PC used to have: where the console goes, that nothing waits for a
device that is not there, and that the suite passes on such machines.
"""

import os
import re
import struct
import subprocess
import sys

import acpi
import bringup
import debugger
import pytest

import latchkey

sys.path.insert(0, os.path.join(latchkey.ROOT, "tools", "lib"))

import iso  # noqa: E402
import machines  # noqa: E402

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("board")]

# What QEMU makes of the value 1 that the kernel writes to isa-debug-exit: there is no program.
ENDED = 3

COM1, COM2, COM3 = 0x3F8, 0x2F8, 0x3E8


def machine(*options):
    """A machine without a serial port, and a character device called log for one."""
    command = [machines.QEMU, "-nodefaults", "-display", "none", "-accel", "tcg"]
    command += ["-cpu", "max", "-m", "128M", "-no-reboot", "-chardev", "stdio,id=log"]
    return [*command, "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04", *options]


def run(*options):
    """Runs a machine to its end; returns QEMU's exit status and what came out at log."""
    result = subprocess.run(
        machine(*options),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=latchkey.TIME_LIMIT,
    )
    return result.returncode, result.stdout.decode(errors="replace").replace("\r", "")


def boot(*options, append=""):
    """Boots the kernel by itself."""
    return run(*options, "-kernel", latchkey.built("latchkey.elf"), "-append", append)


def port(address, chardev="log", irq=4):
    return ["-device", f"isa-serial,chardev={chardev},iobase={address:#x},irq={irq}"]


SILENT_COM1 = ["-chardev", "null,id=nowhere", *port(COM1, "nowhere")]


# ---- Where the console is -----------------------------------------------------------------------


def spcr(folder, space, address, baud=7, interface=0):
    """QEMU's options for one more table, which names a port."""
    body = struct.pack("<B3xBBBBQ6xB21x", interface, space, 8, 0, 1, address, baud)
    (folder / "spcr").write_bytes(body)
    return ["-acpitable", f"sig=SPCR,rev=2,data={folder}/spcr"]


def expect_whole(log, source):
    """From the first message on, though the port may have been found later."""
    assert log.startswith("Latchkey, a kernel about"), log
    assert f", {source}\n" in log, log
    assert "initramfs  there is none" in log, log


def test_second_port_by_spcr(tmp_path):
    """With a first one there that nobody listens to."""
    options = [*SILENT_COM1, *port(COM2, irq=3), *spcr(tmp_path, 1, COM2)]
    status, log = boot(*options)
    expect_whole(log, "as the SPCR table says")
    assert f"UART at port {COM2:#x}" in log
    assert status == ENDED


def test_second_port_by_words(tmp_path):
    """The command line is asked before the table."""
    options = [*SILENT_COM1, *port(COM2, irq=3), *spcr(tmp_path, 1, COM1)]
    expect_whole(boot(*options, append="console=ttyS1,9600")[1], "as console= says")


@pytest.mark.parametrize("address", [COM1, COM2, COM3])
def test_port_by_probe(address):
    expect_whole(boot(*port(address))[1], "the first legacy port")


@pytest.mark.parametrize("words", ["ttyS3", "ttyS9", "io,0x8000", "mmio32,0xe0000000,9600", "x"])
def test_words_that_lead_nowhere(words):
    _, log = boot(*port(COM1), append=f"console={words}")
    expect_whole(log, "the first legacy port")
    assert "console    console= names no serial port that answers" in log, log


# In device memory that is none, beyond the CPU's addresses, in PCI's configuration space; no 16550.
@pytest.mark.parametrize(
    "space, address, interface",
    [(0, 0xE0000000, 0), (0, 1 << 60, 0), (2, COM1, 0), (1, 0x9000, 0), (1, COM1, 3), (1, 0, 0)],
)
def test_spcr_that_leads_nowhere(tmp_path, space, address, interface):
    table = spcr(tmp_path, space, address, interface=interface)
    expect_whole(boot(*port(COM1), *table)[1], "the first legacy port")


def test_spcr_with_a_bad_checksum(tmp_path):
    body = struct.pack("<B3xBBBBQ6xB21x", 0, 1, 8, 0, 1, COM2, 7)
    tables = acpi.options(tmp_path, acpi.table(b"SPCR", body), unsummed=[0])
    _, log = boot(*port(COM1), *tables)
    expect_whole(log, "the first legacy port")
    assert "acpi       SPCR has a wrong checksum" in log, log


def test_no_port_at_all():
    status, log = boot()
    assert (status, log) == (ENDED, "")


# ---- What it shows ------------------------------------------------------------------------------


def test_loglevel():
    """The console has warnings and results alone, and the log has everything."""
    words = ["--append", "loglevel=5 no_such_word test=log_lines", "--show-log"]
    result = latchkey.run(*words, "--inside", "/bin/dmesg")
    shown = result.stderr.replace("\r", "").splitlines()
    assert shown[0] == "command    no_such_word is not a word of Latchkey's; see docs/"
    assert shown[1:4] == ["KTAP version 1", "1..1", "ok 1 - log_lines"]
    assert len(shown) == 5, shown
    log = result.stdout.splitlines()
    assert log[0] == "Latchkey, a kernel about memory protection keys"
    assert {*shown} < {*log}


def test_loglevel_and_panic():
    _, log = boot(*port(COM1), append="loglevel=1 test=panic_among_others")
    assert log.startswith("KTAP version 1"), log
    assert "==== kernel panic: on purpose" in log and "cr4 " in log, log


# ---- Ports that are no legacy ones --------------------------------------------------------------

REGISTERS_SIZE = 4096
LINE_CONTROL, MODEM_CONTROL, LINE_STATUS = 3, 4, 5
WRITABLE = 0x60


@pytest.fixture
def card(tmp_path):
    """A PCI card with plain memory in place of a UART's registers: QEMU's options and the file."""
    file = tmp_path / "registers"
    file.write_bytes(bytes(REGISTERS_SIZE))
    memory = f"memory-backend-file,id=registers,share=on,mem-path={file},size={REGISTERS_SIZE}"
    return ["-object", memory, "-device", "ivshmem-plain,memdev=registers,addr=10"], file


def pci_address(device, bar, *options):
    """Where the firmware puts a device's registers, as its own log says."""
    debug_port = ["-device", "isa-debugcon,iobase=0x402,chardev=log"]
    _, log = run(*debug_port, "-boot", "reboot-timeout=1", *options)
    return int(re.search(rf"bdf=00:{device}.0  bar {bar}, addr (\w+),", log)[1], 16)


def test_pci_port():
    address = pci_address(
        "11", 0, *SILENT_COM1[:2], "-device", "pci-serial,chardev=nowhere,addr=11"
    )
    _, log = boot("-device", "pci-serial,chardev=log,addr=11", append=f"console=io,{address:#x}")
    expect_whole(log, "as console= says")


@pytest.mark.parametrize("is_ready", [True, False])
def test_registers_in_memory(card, is_ready, tmp_path):
    """32 bits each: what was written last is there, and nothing waits for what never comes."""
    options, file = card
    registers = [0] * 8
    registers[LINE_STATUS] = WRITABLE if is_ready else 0
    address = pci_address("10", 2, *options)
    file.write_bytes(struct.pack("<8I", *registers).ljust(REGISTERS_SIZE, b"\0"))
    status, log = boot(*options, append=f"console=mmio32,{address:#x},115200")
    assert (status, log) == (ENDED, "")
    registers = struct.unpack("<8I", file.read_bytes()[:32])
    assert registers[LINE_CONTROL] == 3 and registers[MODEM_CONTROL] == 3
    assert chr(registers[0]) == ("\n" if is_ready else "\1"), registers  # or else the divisor


def test_registers_in_memory_by_spcr(card, tmp_path):
    options, file = card
    table = spcr(tmp_path, 0, pci_address("10", 2, *options))
    file.write_bytes(bytes([0] * LINE_STATUS + [WRITABLE]).ljust(REGISTERS_SIZE, b"\0"))
    assert boot(*options, *table) == (ENDED, "")
    assert file.read_bytes()[0] == ord("\n")


# ---- The suite on such machines -----------------------------------------------------------------

# No interval timer, no interrupt controllers of old, no keyboard controller; and no screen, as the
# command line of every machine here has it.
BARE = ["-M", "q35,pit=off,pic=off,i8042=off,memory-backend=ram", "-smp", "2"]
WORDS = "bringup seed=1 onpass=poweroff"


def memory(size):
    """Promised to the guest, and not reserved on the host."""
    return ["-m", size, "-object", f"memory-backend-ram,id=ram,size={size},reserve=off"]


def bring_up(*options):
    """Runs the suite, which has to pass on both CPUs; returns the log."""
    status, log = run(*BARE, *options)
    report = bringup.parse(log)
    assert "verdict=pass" in report.end, log
    assert [line.apic for line in report.results if line.test == "identity"] == [0, 1]
    assert status == 0
    return log


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """An ISO that starts the suite at once, with console= left to be found."""
    return make_iso(tmp_path_factory.mktemp("iso"))


def make_iso(folder, commands="", words=WORDS):
    kernel, initramfs = map(latchkey.built, ("latchkey.elf", "initramfs.cpio"))
    iso.make_iso(folder / "run.iso", kernel, initramfs, commands + iso.boot_at_once(words))
    return ["-cdrom", str(folder / "run.iso")]


def test_bare_uefi(image):
    log = bring_up(*machines.uefi_flash(), *memory("256M"), *port(COM1), *image)
    assert "by the ACPI PM timer" in log


def test_large_uefi_with_spcr(image, tmp_path):
    """80 GiB, and the console on the second port, which the table names."""
    ports = [*SILENT_COM1, *port(COM2, irq=3), *spcr(tmp_path, 1, COM2)]
    log = bring_up(*machines.uefi_flash(), *memory("80G"), *ports, *image)
    assert "as the SPCR table says" in log
    assert re.search(r"^memory     819\d\d MiB of RAM", log, re.M), log


def test_large_bios_with_many_ranges(tmp_path):
    """GRUB marks a page in each 64 KiB of 16 MiB as bad: twice 256 ranges more."""
    image = make_iso(tmp_path, "insmod mmap\nbadram 0x4001000,0xff00f000\n")
    log = bring_up(*memory("80G"), *port(COM1), *image)
    ranges = re.search(r"^memory     819\d\d MiB of RAM in (\d+) ranges", log, re.M)
    assert int(ranges[1]) > 256, log


def test_bad_table(tmp_path):
    """The list of CPUs is good, the one clock's table is not: without any the rate is a guess."""
    cpus = acpi.madt(*map(acpi.local_apic, range(2)))
    hpet = acpi.table(b"HPET", struct.pack("<IBBBBQBHB", 0, 0, 64, 0, 0, 0xFED00000, 0, 0, 0))
    tables = acpi.options(tmp_path, cpus, hpet, unsummed=[1])
    start = ["-kernel", latchkey.built("latchkey.elf"), "-append", WORDS]
    log = bring_up(*memory("128M"), *port(COM1), *tables, *start)
    assert "acpi       HPET has a wrong checksum" in log
    assert "by a guess" in log


# ---- How it ends --------------------------------------------------------------------------------

EXIT_PORT = 0xF4
RESET_REG_SUP = 1 << 10
# Name(\\_S5, Package() {5, 5, 0, 0}), as a compiler of ASL makes it.
S5 = bytes.fromhex("08 5c 5f 53 35 5f 12 08 04 0a 05 0a 05 00 00")


def end(folder, word, dsdt=S5, **said):
    """A machine whose FADT is ours; returns QEMU's exit status."""
    tables = [acpi.fadt(**said), acpi.table(b"DSDT", dsdt)]
    options = acpi.options(folder, *tables, links=[(0, acpi.FADT_DSDT, 1)])
    words = f"bringup tests=identity onpass={word}"
    return boot("-M", "q35", *options, *port(COM1), append=words)


def test_reset_register(tmp_path):
    """It is the port that ends QEMU with the value, which would end with 0 at any other reset."""
    status, log = end(tmp_path, "reboot", flags=RESET_REG_SUP, reset=(EXIT_PORT, 0x15))
    assert "reset by the FADT's register" in log
    assert status == 0x15 * 2 + 1


def test_reset_register_that_is_not_supported(tmp_path):
    status, log = end(tmp_path, "reboot", reset=(EXIT_PORT, 0x15))
    assert "reset by the chipset's" in log
    assert status == 0


def test_reset_register_that_does_nothing(tmp_path):
    status, log = end(tmp_path, "reboot", flags=RESET_REG_SUP, reset=(0x9000, 0x15))
    assert "reset by the FADT's register" in log
    assert status == 0


def test_s5(tmp_path):
    """SLP_TYP 5 and SLP_EN, of which QEMU's status has no more than that they came to the port."""
    status, log = end(tmp_path, "poweroff", pm1a_control=EXIT_PORT)
    assert "off by ACPI's S5" in log
    assert status == ((5 << 10 | 1 << 13) * 2 + 1) & 0xFF


@pytest.mark.parametrize("dsdt", [b"", S5[:9], S5.replace(b"_S5_", b"_S4_")])
def test_no_s5(tmp_path, dsdt):
    status, log = end(tmp_path, "poweroff", dsdt=dsdt, pm1a_control=EXIT_PORT)
    assert "off by an emulator's ports" in log
    assert status == 0


def test_devices_that_the_fadt_denies(tmp_path):
    no_vga, no_rtc = 1 << 2, 1 << 5  # and no bit for an 8042
    _, log = end(tmp_path, "poweroff", boot_flags=no_vga | no_rtc)
    assert "acpi       the FADT says that there is no: 8042 VGA RTC\n" in log, log


# ---- The BMC ------------------------------------------------------------------------------------

KCS, KCS_COMMAND = 0xCA2, 0xCA3
BMC = ["-device", "ipmi-bmc-sim,id=bmc", "-device", f"isa-ipmi-kcs,bmc=bmc,ioport={KCS}"]


def ask_bmc(*message):
    """GRUB's commands that send a message through KCS and drop the three bytes of its answer."""
    steps = [f"outb {KCS_COMMAND:#x} 0x61", *(f"outb {KCS:#x} {byte}" for byte in message[:-1])]
    steps += [f"outb {KCS_COMMAND:#x} 0x62", f"outb {KCS:#x} {message[-1]}"]
    steps += [f"inb {KCS:#x}", f"outb {KCS:#x} 0x68"] * 3 + [f"inb {KCS:#x}"]
    return "".join(step + "\n" for step in steps)


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_bmc_watchdog(tmp_path, monkeypatch, firmware):
    """GRUB starts it as firmware would: for a minute, at the end of which the machine is reset."""
    monkeypatch.setattr(iso, "GRUB_MODULES", iso.GRUB_MODULES + " iorw")
    start = ask_bmc(0x18, 0x24, 3, 1, 0, 0x3E, 600 & 0xFF, 600 >> 8) + ask_bmc(0x18, 0x22)
    image = make_iso(tmp_path, "insmod iorw\n" + start, f"{WORDS} tests=identity")
    flash = machines.uefi_flash() if firmware == "uefi" else []
    log = bring_up(*flash, *BMC, *memory("128M"), *port(COM1), *image)
    assert re.search(
        r"^bmc        its watchdog is stopped; it had [3-5]\d s left\n", log, re.M
    ), log


def test_bmc_that_is_at_rest():
    assert "bmc        found; its watchdog does not run\n" in boot(*BMC, *port(COM1))[1]


def spmi(folder, address):
    (folder / "spmi").write_bytes(
        struct.pack("<BBHHBBIBBBBQ", 1, 1, 0x200, *[0] * 4, 1, 8, 0, 1, address)
    )
    return ["-acpitable", f"sig=SPMI,data={folder}/spmi"]


@pytest.mark.parametrize(
    "address, said",
    [
        (KCS, "found; its watchdog does not run"),
        (0x9000, "its watchdog cannot be read: nothing is there"),
    ],
)
def test_bmc_by_spmi(tmp_path, address, said):
    """The table is asked before SMBIOS; where it leads to nothing, the boot goes on."""
    status, log = boot(*BMC, *port(COM1), *spmi(tmp_path, address))
    assert f"bmc        {said}" in log, log
    assert status == ENDED


# ---- What the firmware left ---------------------------------------------------------------------


def test_five_level_paging():
    """CR4.LA57 is on at the entry, as a loader leaves it that came from tables of five levels."""
    set_la57 = "b8 00 10 00 00 0f 22 e0"  # mov eax, 0x1000; mov cr4, eax
    code = [f"set *(char *)(0x8000 + {at}) = 0x{byte}" for at, byte in enumerate(set_la57.split())]
    back = ["set $pc = 0x8000", "stepi 2", "p/x $cr4", "set $pc = (long)&pvh_entry", "continue"]
    at_entry = ["hbreak *pvh_entry", "continue", "delete", *code, *back]
    output, log = debugger.debug(*at_entry, options=["--reset"], run="--cpus 2")
    assert "$1 = 0x1000" in output, output
    cr4 = re.search(r"^registers  CR0 0x\w+, CR4 (0x\w+),", log, re.M)
    assert int(cr4[1], 16) & 0x1000 == 0, log
    assert "2 of 2 up" in log and "panic" not in log, log
