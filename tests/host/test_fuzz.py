# SPDX-License-Identifier: MIT
"""Forms of `make fuzz`: random system calls on one CPU, on two, with little memory, and in Bochs.

The fuzzer's own verdict counts: nothing died, hung or leaked, it knows every call that the kernel
has, and its calls succeed often enough.
"""

import glob
import os
import re

import pytest

import latchkey

# With enough memory nobody is killed for want of it, and with little there is always want.
MACHINES = {
    "one-cpu": ["--memory", "1G"],
    "two-cpus": ["--memory", "1G", "--cpus", "2"],
    "32-MiB": ["--memory", "32M"],
}

# Bochs refuses values that QEMU takes. It judges the kernel's own pages by key 0, too, so either
# there are no keys, or the fuzzer is told not to close that one: machine, and the fuzzer's options.
BOCHS = {
    "no-keys": (["--bochs", "--memory", "512M", "--append", "nopku"], []),
    "keys": (["--bochs", "--memory", "512M"], ["--keep-key-0"]),
}


def fuzz(machine, *options, limit=latchkey.TIME_LIMIT):
    """Runs the fuzzer, which has to find nothing."""
    result = latchkey.run(*machine, latchkey.built("tests", "fuzz"), *options, limit=limit)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "\nfuzz: good\n" in result.stdout
    assert "not fuzzed" not in result.stdout


@pytest.mark.all
@pytest.mark.parametrize("seed, name", enumerate(MACHINES, start=1), ids=MACHINES)
def test_short(seed, name):
    fuzz(MACHINES[name], "--seed", str(seed), "--calls", "20000")


@pytest.mark.all
@pytest.mark.parametrize("name", BOCHS)
def test_bochs(name):
    machine, options = BOCHS[name]
    fuzz(machine, "--seed", "1", "--calls", "4000", *options)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 6))
@pytest.mark.parametrize("name", BOCHS)
def test_bochs_for_long(name, seed):
    machine, options = BOCHS[name]
    fuzz(machine, "--seed", str(seed), "--calls", "40000", *options, limit=1800)


@pytest.mark.all
@pytest.mark.parametrize(
    "options", [["--calls"], ["--keep-key-0", "1"], ["--keep-key-0", "--seed"]]
)
def test_usage(options):
    assert latchkey.run(latchkey.built("tests", "fuzz"), *options).returncode == 2


def read(path):
    with open(os.path.join(latchkey.ROOT, path)) as file:
        return file.read()


def test_corpus_is_known():
    """What no table has would be left out of the sequences."""
    text = re.sub(r"^#.*", "", read("tests/fuzz/corpus/sequences.txt"), flags=re.MULTILINE)
    used = {word.partition(":")[0] for word in text.split()}
    tables = glob.glob(os.path.join(latchkey.ROOT, "tests", "fuzz", "calls_*.c"))
    known = {name for path in tables for name in re.findall(r"\bCALL\((\w+)", read(path))}
    assert used and used <= known
