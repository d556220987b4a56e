# SPDX-License-Identifier: MIT
"""The demonstrations tell the same story on every way in, and but for what it lacks the one that
Linux tells; on a CPU without keys they tell another, which is true there.
"""

import os
import re
import signal

import mistakes
import pytest

import judge
import latchkey

pytestmark = pytest.mark.xdist_group("stories")

WAYS = ("pvh", "iso", "uefi", "bochs")
LINUX_STORIES = ("pkey-demo", "pkey-tour")
STORIES = (*LINUX_STORIES, "pkey-policies", "pkey-query", "pkey-threads", "pkey-ways")

# The programs of docs/why.md: the access that a key refuses and the bit by which it does, and what
# is said to come of it without one.
WHY = {
    "pkey-overread": ("read of", "AD", "PING-----BEGIN PRIVATE KEY----- 6f1c"),
    "pkey-plugin": ("write to", "WD", "the server runs as root"),
    "pkey-jit": ("write to", "WD", "The code runs, and returns 13."),
}


def without_what_varies(text):
    text = re.sub(r"0x[0-9a-f]{6,}\b(?<!0x555555\w\w)", "ADDRESS", text)
    return re.sub(r" +\d+ ticks", " TICKS", text)


def story(name, *options):
    result = latchkey.run(*options, latchkey.built("user", name))
    assert result.returncode == 0, result.stderr
    return without_what_varies(result.stdout)


@pytest.fixture(scope="module")
def expected():
    return {name: story(name) for name in STORIES}


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("way", WAYS[1:])
def test_same_on_every_way_in(expected, way, name):
    assert story(name, f"--{way}") == expected[name]


def question(name):
    return judge.Question(latchkey.built("host", name))


def why_questions():
    for name in WHY:
        for arguments in ((), ("--no-keys",)):
            yield judge.Question(latchkey.built("host", name), arguments)


def questions():
    return [*map(question, LINUX_STORIES), *why_questions()]


@pytest.mark.xdist_group("judge")
@pytest.mark.parametrize("name", LINUX_STORIES)
def test_same_on_linux(name, tmp_path):
    linux = judge.answer(question(name), tmp_path)
    assert linux.status == 0, linux
    assert without_what_varies(linux.stdout) == story(name)


@pytest.mark.xdist_group("judge")
def test_why_on_linux(tmp_path):
    for asked in why_questions():
        linux = judge.answer(asked, tmp_path)
        program = latchkey.built("user", os.path.basename(asked.program))
        result = latchkey.run(program, *asked.arguments)
        assert (linux.stdout, linux.status) == (result.stdout, result.returncode)


@pytest.mark.parametrize("name", WHY)
def test_why(name):
    """The same mistake, with a key and without: the kernel ends it, or it does its harm."""
    access, bit, harm = WHY[name]
    program = latchkey.built("user", name)
    fenced = latchkey.run("--explain", program)
    assert fenced.returncode == 128 + signal.SIGSEGV
    assert harm not in fenced.stdout
    report = " ".join(fenced.stderr.split())
    assert re.search(rf" access {access} .* its key 1 has {bit} set in PKRU", report), report
    brief = latchkey.run(program).stderr
    assert re.search(rf"SIGSEGV: a {access.split()[0]} denied by key 1 at .* user/{name}.c:", brief)
    open_to_all = latchkey.run(program, "--no-keys")
    assert (open_to_all.returncode, open_to_all.stderr) == (0, "")
    assert harm in open_to_all.stdout
    without = latchkey.run("--append", "nopku", program)
    assert (without.returncode, without.stderr) == (0, "")
    assert "pkey_alloc(): ENOSPC" in without.stdout
    assert without.stdout.partition("\n\n")[2] == open_to_all.stdout.partition("\n\n")[2]
    steps = [re.findall(r"^ \d\. ", text, re.M) for text in (fenced.stdout, without.stdout)]
    assert steps[0] == steps[1]


def test_why_with_other_words():
    result = latchkey.run(latchkey.built("user", "pkey-jit"), "--keys")
    assert result.returncode == 2
    assert (result.stdout, result.stderr[:6]) == ("", "usage:")


