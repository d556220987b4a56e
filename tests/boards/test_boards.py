# SPDX-License-Identifier: MIT
"""Switches a board on, collects its report from the console, and reads it with tools/report."""

import os
import re
import subprocess
import time

import pexpect

from conftest import SUMMARY

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
FOLDER = os.path.join(os.environ["LG_BUILD"], "boards")
TIME_LIMIT = float(os.environ.get("BOARD_MINUTES", 20)) * 60
END = re.compile(rb"# bringup end [^\r\n]*\n|==== end of panic")


def collect(console, path):
    """Writes to path what the console says until the report's end, the line's, or the limit."""
    log = b""
    deadline = time.monotonic() + TIME_LIMIT
    with open(path, "wb") as file:
        while time.monotonic() < deadline and not END.search(log):
            try:
                data = console.read(size=4096, timeout=1.0)
            except pexpect.TIMEOUT:
                continue
            if not data:
                return
            file.write(data)
            log = log[-4096:] + data


def test_bring_up(env, board):
    os.makedirs(FOLDER, exist_ok=True)
    base = os.path.join(FOLDER, board)
    SUMMARY[board] = "no report: it could not be driven"
    target = env.get_target(board)
    power = target.get_driver("PowerProtocol")
    console = target.get_driver("ConsoleProtocol")
    power.off()
    power.on()
    try:
        collect(console, base + ".log")
    finally:
        power.off()
    formats = {"--junit": ".xml", "--tap": ".tap", "--ocp": ".jsonl", "--html": ".html"}
    options = [word for option, end in formats.items() for word in (option, base + end)]
    result = subprocess.run(
        [os.path.join(ROOT, "tools", "report"), "--name", board, *options, base + ".log"],
        stdout=subprocess.PIPE,
        text=True,
    )
    SUMMARY[board] = result.stdout.splitlines()[-1]
    assert result.returncode == 0, result.stdout
