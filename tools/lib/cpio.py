# SPDX-License-Identifier: MIT
"""The "newc" cpio format: for each file a header of hexadecimal fields, its name and its data.

Described in Linux's Documentation/driver-api/early-userspace/buffer-format.rst.
"""

import stat


class Archive:
    """Collects files and gives the archive's bytes. The folders on the way to a file are added."""

    def __init__(self):
        self._parts = []
        self._folders = set()
        self._inode = 0

    def add(self, path, data, mode):
        path = path.strip("/")
        self.add_folder(path.rpartition("/")[0])
        self._entry(path, data, stat.S_IFREG | mode)

    def link(self, path, target):
        """A symbolic link."""
        path = path.strip("/")
        self.add_folder(path.rpartition("/")[0])
        self._entry(path, target.encode(), stat.S_IFLNK | 0o777)

    def finish(self):
        """Ends the archive, at a multiple of 512 bytes so that another may follow it."""
        self._entry("TRAILER!!!", b"", 0)
        archive = b"".join(self._parts)
        return archive + bytes(-len(archive) % 512)

    def add_folder(self, path):
        """A folder, and those on the way to it."""
        path = path.strip("/")
        if not path or path in self._folders:
            return
        self.add_folder(path.rpartition("/")[0])
        self._folders.add(path)
        self._entry(path, b"", stat.S_IFDIR | 0o755)

    def _entry(self, name, data, mode):
        self._inode += 1
        links = 2 if stat.S_ISDIR(mode) else 1
        encoded = name.encode() + b"\0"
        # inode, mode, uid, gid, links, mtime, size, two pairs of device numbers, name size, sum
        fields = (self._inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._parts.append(_padded(header + encoded))
        self._parts.append(_padded(data))


def _padded(data):
    return data + bytes(-len(data) % 4)
