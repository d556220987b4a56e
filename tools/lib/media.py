# SPDX-License-Identifier: MIT
"""Makes what UEFI firmware boots besides an ISO: a disk image, and a tree for the network.

Both hold the same files: one GRUB with its modules inside, and below boot/ the kernel, its
initramfs and the configuration. GRUB looks for them where firmware has found GRUB, be that a
partition, a TFTP server or an HTTP server. The configuration can be edited there.
"""

import os
import shutil
import tempfile

from tool import run_tool

MIB = 1024 * 1024
SECTOR = 512
# The partition keeps this far from both ends of the disk, where the two copies of the GPT are.
MARGIN = MIB
# A smaller one would be FAT16, which some firmware does not take for an EFI system partition.
MIN_PARTITION = 40 * MIB

LOADER = "EFI/BOOT/BOOTX64.EFI"
GRUB_MODULES = (
    "all_video efinet fat http multiboot2 normal part_gpt part_msdos serial terminal test tftp"
)


def make_netboot(output, kernel, initramfs, grub_cfg):
    """Makes the folder output, in place of one that is there, to be the root of a server."""
    shutil.rmtree(output, ignore_errors=True)
    for folder in (os.path.dirname(LOADER), "boot/grub"):
        os.makedirs(os.path.join(output, folder))
    shutil.copy(kernel, os.path.join(output, "boot", "latchkey.elf"))
    shutil.copy(initramfs, os.path.join(output, "boot", "initramfs.cpio"))
    with open(os.path.join(output, "boot", "grub", "grub.cfg"), "w") as file:
        file.write(grub_cfg)
    loader = os.path.join(output, LOADER)
    target = ["--format=x86_64-efi", "--prefix=/boot/grub", f"--output={loader}"]
    run_tool("grub-mkimage", *target, *GRUB_MODULES.split())


def make_disk(output, kernel, initramfs, grub_cfg):
    """Makes the file output: a GPT disk with one partition, an EFI system partition in FAT32."""
    with tempfile.TemporaryDirectory(prefix="latchkey-disk-") as folder:
        tree = os.path.join(folder, "tree")
        make_netboot(tree, kernel, initramfs, grub_cfg)
        size = max(MIN_PARTITION, 2 * _size_of(tree) // MIB * MIB)
        with open(output, "wb") as file:
            file.truncate(MARGIN + size + MARGIN)
        first, count = MARGIN // SECTOR, size // SECTOR
        partition = f"--new=1:{first}:{first + count - 1}"
        run_tool(
            "sgdisk", "--clear", partition, "--typecode=1:ef00", "--change-name=1:Latchkey", output
        )
        inside = f"{output}@@{MARGIN}"
        run_tool("mformat", "-i", inside, "-F", "-T", str(count), "-v", "LATCHKEY", "::")
        entries = [os.path.join(tree, name) for name in sorted(os.listdir(tree))]
        run_tool("mcopy", "-s", "-i", inside, *entries, "::/")


def _size_of(tree):
    files = (os.path.join(at, name) for at, _, names in os.walk(tree) for name in names)
    return sum(map(os.path.getsize, files))
