# SPDX-License-Identifier: MIT
"""GRUB with its modules inside, and what media have besides files: times, names and numbers.

The same files at the same time give the same bytes. The time is SOURCE_DATE_EPOCH's where that is
set, as for a release; the numbers that tell one medium from another are made of what it holds.
"""

import hashlib
import os
import tempfile
import time
import uuid

from tool import run_tool

BIOS, UEFI = "i386-pc-eltorito", "x86_64-efi"
UEFI_LOADER = "EFI/BOOT/BOOTX64.EFI"
PREFIX = "/boot/grub"


def moment():
    """The time that is written into media, in seconds since 1970."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())


def identity(purpose, paths):
    """A UUID for a purpose, made of the contents of files."""
    digest = hashlib.sha256(purpose.encode())
    for path in paths:
        with open(path, "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return str(uuid.uuid5(uuid.NAMESPACE_OID, digest.hexdigest()))


def make_loader(output, target, modules, first_commands=""):
    """Makes GRUB for BIOS or UEFI; the first commands come before its configuration is read."""
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as early:
        early.write(first_commands)
        early.flush()
        options = [f"--format={target}", f"--prefix={PREFIX}", f"--output={output}"]
        options += ["--config", early.name] if first_commands else []
        run_tool("grub-mkimage", *options, *modules.split())


def files_in(tree):
    """The paths of the files in a folder, relative to it and in a fixed order."""
    found = (os.path.relpath(os.path.join(at, name), tree) for at, _, names in os.walk(tree)
             for name in names)  # fmt: skip
    return sorted(found)


def make_fat(image, sectors, tree, options=()):
    """Makes a FAT file system that holds a tree; mtools' name of the image may have an offset."""
    serial = identity("FAT", (os.path.join(tree, path) for path in files_in(tree)))[:8]
    run_tool("mformat", "-i", image, "-T", str(sectors), "-N", serial, *options, "::")
    folders = set()
    for path in files_in(tree):
        parents = path.split("/")[:-1]
        for depth in range(1, len(parents) + 1):
            folder = "/".join(parents[:depth])
            if folder not in folders:
                run_tool("mmd", "-i", image, f"::/{folder}")
                folders.add(folder)
        run_tool("mcopy", "-i", image, os.path.join(tree, path), f"::/{path}")
