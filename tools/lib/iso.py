# SPDX-License-Identifier: MIT
"""Makes an ISO that boots the kernel through GRUB, on BIOS and on UEFI, from a CD or a stick."""

import os
import shutil
import tempfile

from tool import run_tool

# Enough for the menus; the rest of GRUB's modules, its fonts and its translations take 15 MB.
GRUB_MODULES = (
    "all_video iso9660 multiboot2 normal part_acorn part_amiga part_apple part_bsd part_dfly "
    "part_dvh part_gpt part_msdos part_plan part_sun part_sunpc serial terminal test"
)


def make_iso(output, kernel, initramfs, grub_cfg):
    """Makes the file output from two files and the text of GRUB's configuration."""
    with tempfile.TemporaryDirectory(prefix="latchkey-iso-") as tree:
        boot = os.path.join(tree, "boot")
        os.makedirs(os.path.join(boot, "grub"))
        shutil.copy(kernel, os.path.join(boot, "latchkey.elf"))
        shutil.copy(initramfs, os.path.join(boot, "initramfs.cpio"))
        with open(os.path.join(boot, "grub", "grub.cfg"), "w") as file:
            file.write(grub_cfg)
        command = ["grub-mkrescue", "--fonts=", "--locales=", "--themes="]
        command += [f"--install-modules={GRUB_MODULES}", "-o", output, tree]
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