@pytest.mark.parametrize(
    "options", [["--cpu", "qemu64"], ["--append", "nopku"]], ids=["cpu", "nopku"]
)
@pytest.mark.parametrize("name", STORIES)
def test_without_keys(name, options):
    text = story(name, *options)
    assert "ENOSPC" in text
    assert "SEGV_PKUERR" not in text


@pytest.mark.all
def test_what_is_told_is_checked(tmp_path):
    """On a kernel that forgets the key, nothing is told to have been caught that was not."""
    tree = mistakes.Tree(tmp_path, with_objects=True)
    stories = {
        "key-lost-in-leaves": ("pkey-demo", "pkey-threads", "pkey-plugin", "pkey-jit"),
        "key-lost-by-protect": ("pkey-policies", "pkey-tour", "pkey-overread"),
    }
    for mistake, names in stories.items():
        with tree.mistake(mistake):
            tree.make("latchkey.elf", "initramfs.cpio")
            for name in names:
                result = tree.run(tree.built("user", name))
                assert result.returncode == 1, name
                assert result.stderr == (
                    "expected SIGSEGV, none came: this kernel does not enforce the key\n"
                )
                assert "caught by SIGSEGV" not in result.stdout


def test_queries(expected):
    """Memory by the size of its pages, and threads whose rights others change."""
    before, after = expected["pkey-query"].split(" 5. ")
    assert re.search(r"\n +2 +4096 KiB +1 +0 KiB +2048 KiB\n", before)
    assert re.search(r"\n +2 +4092 KiB +2 +2044 KiB +0 KiB\n", before)
    assert re.search(r"\n +writer +rw +r-\n", before)
    assert re.search(r"\n +writer +r- +r-\n", after)
    assert re.search(r"\n +main +rw +--\n", after)


def test_policies(expected):
    """What each policy of docs/policies.md is for is seen in the demonstration of them."""
    text = expected["pkey-policies"]
    before, after = re.split(r"\n 2\. ", text)
    assert before.count("done") == 3 and '"secret"' in before
    for line in (
        r"pkey_mprotect\(page, key 0\) +EACCES",
        r"pread\(/proc/self/mem, page\) +EIO",
        r"before rw, in the handler rw",
        r"pkey_free\(\) +EACCES",
        r"PKEY_RELEASE_REFUSE\) +EBUSY",
        r"mmap\(READ\|WRITE\|EXEC\) +EACCES",
    ):
        assert re.search(line, after), line


def test_ways(expected):
    """What tells the three ways to rights apart is seen in the demonstration of them."""
    text = expected["pkey-ways"]
    assert text.count("get() = 2") == 3
    for line in (
        r"after pkey_free\(key\) +done +done +EINVAL",
        r"instructions +0 system calls",
        r"vDSO +0 system calls",
        r"system call +1000 system calls",
        r"instructions +what was taken is back, if it comes after [1-9]",
        r"vDSO +what was taken stays taken",
        r"system call +what was taken stays taken",
    ):
        assert re.search(line, text), line


def test_threads(expected):
    """Each thread has the rights, and meets the faults, that are its own; on two CPUs, too."""
    text = expected["pkey-threads"]
    assert story("pkey-threads", "--cpus", "2") == text
    steps = re.split(r"\n *\d+\. ", text)
    denied = "SIGSEGV, SEGV_PKUERR, key 1"
    for start, writer, reader in (
        ("pkey_set(1, 0), in thread 0\n", "key 1 rw", "key 1 r-"),
        ("All try to write", "done", denied),
        ("All read", "42", "42"),
        ("pkey_set_all(1, PKEY_DISABLE_ACCESS): done", "key 1 --", "key 1 --"),
        ("All read", denied, denied),
        ("pkey_set(1, 0), in thread 0 again", "42", denied),
    ):
        while not steps[0].startswith(start):
            steps.pop(0)
        found = re.findall(r"thread \d, (\w+): (.*)", steps.pop(0))
        assert found == [("writer", writer)] + 3 * [("reader", reader)], start
