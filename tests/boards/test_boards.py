# SPDX-License-Identifier: MIT
"""Switches a board on, collects its report from the console, and reads it with tools/report."""

import contextlib
import os
import re
import subprocess
import time

import pexpect
import pytest
from labgrid.driver import ExecutionError

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
FOLDER = os.path.join(os.environ["LG_BUILD"], "boards")
TIME_LIMIT = float(os.environ.get("BOARD_MINUTES", 20)) * 60
FORMATS = {"--junit": ".xml", "--tap": ".tap", "--ocp": ".jsonl", "--html": ".html"}
END = re.compile(rb"# bringup end [^\r\n]*[\r\n]|==== end of panic")


def collect(console, path):
    """Writes to path what the console says, as it says it, and returns why it stopped there."""
    end_of_log = b""
    deadline = time.monotonic() + TIME_LIMIT
    with open(path, "wb", buffering=0) as file:
        while time.monotonic() < deadline:
            try:
                data = console.read(size=4096, timeout=1.0)
            except pexpect.TIMEOUT:
                continue
            except ExecutionError as error:
                return f"the console ended: {error}"
            if not data:
                return "the console ended"
            file.write(data)
            end_of_log = end_of_log[-4096:] + data
            if END.search(end_of_log):
                return "it ended"
    return f"{TIME_LIMIT / 60:g} minutes were over"


@contextlib.contextmanager
def switched_on(power):
    """From off, whatever the board did before; off again whatever happens here."""
    power.off()
    power.on()
    try:
        yield
    finally:
        power.off()


def read(board, log):
    """tools/report's table of a log and its exit status; its other formats stand beside the log."""
    base = os.path.splitext(log)[0]
    options = [word for option, end in FORMATS.items() for word in (option, base + end)]
    command = [os.path.join(ROOT, "tools", "report"), "--name", board, *options, log]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    return result.stdout, result.returncode


def forget(base):
    """What an earlier run wrote about this board shall not be taken for this run's."""
    for end in (".log", *FORMATS.values()):
        with contextlib.suppress(FileNotFoundError):
            os.remove(base + end)


def test_bring_up(env, board, record_property):
    os.makedirs(FOLDER, exist_ok=True)
    base = os.path.join(FOLDER, board)
    forget(base)
    record_property("board", board)
    try:
        target = env.get_target(board)
        console = target.get_driver("ConsoleProtocol")
        with switched_on(target.get_driver("PowerProtocol")):
            stopped = collect(console, base + ".log")
    except Exception as error:  # whatever a driver of labgrid raises
        record_property("summary", f"no report: it could not be driven: {error}")
        raise
    table, status = read(board, base + ".log")
    summary = table.splitlines()[-1]
    record_property("summary", summary if status < 2 else f"{summary} ({stopped})")
    if status:
        pytest.fail(f"{base}.log:\n{table}", pytrace=False)
