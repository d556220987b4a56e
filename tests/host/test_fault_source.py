# SPDX-License-Identifier: MIT
"""tools/run says where in its source a program was that a fault ends, and by which calls.

The lines are those of marks in SOURCE, so the compiler's ways with the program do not matter.
"""

import os
import re
import shutil
import subprocess
import sys

import pytest

import latchkey

SOURCE = r"""
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *page;
static volatile int depth;

static inline __attribute__((always_inline)) void store(volatile char *to, int count)
{
    for (int i = 0; i < count; i++)
        to[i] = 1; /* STORE */
}

static __attribute__((noinline)) int fill(volatile char *to, int count)
{
    char local[64];

    memset(local, count, sizeof(local));
    store(to, count + local[3] - count); /* FILL */
    return local[depth];
}

static int recurse(int n);
static int (*volatile again)(int) = recurse;

static int recurse(int n)
{
    volatile char local[4096];

    local[n % 4096] = 1;
    depth++;
    int result = again(n + 1) + local[3]; /* RECURSE */
    return result + local[n & 7];
}

static void handler(int number)
{
    fill(page, number); /* HANDLER */
}

static void smash(volatile char *local)
{
    for (int i = 0; i < 400; i++)
        local[i] = 0x41;
}

static __attribute__((noinline)) int smashed(void)
{
    char local[16];

    smash(local);
    return local[depth];
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "key";

    page = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pkey_mprotect(page, 4096, PROT_READ | PROT_WRITE, pkey_alloc(0, PKEY_DISABLE_WRITE));
    if (!strcmp(way, "key"))
        return fill(page, 5) + 1; /* MAIN */
    if (!strcmp(way, "recursion"))
        return recurse(argc) + 1;
    if (!strcmp(way, "handler")) {
        signal(SIGUSR1, handler);
        raise(SIGUSR1); /* RAISE */
        return 3;
    }
    if (!strcmp(way, "null")) {
        ((void (*)(void))(long)depth)(); /* NULL */
        return 3;
    }
    if (!strcmp(way, "child")) {
        if (!fork())
            return fill(page, 5) + 1; /* CHILD */
        wait(NULL);
        abort();
    }
    return smashed() + 2;
}
"""

FLAGS = [
    "-O2", "-g", "-w", "-fno-stack-protector", "-fcf-protection=none",
    "-fno-optimize-sibling-calls",
]  # fmt: skip
STATIC = ["-static", *FLAGS]
BUILDS = {
    "O2": STATIC,
    "O0": [*STATIC, "-O0"],
    "dwarf4": [*STATIC, "-gdwarf-4"],
    "pie": ["-static-pie", *FLAGS],
    "debug-frame": [*STATIC, "-fno-asynchronous-unwind-tables"],
}


def line_of(mark):
    return next(n for n, line in enumerate(SOURCE.splitlines(), 1) if f"/* {mark} */" in line)


def compiled(folder, flags=STATIC):
    source = folder / "fill.c"
    source.write_text(SOURCE)
    subprocess.run(["gcc", *flags, "-o", folder / "fill", source], check=True)
    return folder / "fill"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("source"))


def report_of(program, *arguments, options=(), reports=1):
    """The text of the report, or the last one, which has to be whole."""
    result = latchkey.run("--explain", *options, program, *arguments)
    assert result.returncode > 128, result.stderr
    assert "Traceback" not in result.stderr
    found = re.findall(r"---- fault report.*?---- end of report\n", result.stderr, re.DOTALL)
    assert len(found) == reports and "".join(found) == result.stderr
    for text in found:
        assert re.search(r"^rip|  rip ", text, re.MULTILINE) and "\nwhy      " in text
    return found[-1]


def calls(text):
    """The rows of calls, without their numbers."""
    found = re.search(r"^calls +(.*?)^(?=\w)", text, re.DOTALL | re.MULTILINE)
    return [re.sub(r"^#\d+ +", "", line.strip()) for line in found[1].splitlines()]


def ends(*places):
    """A pattern for rows such as "fill() at DIR/fill.c:20"."""
    words = []
    for place in places:
        name, _, mark = place.partition(" ")
        inlined = ", inlined" if name.startswith("@") else ""
        words.append(rf"{name.strip('@')}\(\) at \S*fill\.c:{line_of(mark)}{inlined}")
    return words


def assert_calls(text, *places):
    rows = calls(text)
    patterns = ends(*places)
    assert len(rows) >= len(patterns), rows
    for row, words in zip(rows, patterns):
        assert re.fullmatch(words, row), (row, words)


@pytest.mark.parametrize("flags", BUILDS.values(), ids=BUILDS)
def test_lines_and_calls(tmp_path, flags):
    text = report_of(compiled(tmp_path, flags))
    assert re.search(rf"^source   \S*fill\.c:{line_of('STORE')} in store\(\)$", text, re.MULTILINE)
    assert f"{line_of('STORE')} |          to[i] = 1; /* STORE */" in text
    assert_calls(text, "@store STORE", "fill FILL", "main MAIN")
    assert len(calls(text)) == 3


