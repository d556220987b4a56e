# SPDX-License-Identifier: MIT
"""tools/run --trace-keys: a report says since which calls a page has its key and a thread its
right.

One boot goes all ways, each in a child with the way's name. The lines are those of marks in SOURCE.
"""

import re
import subprocess

import pytest

import latchkey

SOURCE = r"""
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define RW   (PROT_READ | PROT_WRITE)

static volatile char *page;
static int key;

static void *map(void)
{
    return mmap(0, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); /* MAP */
}

static void seal(unsigned int rights)
{
    key = pkey_alloc(0, rights);                        /* ALLOC */
    pkey_mprotect((void *)page, PAGE, RW, key);         /* SEAL */
}

static void touch(void)
{
    *page = 1;
}

static void sealed(void)
{
    seal(PKEY_DISABLE_WRITE);
    touch();
}

static void wrpkru(void)
{
    seal(0);
    touch();
    pkey_set(key, PKEY_DISABLE_WRITE);
    touch();
}

static void wrpkru_noticed(void)
{
    seal(0);
    pkey_set(key, PKEY_DISABLE_WRITE);
    getppid();
    touch();
}

static void forked(void)
{
    seal(PKEY_DISABLE_WRITE);
    if (!fork())
        touch();
    wait(NULL);
    _exit(0);
}

static void *thread(void *argument)
{
    touch();
    return argument;
}

static void threaded(void)
{
    pthread_t id;

    seal(PKEY_DISABLE_WRITE);
    pthread_create(&id, NULL, thread, NULL);
    pthread_join(id, NULL);
}

static void read_only(void)
{
    mprotect((void *)page, PAGE, PROT_READ); /* PROTECT */
    touch();
}

static void keyed_read_only(void)
{
    seal(0);
    mprotect((void *)page, PAGE, PROT_READ); /* PROTECT_KEYED */
    touch();
}

static void execute_only(void)
{
    mprotect((void *)page, PAGE, PROT_EXEC); /* EXECUTE */
    touch();
}

static void moved(void)
{
    seal(PKEY_DISABLE_WRITE);
    page = mremap((void *)page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x10000000);
    touch();
}

static void mapped_again(void)
{
    seal(PKEY_DISABLE_WRITE);
    munmap((void *)page, PAGE);
    mmap((void *)page, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); /* AGAIN */
    touch();
}

static void handler(int number)
{
    (void)number;
}

static void returned(void)
{
    seal(0);
    signal(SIGUSR1, handler);
    pkey_set(key, PKEY_DISABLE_WRITE);
    raise(SIGUSR1);
    touch();
}

static void set_all(void)
{
    seal(0);
    syscall(1000, key, PKEY_DISABLE_WRITE); /* SET_ALL */
    touch();
}

static void busy(void)
{
    seal(PKEY_DISABLE_WRITE);
    void *other = map();
    for (int i = 0; i < 300; i++)
        mprotect(other, PAGE, i % 2 ? PROT_READ : RW);
    touch();
}

static void unknown_key(void)
{
    *(volatile char *)unknown_key = 1;
}

int main(void)
{
    static const struct {
        const char *name;
        void (*go)(void);
    } ways[] = {
        {"sealed", sealed},
        {"wrpkru", wrpkru},
        {"noticed", wrpkru_noticed},
        {"forked", forked},
        {"threaded", threaded},
        {"read_only", read_only},
        {"keyed_read_only", keyed_read_only},
        {"execute_only", execute_only},
        {"moved", moved},
        {"mapped_again", mapped_again},
        {"returned", returned},
        {"set_all", set_all},
        {"busy", busy},
        {"text", unknown_key},
    };

    for (unsigned int i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        if (!fork()) {
            prctl(PR_SET_NAME, ways[i].name);
            page = map();
            ways[i].go();
            _exit(1);
        }
        wait(NULL);
    }
    abort();
}
"""


def at(mark, function):
    line = next(n for n, text in enumerate(SOURCE.splitlines(), 1) if f"/* {mark} */" in text)
    return rf"at \S*keys\.c:{line} in {function}\(\)"


SEALED = rf"key 1 since pkey_mprotect\(\) {at('SEAL', 'seal')}"
ALLOCATED = rf"no write to key 1 since pkey_alloc\(\) {at('ALLOC', 'seal')}"
OUTSIDE = rf"no write to key 1 \(not by a call\) after pkey_alloc\(\) {at('ALLOC', 'seal')}"

ROWS = {
    "sealed": [SEALED, ALLOCATED],
    "wrpkru": [SEALED, OUTSIDE],
    "noticed": [SEALED, OUTSIDE],
    "forked": [SEALED, ALLOCATED],
    "threaded": [SEALED, ALLOCATED],
    "read_only": [
        rf"key 0 since mmap\(\) {at('MAP', 'map')}",
        rf"r-- since mprotect\(\) {at('PROTECT', 'read_only')}",
    ],
    "keyed_read_only": [
        SEALED,
        rf"r-- since mprotect\(\) {at('PROTECT_KEYED', 'keyed_read_only')}",
    ],
    "execute_only": [
        rf"key 1 since mprotect\(\) {at('EXECUTE', 'execute_only')}",
        "no access to key 1 as every program begins",
    ],
    "moved": [SEALED, ALLOCATED],
    "mapped_again": [
        rf"key 0 since mmap\(\) {at('AGAIN', 'mapped_again')}",
        rf"r-- since mmap\(\) {at('AGAIN', 'mapped_again')}",
    ],
    "returned": [SEALED, "no write to key 1 since the return from a signal's handler"],
    "set_all": [SEALED, rf"no write to key 1 since pkey_set_all\(\) {at('SET_ALL', 'set_all')}"],
    "busy": [
        "key 1 since a call that is not kept any more",
        r"no write to key 1 \(not by a call\)",
    ],
    "text": ["key 0 from the beginning"],
}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trace")
    (folder / "keys.c").write_text(SOURCE)
    flags = ["-static", "-O1", "-g", "-w", "-fno-optimize-sibling-calls", "-fno-inline"]
    subprocess.run(["gcc", *flags, "-o", folder / "keys", folder / "keys.c"], check=True)
    return folder / "keys"


def histories(program, *options):
    """The rows "history" of the reports by the program's name."""
    result = latchkey.run("--explain", "--append", "reports=all", *options, program)
    assert "Traceback" not in result.stderr
    found = {}
    for text in re.findall(r"---- fault report: .*?---- end of report\n", result.stderr, re.DOTALL):
        rows = re.search(r"^history +((?:.*\n)(?: .*\n)*)", text, re.MULTILINE)
        name = re.match(r"---- fault report: (\S+)", text)[1]
        found[name] = [row.strip() for row in rows[1].splitlines()] if rows else None
    return found


@pytest.fixture(scope="module")
def traced(program):
    return histories(program, "--trace-keys")


@pytest.mark.parametrize("way", ROWS)
def test_history(traced, way):
    rows = traced[way]
    assert rows and len(rows) == len(ROWS[way]), rows
    for row, words in zip(rows, ROWS[way]):
        assert re.fullmatch(words, row), (row, words)


def test_nothing_without_the_word(program):
    found = histories(program)
    assert set(ROWS) <= set(found)
    assert set(found.values()) == {None}


def test_a_wrong_word():
    result = latchkey.run(
        "--show-log", "--append", "trace=all", latchkey.built("user", "pkey-demo")
    )
    assert "trace=all is unknown; trace=keys is all there is" in result.stderr
