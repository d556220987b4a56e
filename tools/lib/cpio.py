# SPDX-License-Identifier: MIT
"""The "newc" cpio format: for each file a header of hexadecimal fields, its name and its data.

Described in Linux's Documentation/driver-api/early-userspace/buffer-format.rst.
"""

import io
import os
import stat

HEADER_SIZE = 110
TRAILER = "TRAILER!!!"


class Archive:
    """
    Collects files, in a file or in memory, and gives the archive's bytes from there. The folders
    on the way to a file are added.
    """

    def __init__(self, file=None):
        self._file = file or io.BytesIO()
        self._start = self._file.tell()
        self._folders = set()
        self._inode = 0

    def add(self, path, data, mode, time=0):
        """A regular file; time is in seconds since 1970."""
        path = path.strip("/")
        self.add_folder(path.rpartition("/")[0])
        self._entry(path, data, stat.S_IFREG | mode, time=time)

    def link(self, path, target):
        """A symbolic link."""
        path = path.strip("/")
        self.add_folder(path.rpartition("/")[0])
        self._entry(path, os.fsencode(target), stat.S_IFLNK | 0o777)

    def add_as(self, path, status, data=b"", number=None):
        """Anything, as a stat result has it; files of several names share a number."""
        path = path.strip("/")
        if stat.S_ISDIR(status.st_mode):
            self._folders.add(path)
        self._entry(
            path,
            data,
            status.st_mode,
            time=int(status.st_mtime),
            links=status.st_nlink,
            number=number,
            device=status.st_rdev,
            owner=(status.st_uid, status.st_gid),
        )

    def next_number(self):
        self._inode += 1
        return self._inode

    def finish(self):
        """Ends the archive, at a multiple of 512 bytes so that another may follow it."""
        self._entry(TRAILER, b"", 0)
        self._file.write(bytes(-(self._file.tell() - self._start) % 512))
        return self._file.getvalue() if isinstance(self._file, io.BytesIO) else b""

    def add_folder(self, path):
        """A folder, and those on the way to it."""
        path = path.strip("/")
        if not path or path in self._folders:
            return
        self.add_folder(path.rpartition("/")[0])
        self._folders.add(path)
        self._entry(path, b"", stat.S_IFDIR | (0o1777 if path == "tmp" else 0o755))

    def _entry(self, name, data, mode, time=0, links=1, number=None, device=0, owner=(0, 0)):
        if stat.S_ISDIR(mode):
            links = 2
        encoded = os.fsencode(name) + b"\0"
        fields = (
            number or self.next_number(), mode, *owner, links, time & 0xFFFFFFFF, len(data), 0, 0,
            os.major(device), os.minor(device), len(encoded), 0,
        )  # fmt: skip
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._file.write(_padded(header + encoded))
        self._file.write(data)
        self._file.write(bytes(-len(data) % 4))


def _padded(data):
    return data + bytes(-len(data) % 4)


def names(data):
    """The names in an archive, without a slash before them."""
    found = set()
    at = 0
    while at + HEADER_SIZE <= len(data) and data[at : at + 6] == b"070701":
        size, name_size = int(data[at + 54 : at + 62], 16), int(data[at + 94 : at + 102], 16)
        start = at + HEADER_SIZE
        found.add(os.fsdecode(data[start : start + name_size - 1]))
        at = start + name_size
        at += -at % 4 + size
        at += -at % 4
    return found
