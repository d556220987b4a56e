# SPDX-License-Identifier: MIT
"""The mistakes of tests/mistakes: a copy of the sources to put them into, the table of them in
docs/testing.md, and the tests that the table names, run on the copy.

The table is the data: tests/host/test_mistakes.py and tools/mistakes have it from here.
"""

import collections
import contextlib
import os
import re
import shutil
import subprocess
import sys

import latchkey

sys.path.insert(0, os.path.join(latchkey.ROOT, "tools", "lib"))

import bringup_report  # noqa: E402

TABLE = os.path.join(latchkey.ROOT, "docs", "testing.md")
PATCHES = os.path.join(latchkey.ROOT, "tests", "mistakes")
# What a kernel with a mistake may leave standing, in seconds.
LIMIT = 300
# Of the build folder, what the kernel and its programs are made of. There is more in it, whole
# systems with device files among it.
COPIED = ("flags", "font", "initramfs.cpio", "latchkey.elf", "obj", "stripped", "symbols")
COPIED += ("tests", "uapi", "user", "vdso")
# The kernels that check themselves: a variable of make's, and the folder in the build folder.
VARIANTS = {None: ".", "DEBUG": "debug", "KASAN": "kasan", "UBSAN": "ubsan"}


# ---- The sources --------------------------------------------------------------------------------


