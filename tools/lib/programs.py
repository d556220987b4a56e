# SPDX-License-Identifier: MIT
"""What a program of this computer needs in a machine that has none of its files.

To the loader and the libraries (libraries.py) come the interpreter of a script, with what that
needs, and the folder without which an interpreter of Python does not start.
"""

import fnmatch
import glob
import os
import re
import shutil

import libraries

SCRIPT_LINE_SIZE = 255  # as far as the kernel reads
INTERPRETERS_MAX = 5
# Of no use to programs: what links with the interpreter, and its own tests.
NOT_OF_PYTHON = ("config-*", "test")


def find(name):
    """A program as a shell finds it, but in this folder first."""
    return name if "/" in name or os.path.isfile(name) else shutil.which(name) or name


def script_words(path):
    """The interpreter of a script and its argument, or nothing."""
    try:
        with open(path, "rb") as file:
            line = file.read(SCRIPT_LINE_SIZE).partition(b"\n")[0]
    except OSError:
        return []
    return os.fsdecode(line[2:]).split(maxsplit=1) if line.startswith(b"#!") else []


class Programs:
    """
    Collects: files has where in the machine what file of this computer is to be, links what leads
    to one of them, folders what is needed whole, path_folders where else PATH has to lead.
    """

    def __init__(self, folders, there):
        """folders to look for libraries in; there has the paths that the machine has anyway."""
        self._search = libraries.Search(folders)
        self._there = there
        self.files = self._search.files
        self.links = {}
        self.folders = []
        self.path_folders = []

    @property
    def library_folders(self):
        """Those that the loader has to be told of."""
        return self._search.used_folders

    def add(self, path):
        """
        Adds what the program needs, and not itself. Returns where it has to be, because it looks
        for files around it; or None. Raises libraries.Missing.
        """
        if not os.path.isfile(path):  # a pipe can be read once, for the program itself
            return None
        words = script_words(path)
        if words:
            self._add_interpreter(*words)
            return None
        if not self._search.add_program(path):
            return None
        real = os.path.realpath(path)
        folder = self._python_folder(real)
        if folder:
            self.folders.append(folder)
            self._search.add_plugins(glob.glob(os.path.join(folder, "lib-dynload", "*.so")))
        return real if folder or self._search.moves_with_program else None

    def _add_interpreter(self, name, argument="", depth=1):
        """Where one is not on this computer either, the kernel finds words for it."""
        words = argument.removeprefix("-S").split()
        if os.path.basename(name) == "env" and words:
            command = words[0]
            if "bin/" + command not in self._there and (found := shutil.which(command)):
                self.path_folders.append(os.path.dirname(found))
                self._place(found, depth)
        self._place(name, depth)

    def bring(self, path):
        """Adds a program at its own path, with what it needs."""
        self._place(path, 1)

    def _place(self, path, depth):
        if path.strip("/") in self._there or not os.path.isfile(path) or depth > INTERPRETERS_MAX:
            return
        real = os.path.realpath(path)
        self.files[real] = real
        if real != path:
            self.links[path] = real
        if words := script_words(path):
            self._add_interpreter(*words, depth=depth + 1)
        else:
            self.add(path)

    @staticmethod
    def _python_folder(program):
        name = os.path.basename(program)
        folder = os.path.join(os.path.dirname(os.path.dirname(program)), "lib", name)
        return folder if re.fullmatch(r"python\d\.\d+", name) and os.path.isdir(folder) else None


def is_wanted(path):
    """Whether a file in one of the folders that are needed whole is of use."""
    return not any(fnmatch.fnmatch(os.path.basename(path), name) for name in NOT_OF_PYTHON)
