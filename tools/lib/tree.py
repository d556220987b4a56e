# SPDX-License-Identifier: MIT
"""A whole tree of files, such as debootstrap makes, put into an archive as it is.

Owners, modes, times, symbolic links, files of several names, FIFOs and device nodes stay what they
are. The machine has /dev, /proc and /sys of its own.
"""

import os
import stat

OF_THE_MACHINE = ("dev", "proc", "sys")


class Tree:
    """Adds a tree to an archive. skipped has what was left out, each with the reason."""

    def __init__(self, archive, root):
        self._archive = archive
        self._root = root
        self._numbers = {}  # of files with several names
        self.skipped = []

    def add(self, inside=""):
        """Everything in a folder of the tree."""
        try:
            names = sorted(os.listdir(os.path.join(self._root, inside)))
        except OSError as error:
            self.skipped.append((inside, error.strerror))
            return
        for name in names:
            if inside or name not in OF_THE_MACHINE:
                self._add_one(os.path.join(inside, name))

    def _add_one(self, inside):
        path = os.path.join(self._root, inside)
        try:
            status = os.lstat(path)
            if stat.S_ISSOCK(status.st_mode):
                self.skipped.append((inside, "a socket"))
            elif stat.S_ISREG(status.st_mode):
                self._add_file(inside, path, status)
            else:
                is_link = stat.S_ISLNK(status.st_mode)
                data = os.fsencode(os.readlink(path)) if is_link else b""
                self._archive.add_as(inside, status, data)
        except OSError as error:
            self.skipped.append((inside, error.strerror))
            return
        if stat.S_ISDIR(status.st_mode):
            self.add(inside)

    def _add_file(self, inside, path, status):
        identity = (status.st_dev, status.st_ino)
        number = self._numbers.get(identity) if status.st_nlink > 1 else None
        data = b""
        if number is None:
            with open(path, "rb") as file:
                data = file.read()
            number = self._archive.next_number()
        if status.st_nlink > 1:
            self._numbers[identity] = number
        self._archive.add_as(inside, status, data, number)

    def words(self):
        """Lines on what was left out, or nothing."""
        shown = [f"left out: {path}: {why}" for path, why in self.skipped[:5]]
        if len(self.skipped) > len(shown):
            shown.append(f"left out: {len(self.skipped) - len(shown)} more files")
        return shown


def find_command(root, name):
    """Where in the tree a command without a slash is, as a shell there would find it."""
    for folder in ("usr/local/bin", "usr/bin", "bin", "usr/sbin", "sbin"):
        if os.path.lexists(os.path.join(root, folder, name)):
            return f"/{folder}/{name}"
    return "/" + name