def source_files():
    """The names of the files that are part of the tree, as they are now."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(command, cwd=latchkey.ROOT, stdout=subprocess.PIPE, check=True)
    names = files.stdout.decode().split("\0")[:-1]
    return [name for name in names if os.path.exists(os.path.join(latchkey.ROOT, name))]


class Tree:
    def __init__(self, folder, with_objects=False):
        """with_objects: only what a mistake changes will be compiled anew."""
        self._folder = folder
        self._build = "build"
        self._call(
            "cp", "--parents", "--preserve", "-t", folder, *source_files(), cwd=latchkey.ROOT
        )
        # Objects know their sources by paths that begin in the tree.
        inside = os.path.relpath(latchkey.BUILD, latchkey.ROOT)
        if with_objects and not inside.startswith(".."):
            self._build = inside
            for variant in VARIANTS:
                self._copy_objects(variant)

    def _copy_objects(self, variant):
        folder = os.path.join(latchkey.BUILD, VARIANTS[variant])
        target = self.built(variant=variant)
        os.makedirs(target, exist_ok=True)
        for name in COPIED:
            path = os.path.join(folder, name)
            if os.path.isdir(path):
                ignore = shutil.ignore_patterns("host")
                shutil.copytree(path, os.path.join(target, name), symlinks=True, ignore=ignore)
            elif os.path.exists(path):
                shutil.copy2(path, target)

    def _call(self, *command, **options):
        options = {"cwd": self._folder, **options}
        environment = latchkey.shell_environment()
        result = subprocess.run(command, capture_output=True, text=True, env=environment, **options)
        assert result.returncode == 0, result.stdout + result.stderr

    @contextlib.contextmanager
    def mistake(self, name):
        """Has a mistake in the sources meanwhile."""
        path = os.path.join(PATCHES, name + ".patch")
        self._call("patch", "-p1", "-i", path)
        try:
            yield
        finally:
            self._call("patch", "-p1", "--reverse", "-i", path)

    def make(self, *targets, variant=None):
        """variant: of VARIANTS, each in a folder of its own."""
        build = os.path.relpath(self.built(variant=variant), self._folder)
        words = [f"BUILD={build}", *([f"{variant}=1"] if variant else [])]
        names = [os.path.join(build, name) for name in targets]
        self._call("make", "-j", str(os.cpu_count()), *words, *names)

    def built(self, *path, variant=None):
        folder = os.path.join(self._folder, self._build, VARIANTS[variant])
        return os.path.join(os.path.normpath(folder), *path)

    def _environment(self, variant):
        return dict(latchkey.shell_environment(), LATCHKEY_BUILD=self.built(variant=variant))

    def run(self, *arguments, variant=None, **options):
        """tools/run with this kernel."""
        return latchkey.run(*arguments, env=self._environment(variant), **options)

    def pytest(self, *arguments):
        """Tests of tests/host with this kernel."""
        command = ["/usr/bin/python3", "-B", "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        return subprocess.run(
            command, cwd=self._folder, env=self._environment(None), capture_output=True, text=True
        )


# ---- The table ----------------------------------------------------------------------------------

# A mistake on one machine. tests are Tests, and all of them have to notice.
Row = collections.namedtuple("Row", "mistake machine tests")
# says, if it is not empty, has to be in what the test prints.
Test = collections.namedtuple("Test", "name says")

_ROW = re.compile(r"^\| `([a-z-]+)`: [^|]* \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
_TEST = re.compile(r'([a-z][\w. /-]*?)(?: \("([^"]+)"\))?(?:, |$)')

# The words of the second column: options of tools/run.
MACHINES = {
    "1 CPU": [],
    "2 CPUs": ["--cpus", "2"],
    "4 CPUs": ["--cpus", "4"],
    "Bochs": ["--bochs"],
    "DEBUG=1": [],
    "KASAN=1": [],
    "UBSAN=1": [],
}


def rows():
    """The table, in its order."""
    with open(TABLE) as file:
        text = file.read().partition("\n## Mistakes")[2].partition("\n## ")[0]
    return [
        Row(mistake, machine.strip(), [Test(*found) for found in _TEST.findall(tests.strip())])
        for mistake, machine, tests in _ROW.findall(text)
    ]


def patches():
    return sorted(name[: -len(".patch")] for name in os.listdir(PATCHES))


# ---- The tests ----------------------------------------------------------------------------------

BRINGUP = "bringup seed=1 tests=key_change,shootdown,pks,identity,cpuid_keys,at_once,cycles"


class Machine:
    """A machine of the table with the kernel of a tree, to run tests in."""

    def __init__(self, tree, name):
        words = name.split(", ")
        self.tree = tree
        found = [variant for variant in VARIANTS if variant and f"{variant}=1" in words]
        self.variant = found[0] if found else None
        self.is_bochs = "Bochs" in words
        self.options = [option for word in words for option in MACHINES[word]]

    def build(self):
        extra = ["tests/failnth"] if self.variant else ["tests/exhaust", "tests/fuzz"]
        self.tree.make("latchkey.elf", "initramfs.cpio", *extra, variant=self.variant)

    def _run(self, *arguments):
        return self.tree.run(
            *self.options,
            "--show-log",
            *arguments,
            variant=self.variant,
            limit=LIMIT,
            errors="replace",
        )

    def _program(self, name, *options, arguments=()):
        path = self.tree.built("tests", name, variant=self.variant)
        return _verdict(self._run(*options, path, *arguments))

    def _bring_up(self):
        result = self._run("--append", BRINGUP, "--inside", "/bin/true")
        return bringup_report.read(result.stderr.encode())

    def _bringup(self):
        """The results that fail, one to a line."""
        report = self._bring_up()
        failed = [line for line in report.results if line.outcome == bringup_report.FAILED]
        lines = {f"{line.test} on APIC id {line.apic}": None for line in failed}
        return bool(lines), "\n".join(lines) or "\n".join(map(str, report.problems))

    def _report(self):
        """What is wrong with the report itself, and whose results it has not."""
        report = self._bring_up()
        lines = [f"{problem.kind}: {problem.message}" for problem in report.problems]
        return report.status == 2, "\n".join(lines)

    def notices(self, name):
        """Runs a test; returns whether it fails, and what it says."""
        if name == "ring 0":
            return _verdict(self._run("--append", "test=all", "--inside", "/bin/true"))
        if name == "bringup":
            return self._bringup()
        if name == "tools/report":
            return self._report()
        if name == "fuzz":
            return self._program(name, arguments=("--seed", "1", "--calls", "20000"))
        if name.startswith("fail-nth "):
            program = self.tree.built("tests", name.split()[1], variant=self.variant)
            return self._program("failnth", "--add", program + ":/it", arguments=("--ways", "/it"))
        if name == "exhaust":
            return self._program(name, "--memory", "64M", arguments=("1",))
        if name.startswith("test_"):
            file, *words = name.split()
            result = self.tree.pytest(os.path.join("tests", "host", file), *words)
            return result.returncode == 1, result.stdout
        if name.startswith("pkey-"):
            return _verdict(self._run(self.tree.built("user", name, variant=self.variant)))
        return self._program(name)


def _verdict(result):
    """A run that meets its time limit, or does not start, has noticed nothing."""
    output = result.stdout + result.stderr
    failed = result.returncode not in (0, 2, 124, 126, 127)
    return failed or bool(re.search(r"^ *not ok ", output, re.MULTILINE)), output


def what_is_missed(tree, row):
    """Puts the row's mistake in, and returns what each test that does not notice it says."""
    machine = Machine(tree, row.machine)
    missed = {}
    with tree.mistake(row.mistake):
        machine.build()
        for test in row.tests:
            failed, output = machine.notices(test.name)
            if not failed or test.says not in output:
                missed[test.name] = output[-2000:]
    return missed