def test_frame_pointers(tmp_path):
    """Of a program that has nothing else."""
    program = compiled(tmp_path, [*STATIC, "-O0", "-fno-asynchronous-unwind-tables"])
    subprocess.run(["objcopy", "--remove-section", ".debug_frame", program], check=True)
    assert_calls(report_of(program), "@store STORE", "fill FILL", "main MAIN")


def test_calls_through_a_signal(program):
    text = report_of(program, "handler")
    assert_calls(text, "@store STORE", "fill FILL", "handler HANDLER")
    assert calls(text)[3] == "a signal's handler is called"
    assert re.fullmatch(ends("main RAISE")[0], calls(text)[-1])


def test_a_call_of_nothing(program):
    rows = calls(report_of(program, "null"))
    assert rows[0] == "where no code is"
    assert re.fullmatch(ends("main NULL")[0], rows[1])


def test_recursion_is_one_row(program):
    text = report_of(program, "recursion")
    assert re.search(rf"recurse\(\) at \S*fill\.c:{line_of('RECURSE')} \(\d+ times\)", text)
    assert len(calls(text)) <= 12


def test_a_smashed_stack_ends_the_calls(program):
    rows = calls(report_of(program, "smashed"))
    assert rows[0].startswith("smashed() at ") or rows == ["where no code is"]
    assert len(rows) <= 2


def test_a_child_has_its_own(program):
    """Of two reports each gets what is told of its process."""
    result = latchkey.run("--explain", program, "child")
    first, second = re.findall(r"---- fault.*?---- end of report\n", result.stderr, re.DOTALL)
    assert "(pid 2)" in first and "(pid 1)" in second
    assert_calls(first, "@store STORE", "fill FILL", "main CHILD")
    assert "main() at" in calls(second)[-1]


# ---- What is missing ----------------------------------------------------------------------------


def test_without_debugging_information(program, tmp_path):
    subprocess.run(["strip", "-g", "-o", tmp_path / "fill", program], check=True)
    text = report_of(tmp_path / "fill")
    assert "source   no debugging information: gcc -g adds lines\n" in text
    assert re.fullmatch(r"fill\+0x[0-9a-f]+", calls(text)[0])
    assert re.fullmatch(r"main\+0x[0-9a-f]+", calls(text)[1])


def test_stripped(program, tmp_path):
    subprocess.run(["strip", "-o", tmp_path / "fill", program], check=True)
    text = report_of(tmp_path / "fill")
    assert "source   the program is stripped: it has neither symbols nor lines" in text
    assert all(re.fullmatch(r"0x[0-9a-f]+|\.\.\.", row) for row in calls(text))


def test_the_source_is_missing(tmp_path):
    program = compiled(tmp_path)
    (tmp_path / "fill.c").rename(tmp_path / "elsewhere.c")
    text = report_of(program)
    assert f"fill.c:{line_of('STORE')} in store()\n         the file is not found beside" in text
    assert_calls(text, "@store STORE")


def test_the_source_stands_beside_the_program(program, tmp_path):
    """As when both were copied from where they were made."""
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir(), here.mkdir()
    shutil.copy(compiled(there), here / "other")
    (there / "fill.c").rename(here / "fill.c")
    assert "to[i] = 1; /* STORE */" in report_of(here / "other")


@pytest.mark.parametrize("section", [".debug_info", ".debug_line", ".debug_abbrev", ".eh_frame"])
def test_damaged(program, tmp_path, section):
    """A section of which every third byte is another: the report stays whole."""
    path, content = tmp_path / "fill", tmp_path / "section"
    dump = ["objcopy", "--dump-section", f"{section}={content}", program, tmp_path / "copy"]
    subprocess.run(dump, check=True)
    data = bytearray(content.read_bytes())
    data[40::3] = bytes((byte * 7 + 31) & 0xFF for byte in data[40::3])
    content.write_bytes(data)
    # An .eh_frame is read by the program itself only when it throws.
    update = ["objcopy", "--update-section", f"{section}={content}", program, path]
    subprocess.run(update, check=True, stderr=subprocess.DEVNULL)
    report_of(path)


def test_the_core_has_lines_without_calls(program):
    """There the kernel tells nothing beside its report, whose registers are enough for a line."""
    text = report_of(program, options=["--core"])
    assert "to[i] = 1; /* STORE */" in text
    assert_calls(text, "@store STORE", "fill FILL")
    assert len(calls(text)) == 2


def test_a_line_where_the_report_is_not_shown(program):
    result = latchkey.run(program)
    assert re.search(rf"instruction at 0x[0-9a-f]+, \S*fill\.c:{line_of('STORE')};", result.stderr)


# ---- The reader alone ---------------------------------------------------------------------------

