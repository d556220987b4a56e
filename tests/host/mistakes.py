# SPDX-License-Identifier: MIT
"""A copy of the sources as they are, to be built with and without mistakes of tests/mistakes."""

import contextlib
import os
import shutil
import subprocess

import latchkey


class Tree:
    def __init__(self, folder, with_objects=False):
        """with_objects: only what a mistake changes will be compiled anew."""
        self._folder = folder
        self._build = "build"
        command = ["git", "ls-files", "-z"]
        files = subprocess.run(command, cwd=latchkey.ROOT, stdout=subprocess.PIPE, check=True)
        names = files.stdout.decode().split("\0")[:-1]
        self._call("cp", "--parents", "--preserve", "-t", folder, *names, cwd=latchkey.ROOT)
        # Objects know their sources by paths that begin in the tree.
        inside = os.path.relpath(latchkey.BUILD, latchkey.ROOT)
        if with_objects and not inside.startswith(".."):
            self._build = inside
            shutil.copytree(latchkey.BUILD, self.built(), symlinks=True)

    def _call(self, *command, **options):
        options = {"cwd": self._folder, **options}
        environment = latchkey.shell_environment()
        result = subprocess.run(command, capture_output=True, text=True, env=environment, **options)
        assert result.returncode == 0, result.stdout + result.stderr

    @contextlib.contextmanager
    def mistake(self, name):
        """Has a mistake in the sources meanwhile."""
        path = os.path.join(latchkey.ROOT, "tests", "mistakes", name + ".patch")
        self._call("patch", "-p1", "-i", path)
        try:
            yield
        finally:
            self._call("patch", "-p1", "--reverse", "-i", path)

    def make(self, *targets, words=()):
        names = [os.path.join(self._build, name) for name in targets]
        self._call("make", "-j", str(os.cpu_count()), *words, "BUILD=" + self._build, *names)

    def built(self, *path):
        return os.path.join(self._folder, self._build, *path)

    def run(self, *arguments):
        """tools/run with this kernel."""
        environment = dict(latchkey.shell_environment(), LATCHKEY_BUILD=self.built())
        return latchkey.run(*arguments, env=environment)
