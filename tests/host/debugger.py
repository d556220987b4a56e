# SPDX-License-Identifier: MIT
"""Runs tools/debug with commands for GDB: for tests."""

import os
import re
import subprocess

import latchkey


def debug(*commands, options=(), run="", program=None):
    """Runs the demonstration, or a program; returns what GDB and it printed, and what else is said.

    run: more options for tools/run, in one word.
    """
    command = [os.path.join(latchkey.ROOT, "tools", "debug"), "--batch", *options]
    command += ["--run", f"--timeout {latchkey.TIME_LIMIT} {run}"]
    for words in commands:
        command += ["--ex", words]
    result = subprocess.run(
        [*command, program or latchkey.built("user", "pkey-demo")],
        capture_output=True,
        text=True,
        timeout=latchkey.TIME_LIMIT + latchkey.GRACE,
        stdin=subprocess.DEVNULL,
    )
    # GDB says between the kernel's lines that the machine is gone; newer ones at length.
    messages = re.sub(r"^Remote communication error.*\n", "", result.stderr, flags=re.MULTILINE)
    return result.stdout, messages.replace("\r", "")
