# SPDX-License-Identifier: MIT
"""Makes an ISO that boots the kernel through GRUB, on BIOS and on UEFI, from a CD or a stick."""

import os
import shutil
import tempfile
import time

import grub
from tool import run_tool

# Enough for the menus.
GRUB_MODULES = (
    "all_video iso9660 multiboot2 normal part_gpt part_msdos search_fs_uuid serial terminal test"
)
# What GRUB on a stick has before sector 64, and where Debian has it.
STICK_START = "/usr/lib/grub/i386-pc/boot_hybrid.img"
SECTOR = 512
MIB = 1024 * 1024


def make_iso(output, kernel, initramfs, grub_cfg):
    """Makes the file output from two files and the text of GRUB's configuration."""
    with tempfile.TemporaryDirectory(prefix="latchkey-iso-") as folder:
        tree = os.path.join(folder, "tree")
        boot = os.path.join(tree, "boot", "grub")
        os.makedirs(boot)
        shutil.copy(kernel, os.path.join(tree, "boot", "latchkey.elf"))
        shutil.copy(initramfs, os.path.join(tree, "boot", "initramfs.cpio"))
        with open(os.path.join(boot, "grub.cfg"), "w") as file:
            file.write(grub_cfg)
        # GRUB knows the ISO by its time, wherever firmware shows it.
        date = time.gmtime(grub.moment())
        search = time.strftime("search.fs_uuid %Y-%m-%d-%H-%M-%S-00 root\n", date)
        search += f"set prefix=($root){grub.PREFIX}\n"
        bios = os.path.join(boot, "eltorito.img")
        grub.make_loader(bios, grub.BIOS, f"biosdisk {GRUB_MODULES}", search)
        _make_system_partition(os.path.join(folder, "efi.img"), search)
        _make_image(output, tree, os.path.join(folder, "efi.img"), date)


def _make_system_partition(image, search):
    """What UEFI looks for, in a file system of FAT that is no larger than it must be."""
    with tempfile.TemporaryDirectory(prefix="latchkey-efi-") as tree:
        loader = os.path.join(tree, grub.UEFI_LOADER)
        os.makedirs(os.path.dirname(loader))
        grub.make_loader(loader, grub.UEFI, GRUB_MODULES, search)
        size = (os.path.getsize(loader) // MIB + 1) * MIB + MIB // 4
        with open(image, "wb") as file:
            file.truncate(size)
        grub.make_fat(image, size // SECTOR, tree)


def _make_image(output, tree, system_partition, date):
    parts = [os.path.join(tree, path) for path in grub.files_in(tree)] + [system_partition]
    command = ["xorriso", "-as", "mkisofs", "-quiet", "-r", "-V", "LATCHKEY", "-o", output]
    digits = time.strftime("%Y%m%d%H%M%S00", date)
    command += [f"--modification-date={digits}", "--set_all_file_dates", digits]
    command += ["--gpt_disk_guid", grub.identity("ISO", parts)]
    command += ["-b", "boot/grub/eltorito.img", "-no-emul-boot", "-boot-load-size", "4"]
    command += ["-boot-info-table", "--grub2-boot-info", "--grub2-mbr", STICK_START]
    command += ["-append_partition", "2", "0xef", system_partition, "-appended_part_as_gpt"]
    command += ["-eltorito-alt-boot", "-e", "--interval:appended_partition_2:all::"]
    command += ["-no-emul-boot", "--protective-msdos-label", tree]
    run_tool(*command)


def boot_at_once(command_line, screen="auto"):
    """A GRUB configuration without a menu, which gives the kernel these words.

    screen is the mode of the screen, as GRUB's gfxpayload has it.
    """
    words = ["'" + word.replace("'", "'\\''") + "'" for word in command_line.split()]
    return (
        "insmod all_video\n"
        f"multiboot2 /boot/latchkey.elf {' '.join(words)}\n"
        "module2 /boot/initramfs.cpio\n"
        f"set gfxpayload={screen}\n"
        "boot\n"
    )
