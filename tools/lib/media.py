# SPDX-License-Identifier: MIT
"""Makes what UEFI firmware boots besides an ISO: a disk image, and a tree for the network.

Both hold the same files: one GRUB with its modules inside, and below boot/ the kernel, its
initramfs and the configuration. GRUB looks for them where firmware has found GRUB, be that a
partition, a TFTP server or an HTTP server. The configuration can be edited there.
"""

import os
import shutil
import tempfile

import grub
from tool import run_tool

MIB = 1024 * 1024
SECTOR = 512
# The partition keeps this far from both ends of the disk, where the two copies of the GPT are.
MARGIN = MIB
# A smaller one would be FAT16, which some firmware does not take for an EFI system partition.
MIN_PARTITION = 40 * MIB

GRUB_MODULES = (
    "all_video efinet fat http multiboot2 normal part_gpt part_msdos serial terminal test tftp"
)


def make_netboot(output, kernel, initramfs, grub_cfg):
    """Makes the folder output, in place of one that is there, to be the root of a server."""
    shutil.rmtree(output, ignore_errors=True)
    for folder in (os.path.dirname(grub.UEFI_LOADER), "boot/grub"):
        os.makedirs(os.path.join(output, folder))
    shutil.copy(kernel, os.path.join(output, "boot", "latchkey.elf"))
    shutil.copy(initramfs, os.path.join(output, "boot", "initramfs.cpio"))
    with open(os.path.join(output, "boot", "grub", "grub.cfg"), "w") as file:
        file.write(grub_cfg)
    grub.make_loader(os.path.join(output, grub.UEFI_LOADER), grub.UEFI, GRUB_MODULES)


def make_disk(output, kernel, initramfs, grub_cfg):
    """Makes the file output: a GPT disk with one partition, an EFI system partition in FAT32."""
    with tempfile.TemporaryDirectory(prefix="latchkey-disk-") as folder:
        tree = os.path.join(folder, "tree")
        make_netboot(tree, kernel, initramfs, grub_cfg)
        size = max(MIN_PARTITION, 2 * _size_of(tree) // MIB * MIB)
        with open(output, "wb") as file:
            file.truncate(MARGIN + size + MARGIN)
        first, count = MARGIN // SECTOR, size // SECTOR
        files = [os.path.join(tree, path) for path in grub.files_in(tree)]
        guids = [f"--disk-guid={grub.identity('disk', files)}"]
        guids += [f"--partition-guid=1:{grub.identity('partition', files)}"]
        partition = [f"--new=1:{first}:{first + count - 1}", "--typecode=1:ef00"]
        partition += ["--change-name=1:Latchkey"]
        run_tool("sgdisk", "--clear", *partition, *guids, output)
        grub.make_fat(f"{output}@@{MARGIN}", count, tree, ["-F", "-v", "LATCHKEY"])


def _size_of(tree):
    files = (os.path.join(at, name) for at, _, names in os.walk(tree) for name in names)
    return sum(map(os.path.getsize, files))
