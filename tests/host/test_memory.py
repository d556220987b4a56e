# SPDX-License-Identifier: MIT
"""Memory to its end in a small machine: by each way of using it up, and who ends for it."""

import re
import signal
import subprocess

import pytest

import latchkey

pytestmark = pytest.mark.all

MEMORY = ("--memory", "64M")
KILLED = 128 + signal.SIGKILL

# first N: the first program starts N children that sleep, and then takes all memory by itself.
FIRST = r"""
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char *memory = mmap(0, 1 << 29, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    for (int i = 0; i < atoi(argv[1]); i++)
        if (fork() == 0)
            for (;;)
                pause();
    for (long i = 0; i < 1 << 29; i += 4096)
        memory[i] = 1;
    return argc;
}
"""

# again N: so many children, one after another, take all memory.
AGAIN = r"""
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    for (int i = 0; i < atoi(argv[1]); i++) {
        int status;

        if (fork() == 0) {
            char *memory = mmap(0, 1 << 29, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

            for (long at = 0; at < 1 << 29; at += 4096)
                memory[at] = 1;
        }
        wait(&status);
        if (status != 9)
            return 1;
    }
    return 0;
}
"""


def build(folder, source):
    path = folder / "program"
    command = ["gcc", "-static", "-O1", "-w", "-x", "c", "-", "-o", path]
    subprocess.run(command, input=source, text=True, check=True)
    return path


def run(folder, source, *arguments):
    """The status, and the log's lines about memory."""
    log = folder / "log"
    result = latchkey.run(*MEMORY, "--log", log, build(folder, source), *arguments)
    lines = log.read_text().replace("\r", "").splitlines()
    return result.returncode, [line for line in lines if "out of memory" in line or "left" in line]


def test_exhaustion(ktap):
    result = latchkey.run(*MEMORY, latchkey.built("tests", "exhaust"))
    ktap(result.stdout)
    assert result.returncode == 0, result.stderr[-2000:]


@pytest.mark.parametrize("cpus", ["1", "4"])
def test_victims(cpus, ktap):
    result = latchkey.run(*MEMORY, "--cpus", cpus, latchkey.built("tests", "victims"))
    ktap(result.stdout)
    assert result.returncode == 0, result.stderr[-2000:]


def test_limit_of_files(ktap):
    """In a machine so small that all nodes can be made."""
    result = latchkey.run(*MEMORY, latchkey.built("tests", "tmpfs_limit"))
    ktap(result.stdout)
    assert "SKIP" not in result.stdout
    assert result.returncode == 0, result.stderr[-2000:]


def test_first_program_alone(tmp_path):
    status, lines = run(tmp_path, FIRST, "0")
    assert status == KILLED
    assert len(lines) == 1
    assert re.match(
        r"out of memory: program\[1\] of user 0 is ended by SIGKILL: nothing else is left, "
        r"with \d{5} KiB \(memory \d{5}, page tables \d+, files without a name \d+\); "
        r"program\[1\] needed a page$",
        lines[0],
    )


def test_first_program_is_the_last(tmp_path):
    """Though its children are small."""
    status, lines = run(tmp_path, FIRST, "3")
    assert status == KILLED
    ended = [re.search(r"\[(\d+)\] of user 0 is ended", line)[1] for line in lines]
    assert sorted(ended[:3]) == ["2", "3", "4"]
    assert ended[3:] == ["1"]
    assert "nothing else is left" in lines[3]


def test_what_is_told_again_and_again_is_left_out(tmp_path):
    status, lines = run(tmp_path, AGAIN, "13")
    assert status == 0
    told = [line for line in lines if line.startswith("out of memory: program[")]
    left_out = [int(line.split()[0]) for line in lines if "about memory that was out" in line]
    assert 10 <= len(told) < 13
    assert len(told) + sum(left_out) == 13
