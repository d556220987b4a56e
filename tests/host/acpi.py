# SPDX-License-Identifier: MIT
"""ACPI tables of our own making for a QEMU machine that has none (-machine acpi=off).

QEMU hands its tables to the firmware as files, with a script that says where they go, which words
in them become addresses, and which bytes checksums. The same files made here reach the firmware
the same way, and with whatever mistakes a test wants.
"""

import struct

HEADER_SIZE = 36
MADT_HEADER_SIZE = 44
ENABLED = 1

# Commands of the script, and where it puts a file: in high memory, or in the BIOS's segment.
ALLOCATE, ADD_POINTER, ADD_CHECKSUM = 1, 2, 3
HIGH, FSEG = 1, 2


def table(signature, body, revision=1):
    """A table with its header; the checksum is the firmware's to fill in, or not."""
    header = struct.pack(
        "<4sIBB6s8sI4sI",
        signature,
        HEADER_SIZE + len(body),
        revision,
        0,
        b"LATCHK",
        b"TEST",
        1,
        b"TEST",
        1,
    )
    return header + body


def local_apic(apic_id, flags=ENABLED):
    return struct.pack("<BBBBI", 0, 8, apic_id, apic_id, flags)


def x2apic(apic_id, flags=ENABLED):
    return struct.pack("<BBHIII", 9, 16, 0, apic_id, flags, apic_id)


def madt(*entries):
    return table(b"APIC", struct.pack("<II", 0xFEE00000, 1) + b"".join(entries))


def fadt(boot_flags=0, flags=0, pm1a_control=0, reset=(0, 0)):
    """Of revision 3, with a link to the DSDT to be made; reset is a port and a value."""
    content = bytearray(table(b"FACP", bytes(244 - HEADER_SIZE), revision=3))
    struct.pack_into("<I", content, 64, pm1a_control)
    struct.pack_into("<H", content, 109, boot_flags)
    struct.pack_into("<I", content, 112, flags)
    struct.pack_into("<BBBBQB", content, 116, 1, 8, 0, 1, *reset)
    return bytes(content)


FADT_DSDT = 40


def _name(name):
    return name.encode().ljust(56, b"\0")


def _step(command, content):
    return struct.pack("<I", command) + content.ljust(124, b"\0")


def options(folder, *tables, unsummed=(), broken_rsdp=False, links=()):
    """QEMU's options for a machine with an RSDT and these tables.

    The tables whose numbers are in unsummed get no checksum, and so a wrong one. A link (table,
    offset, other table) puts the address of another table, in 32 bits, into a table.
    """
    blob = bytearray()
    offsets = []
    for content in tables:
        offsets.append(len(blob))
        blob += content
    rsdt_at = len(blob)
    blob += table(b"RSDT", struct.pack(f"<{len(tables)}I", *offsets))
    places = [rsdt_at + HEADER_SIZE + 4 * number for number in range(len(tables))]
    for number, offset, other in links:
        places.append(offsets[number] + offset)
        struct.pack_into("<I", blob, places[-1], offsets[other])
    rsdp = struct.pack("<8sB6sBI", b"RSD PTR ", 0, b"LATCHK", 0, rsdt_at)

    steps = [
        _step(ALLOCATE, _name("etc/acpi/rsdp") + struct.pack("<IB", 16, FSEG)),
        _step(ALLOCATE, _name("etc/acpi/tables") + struct.pack("<IB", 64, HIGH)),
        _step(ADD_POINTER, _name("etc/acpi/rsdp") + _name("etc/acpi/tables") + b"\x10\0\0\0\x04"),
    ]
    for at in places:
        place = struct.pack("<IB", at, 4)
        steps.append(_step(ADD_POINTER, 2 * _name("etc/acpi/tables") + place))
    sums = [(at, len(content)) for at, content in zip(offsets, tables)]
    sums = [entry for number, entry in enumerate(sums) if number not in unsummed]
    for at, length in [*sums, (rsdt_at, len(blob) - rsdt_at)]:
        place = struct.pack("<III", at + 9, at, length)
        steps.append(_step(ADD_CHECKSUM, _name("etc/acpi/tables") + place))
    if not broken_rsdp:
        steps.append(_step(ADD_CHECKSUM, _name("etc/acpi/rsdp") + struct.pack("<III", 8, 0, 20)))

    files = {"etc/acpi/rsdp": rsdp, "etc/acpi/tables": blob, "etc/table-loader": b"".join(steps)}
    result = ["-machine", "acpi=off"]
    for name, content in files.items():
        path = folder / name.replace("/", "-")
        path.write_bytes(content)
        result += ["-fw_cfg", f"name={name},file={path}"]
    return result
