# SPDX-License-Identifier: MIT
"""`make media`: each medium as firmware finds it, and firmware booting the kernel from each.

The words for the kernel go into the medium itself, as for a rack of boards.
"""

import filecmp
import os
import struct
import subprocess
import sys
import time

import pytest

import latchkey

sys.path.insert(0, os.path.join(latchkey.ROOT, "tools", "lib"))

import machines  # noqa: E402
from grub import UEFI_LOADER  # noqa: E402
from media import MARGIN, SECTOR  # noqa: E402

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("media")]

# The machine powers off after its tests, which is how a test here ends.
WORDS = "console=ttyS0 test=page_total"
TYPE_ESP = bytes.fromhex("28732ac11ff8d211ba4b00a0c93ec93b")


def make_media(folder, *options, **environment):
    parts = [latchkey.built("latchkey.elf"), latchkey.built("initramfs.cpio")]
    configuration = os.path.join(latchkey.ROOT, "boot", "grub.cfg")
    tool = os.path.join(latchkey.ROOT, "tools", "mkmedia")
    command = [tool, *options, folder, *parts, configuration]
    subprocess.run(command, check=True, env=dict(os.environ, **environment))
    return folder


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    return make_media(tmp_path_factory.mktemp("media"), "--words", WORDS)


def boot(*options, uefi=True):
    """What QEMU with nothing else to boot from prints until it powers off; SeaBIOS is its BIOS."""
    command = [machines.QEMU, "-nodefaults", "-M", "q35", "-accel", "tcg", "-cpu", "max"]
    command += ["-m", "256M", "-display", "none", "-serial", "stdio", "-no-reboot"]
    command += ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
    result = subprocess.run(
        [*command, *(machines.uefi_flash() if uefi else []), *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=240,
    )
    assert result.returncode == 0
    return result.stdout.decode(errors="replace").replace("\r", "")


def usb(path, media="disk"):
    """A stick, or the CD drive as which a BMC shows its virtual media."""
    return [
        "-drive", f"if=none,id=medium,format=raw,snapshot=on,media={media},file={path}",
        "-device", "qemu-xhci", "-device", "usb-storage,drive=medium,bootindex=0",
    ]  # fmt: skip


def test_disk_image_is_gpt_with_a_system_partition(media):
    with open(media / "latchkey.img", "rb") as file:
        sectors = [file.read(SECTOR) for _ in range(3)]
        file.seek(MARGIN)
        fat = file.read(SECTOR)
    assert sectors[0][510:] == b"\x55\xaa" and sectors[0][450] == 0xEE
    assert sectors[1][:8] == b"EFI PART"
    assert sectors[2][:16] == TYPE_ESP
    first, last = struct.unpack_from("<QQ", sectors[2], 32)
    assert first * SECTOR == MARGIN and fat[82:90] == b"FAT32   "
    size = os.path.getsize(media / "latchkey.img")
    assert (last + 1) * SECTOR == size - MARGIN


def test_iso_is_a_disk_too(media):
    with open(media / "latchkey.iso", "rb") as file:
        start = file.read(2 * SECTOR)
        file.seek(0x8001)
        volume = file.read(5)
    assert start[510:512] == b"\x55\xaa" and start[SECTOR : SECTOR + 8] == b"EFI PART"
    assert volume == b"CD001"


def test_same_bytes_later_and_elsewhere(tmp_path):
    """For a release: where SOURCE_DATE_EPOCH says what time it is."""
    first = make_media(tmp_path / "one", SOURCE_DATE_EPOCH="1700000000")
    time.sleep(2.1)  # FAT counts in steps of two seconds
    second = make_media(tmp_path / "other", SOURCE_DATE_EPOCH="1700000000", TZ="Asia/Tokyo")
    for name in ("latchkey.iso", "latchkey.img", f"netboot/{UEFI_LOADER}"):
        assert filecmp.cmp(first / name, second / name, shallow=False), name


@pytest.mark.parametrize("name", ["latchkey.img", "latchkey.iso"])
def test_stick_boots(media, ktap, name):
    ktap(boot("-nic", "none", *usb(media / name)))


def test_stick_boots_by_bios(media, ktap):
    ktap(boot("-nic", "none", *usb(media / "latchkey.iso"), uefi=False))


@pytest.mark.parametrize("uefi", [False, True])
def test_virtual_cd_boots(media, ktap, uefi):
    ktap(boot("-nic", "none", *usb(media / "latchkey.iso", "cdrom"), uefi=uefi))


def test_network_boots(media, ktap):
    server = f"user,id=net,tftp={media / 'netboot'},bootfile={UEFI_LOADER}"
    ktap(boot("-netdev", server, "-device", "virtio-net-pci,netdev=net,bootindex=0"))
