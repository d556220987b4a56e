# SPDX-License-Identifier: MIT
"""Runs tools/debug with commands for GDB: for tests."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.environ.get("LATCHKEY_BUILD", os.path.join(ROOT, "build"))
DEMO = os.path.join(BUILD, "user", "pkey-demo")


def debug(*commands, program=DEMO):
    """Returns what GDB and the program printed, and what the kernel did."""
    arguments = [os.path.join(ROOT, "tools", "debug"), "--batch", "--run", "--timeout 60"]
    for command in commands:
        arguments += ["--ex", command]
    result = subprocess.run(
        [*arguments, program], capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL
    )
    return result.stdout, result.stderr.replace("\r", "")