sys.path.insert(0, os.path.join(latchkey.ROOT, "tools", "lib"))
import dumps  # noqa: E402
import fault_source  # noqa: E402


def question(**fields):
    return {
        "program": "/run/fill", "files": {}, "maps": [], "stack": [], "calls": {}, "code": "",
        "registers": {"rip": 0x401000, "rsp": 0x7FFF0000, "rbp": 0}, **fields,
    }  # fmt: skip


def test_a_reader_that_fails_costs_a_row(monkeypatch):
    for odd in ({"registers": {}}, {"maps": [[1]]}, {"stack": "x"}):
        rows = fault_source.describe(question(**odd))["rows"]
        assert rows == [["source", "the reader of debugging information failed"]]
    monkeypatch.setattr(sys, "executable", "/nowhere/python3")
    assert "FileNotFoundError" in fault_source.describe(question())["rows"][0][1]


def test_the_file_is_another_one(program):
    """Its lines would be wrong, so there are none."""
    known = {"files": {"/run/fill": str(program)}, "code": "0f 0b 0f 0b 0f 0b"}
    rows = fault_source.describe(question(**known))["rows"]
    assert rows == [["source", "the file here is not the one that ran: /run/fill"]]


def test_a_signal_that_was_sent(program):
    """Its report has neither an access nor an exception; the rows come first."""
    text = report_of(program, "child", reports=2)
    assert re.match(r"---- fault report: .*\ncalls +#0 ", text) or "\nsource   " in text
    assert text.index("calls") < text.index("rax")
    assert "main() at" in calls(text)[-1]


def test_no_file_is_known():
    rows = fault_source.describe(question())["rows"]
    assert rows[0] == ["source", "the program's file is not known here"]


IN_A_LIBRARY = """
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
static char *page;
static void leak(void)
{
    printf("%s\\n", page);
}
int main(void)
{
    page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pkey_mprotect(page, 4096, PROT_READ | PROT_WRITE, pkey_alloc(0, PKEY_DISABLE_ACCESS));
    leak();
}
"""


@pytest.mark.parametrize("link", ["-static", "-pie"])
def test_fault_in_a_library(tmp_path, link):
    """What is looked for is the program's line that led there, whether or not libc has lines."""
    (tmp_path / "leak.c").write_text(IN_A_LIBRARY)
    subprocess.run(["gcc", "-g", link, "-o", "leak", "leak.c"], cwd=tmp_path, check=True)
    said = latchkey.run("--trace-keys", "--explain", tmp_path / "leak").stderr
    assert re.search(
        r"^source   \S*leak\.c:8 in leak\(\), on the way to \S*strlen", said, re.M
    ), said
    assert re.search(r"key 1 since pkey_mprotect\(\) at \S*leak\.c:13 in main\(\)", said), said
    assert "called from" in latchkey.run(tmp_path / "leak").stderr


def test_names_move_no_cursor():
    """Whatever a program's file calls its functions and sources."""
    answer = fault_source.printable({"rows": [["source", "a\x1b[31m\nb"]], "place": None})
    assert answer == {"rows": [["source", "a?[31m?b"]], "place": None}


def test_program_chooses_no_file_of_this_computer(tmp_path):
    """A #line of its own names any; only what lies by it, or below this folder, is shown."""
    (tmp_path / "here.c").write_text("one\ntwo\n")
    sources = fault_source.Sources([tmp_path])
    assert sources.line(str(tmp_path / "here.c"), 2) == "two"
    assert sources.line("/elsewhere/here.c", 1) == "one"
    assert sources.line("/etc/passwd", 1) is None
    (tmp_path / "passwd").symlink_to("/etc/passwd")
    assert sources.line("/etc/passwd", 1) is None


def test_calls_by_one_instruction():
    """As those by the C library's syscall(): each has its own caller, in the report's order."""
    dump = dumps.Dump(1)
    for bp in (1, 2):
        fields = [0] * 12
        dump.take_event(dumps._EVENT.pack(*fields, 0x400, 7, bp, bytes(40), 0))
    assert [call[0]["rbp"] for call in dump.calls([0x400, 0x400]).values()] == [1, 2]
    assert dump.calls([0x401, 0x400]) == {}


def test_a_report_finds_its_dump():
    told = dumps.Dumps()
    for tid in (2, 3, 2, 1):
        told.take(tid.to_bytes(4, "little") + b"b\0\0\0")
        told.take(tid.to_bytes(4, "little") + b"s\0\0\0" + bytes(8) + bytes([tid]))
    told.take(b"x")
    told.take(bytes(4) + b"z\0\0\0")
    heads = [f"---- fault report: a (pid {tid}) ended" for tid in (2, 2, 5, 1)]
    found = [dump.stack for _, dump in told.of_reports(heads)]
    assert found == [[(0, b"\2")], [(0, b"\2")], [], [(0, b"\1")]]
