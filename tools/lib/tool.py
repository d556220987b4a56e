# SPDX-License-Identifier: MIT
"""Runs a tool of somebody else's that makes a file, and says in words what went wrong."""

import os
import subprocess


def binutil(name):
    """What a tool of binutils is called that reads files for x86-64, as the Makefile has it."""
    return os.environ.get("CROSS_COMPILE", "") + name


class ToolError(Exception):
    """The file could not be made; the message holds what the tool said."""


def run_tool(*command):
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=dict(os.environ, TZ="UTC0"),  # FAT has local times
        )
    except FileNotFoundError:
        raise ToolError(
            f"{command[0]} is not installed; tools/deps installs what is missing"
        ) from None
    if result.returncode != 0:
        raise ToolError(f"{command[0]} failed:\n{result.stdout}")
