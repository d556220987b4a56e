# SPDX-License-Identifier: MIT
"""Which version the kernel says that it is: in a clone, an archive, and a tree without git."""

import os
import re
import shutil
import subprocess

import pytest

import latchkey

pytestmark = pytest.mark.all

GIT = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
DATE = "1700000000"


def version(tree, *options):
    command = [tree / "tools" / "version", *options]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.strip()


@pytest.fixture
def tree(tmp_path):
    """A folder with nothing but what tools/version needs, which lies in another's repository."""
    subprocess.run([*GIT, "init", "--quiet", tmp_path], check=True)
    folder = tmp_path / "tree"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(os.path.join(latchkey.ROOT, "tools", "version"), folder / "tools")
    shutil.copy(os.path.join(latchkey.ROOT, ".gitattributes"), folder)
    return folder


@pytest.fixture
def clone(tree):
    def git(*arguments):
        environment = dict(os.environ, GIT_COMMITTER_DATE=f"{DATE} +0000")
        command = [*GIT, "-C", tree, *arguments]
        return subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment).stdout

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message=One")
    return git


def test_commit(tree, clone):
    commit = clone("rev-parse", "--short", "HEAD").decode().strip()
    assert (version(tree), version(tree, "--time")) == (commit, DATE)
    with open(tree / "tools" / "version", "a") as file:
        file.write("\n")
    assert version(tree) == f"{commit}-dirty"


def test_tag(tree, clone):
    clone("tag", 'course/"2"')
    assert version(tree) == "course--2-"
    clone("commit", "--quiet", "--allow-empty", "--message=Two")
    assert version(tree).startswith("course--2--1-g")


@pytest.mark.parametrize("tag", ["", "v1"])
def test_archive(tree, clone, tmp_path, tag):
    if tag:
        clone("tag", tag)
    archive = clone("archive", "--prefix=archive/", "HEAD")
    subprocess.run(["tar", "x", "-C", tmp_path], input=archive, check=True)
    here = tmp_path / "archive"
    assert (version(here), version(here, "--time")) == (version(tree), DATE)


def test_neither(tree):
    assert (version(tree), version(tree, "--time")) == ("unknown", "315532800")


def test_kernel_says_it():
    with open(latchkey.built("version")) as file:
        expected = file.read().strip()
    assert latchkey.run("--inside", "/bin/uname", "-v").stdout == f"Latchkey {expected}\n"


def test_another_commit_compiles_one_file(tmp_path):
    """Of those that use the version."""
    sources = ("kernel/call/uname", "kernel/start/main", "bringup/report", "fs/proc/proc_sys")
    objects = [str(tmp_path / "obj" / "kernel" / f"{source}.o") for source in sources]
    command = ["make", "-C", latchkey.ROOT, "--no-print-directory", f"BUILD={tmp_path}", *objects]

    def compiled():
        result = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, env=latchkey.shell_environment()
        )
        return re.findall(r"CC +(\S+)\.c", result.stdout)

    assert sorted(compiled()) == sorted(sources)
    assert compiled() == []
    (tmp_path / "version").write_text("another\n")
    assert compiled() == ["kernel/call/uname"]
