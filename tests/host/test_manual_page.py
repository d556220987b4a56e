# SPDX-License-Identifier: MIT
"""Manual pages. The example of pkeys(7), as Debian's manpages package has it, compiled by the
host's compiler with its C library: it writes to a page, takes the right away, and dies reading.
And the pages in docs/: their sections, and their examples, which print what stands there.
"""

import glob
import gzip
import os
import re
import signal
import subprocess
import textwrap

import pexpect
import pytest

import judge
import latchkey

pytestmark = pytest.mark.xdist_group("manual_page")

MANUAL_PAGE = "/usr/share/man/man7/pkeys.7.gz"
EXAMPLE = re.compile(r"^\.EX\n(#define _GNU_SOURCE\n.*?)^\.EE$", re.MULTILINE | re.DOTALL)


def example_source():
    with gzip.open(MANUAL_PAGE, "rt") as page:
        source = EXAMPLE.search(page.read())[1]
    return source.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")


def build_example(program):
    subprocess.run(
        ["gcc", "-static", "-O2", "-x", "c", "-", "-o", program],
        input=example_source(), text=True, check=True,
    )  # fmt: skip
    return program


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return build_example(str(tmp_path_factory.mktemp("manual") / "example"))


def at_a_terminal(command, *arguments):
    """Returns what the example prints there, where it prints by the line, and its status."""
    child = pexpect.spawn(command, list(arguments), timeout=latchkey.TIME_LIMIT, encoding="utf-8")
    child.expect("buffer contains: .*", timeout=latchkey.TIME_LIMIT)
    output = child.after + child.read()
    child.close()
    return output, child.exitstatus, child.signalstatus


@pytest.mark.parametrize("way", ["pvh", "iso", "uefi", "bochs"])
def test_example(example, way):
    output, status, _ = at_a_terminal(latchkey.RUN, "--no-explain", f"--{way}", example)
    assert re.fullmatch(r"buffer contains: \d+\r\nabout to read buffer again...\r\n", output)
    assert status == 128 + signal.SIGSEGV


def test_example_is_explained(example):
    result = latchkey.run("--explain", example)
    assert result.returncode == 128 + signal.SIGSEGV
    assert "SEGV_PKUERR" in result.stderr
    assert "key 1" in result.stderr


def test_example_without_keys(example):
    result = latchkey.run("--cpu", "qemu64", example)
    assert result.returncode == 1
    assert result.stderr.endswith(": pkey_alloc: No space left on device\n")


def questions():
    return [judge.Question(build_example(judge.path_for("example")))]


@pytest.mark.xdist_group("judge")
def test_example_on_linux(tmp_path):
    """Where output is no terminal: what it has not flushed when it dies is lost, there as here."""
    [question] = questions()
    linux = judge.answer(question, tmp_path)
    ours = latchkey.run("--no-explain", question.program)
    assert linux.status == ours.returncode == 128 + signal.SIGSEGV
    assert ours.stdout == linux.stdout


# ---- The pages in docs/ -------------------------------------------------------------------------

PAGES = sorted(glob.glob(os.path.join(latchkey.ROOT, "docs", "*.[0-9]*.md")))
# Of man-pages(7), those that are used here, in its order. A page without errors or results of its
# own may leave out four of them.
SECTIONS = (
    "Name Library Synopsis Description Return_value Errors Standards Notes Examples See_also"
).split()
OPTIONAL = {"Library", "Return_value", "Errors", "Notes"}
EXAMPLE_OF_OURS = re.compile(r"((?:    .*\n|\n)+)prints\b.*\n\n((?:    .*\n)+)")

by_page = pytest.mark.parametrize("page", PAGES, ids=os.path.basename)


def sections(page):
    with open(page) as file:
        parts = re.split(r"^## (.*)\n", file.read(), flags=re.MULTILINE)
    return {name.replace(" ", "_"): text for name, text in zip(parts[1::2], parts[2::2])}


@by_page
def test_sections(page):
    names = list(sections(page))
    assert names == [name for name in SECTIONS if name in names]
    assert set(SECTIONS) - set(names) <= OPTIONAL


def compile_with_our_library(source, program):
    include = subprocess.run(
        ["gcc", "-print-file-name=include"], capture_output=True, text=True, check=True
    ).stdout.strip()
    headers = ["-nostdinc", "-isystem", include, "-isystem", latchkey.built("uapi")]
    command = ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", *headers]
    command += ["-Ilibc/include", "-I.", "-D_GNU_SOURCE", "-fno-pie", "-fno-stack-protector"]
    command += ["-static", "-nostdlib", "-no-pie", "-Wl,-u,_start,-z,noexecstack", source]
    command += [latchkey.built("obj", "user", "libc.a"), "-lgcc", "-o", program]
    subprocess.run(command, cwd=latchkey.ROOT, check=True)


@by_page
def test_example_of_ours(page, tmp_path):
    program, prints = EXAMPLE_OF_OURS.search(sections(page)["Examples"]).groups()
    source = tmp_path / "example.c"
    source.write_text(textwrap.dedent(program))
    compile_with_our_library(str(source), str(tmp_path / "example"))
    result = latchkey.run(str(tmp_path / "example"))
    assert result.stderr + result.stdout == textwrap.dedent(prints)
