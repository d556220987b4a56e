# SPDX-License-Identifier: MIT
"""What the tests share: where things are, and running programs in a machine by tools/run."""

import glob
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.environ.get("LATCHKEY_BUILD", os.path.join(ROOT, "build"))
RUN = os.path.join(ROOT, "tools", "run")

# Seconds that a run in a machine may take, several times what it takes on a slow computer.
TIME_LIMIT = 300
# What tools/run itself may take on top before it is stuck.
GRACE = 60


def built(*path):
    return os.path.join(BUILD, *path)


def names(folder):
    """The base names of the C files in a folder of the tree, or in several by a pattern."""
    paths = glob.glob(os.path.join(ROOT, folder, "*.c"))
    found = sorted(os.path.basename(path)[: -len(".c")] for path in paths)
    assert len(found) == len(set(found)), f"two files in {folder} have one name"
    return found


def run(*arguments, stdin=subprocess.DEVNULL, limit=TIME_LIMIT, text=True, **options):
    """Runs tools/run; returns the completed process with its output and standard error."""
    return subprocess.run(
        [RUN, "--timeout", str(limit), *arguments],
        stdin=None if "input" in options else stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=limit + GRACE,
        text=text,
        **options,
    )


def shell_environment():
    """The environment of a person's shell, without what the make that runs the tests has set."""
    added = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "LATCHKEY_BUILD", "CROSS_COMPILE")
    return {name: value for name, value in os.environ.items() if name not in added}


def make(*arguments):
    """The arguments of a make, by itself, that has the build folder of these tests."""
    return ["make", "-C", ROOT, "--no-print-directory", f"BUILD={BUILD}", *arguments]


def build_variant(variable, *targets, value="1"):
    """Has targets of another kernel made, with VARIABLE=1 or another value: their folder."""
    suffix = "" if value == "1" else "-" + value.replace("/", "-")
    folder = built(variable.lower() + suffix)
    inside = os.path.relpath(folder, ROOT)  # as make calls what lies in the tree
    name = folder if inside.startswith("..") else inside
    words = [
        f"{variable}={value}",
        f"BUILD={name}",
        "-j2",
        *(os.path.join(name, t) for t in targets),
    ]
    result = subprocess.run(
        [*make(), *words], capture_output=True, text=True, env=shell_environment()
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return folder
