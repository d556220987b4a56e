# SPDX-License-Identifier: MIT
"""Dynamic programs by one command: tools/run brings loader, libraries and interpreters along."""

import os
import shutil
import subprocess

import pytest

import latchkey

pytestmark = pytest.mark.all

GREETER = "#include <stdio.h>\nvoid greet(void) { puts(GREETING); }\n"
CALLER = "void greet(void);\nint main(void) { greet(); return 5; }\n"
CANCEL = r"""
#include <pthread.h>
#include <unistd.h>
static void *sleeper(void *nothing) { for (;;) pause(); return nothing; }
int main(void)
{
    pthread_t thread;
    void *result;
    return pthread_create(&thread, NULL, sleeper, NULL) || pthread_cancel(thread) ||
           pthread_join(thread, &result) || result != PTHREAD_CANCELED;
}
"""
THROWER = r"""
#include <iostream>
#include <stdexcept>
struct guest { ~guest() { std::cout << "left\n"; } };
static void enter(int depth)
{
    guest one;
    if (!depth)
        throw std::runtime_error("too deep");
    enter(depth - 1);
}
int main()
{
    try { enter(2); } catch (const std::exception &error) { std::cout << error.what() << "\n"; }
}
"""


def build(folder, name, source, *flags, compiler="gcc"):
    suffix = "cc" if compiler == "g++" else "c"
    (folder / f"{name}.{suffix}").write_text(source)
    program = folder / name
    command = [compiler, "-o", str(program), str(folder / f"{name}.{suffix}"), *flags]
    subprocess.run(command, check=True)
    return str(program)


def build_greeter(folder, greeting):
    folder.mkdir(exist_ok=True)
    library = str(folder / "libgreet.so")
    build(folder, "libgreet.so", GREETER, "-shared", "-fPIC", f'-DGREETING="{greeting}"')
    return library


def expect(result, stdout, status=0):
    assert (result.stdout, result.stderr, result.returncode) == (stdout, "", status)


# ---- Programs of this computer ------------------------------------------------------------------


def test_own_program(tmp_path):
    expect(latchkey.run(build(tmp_path, "cancel", CANCEL)), "")


def test_exceptions(tmp_path):
    program = build(tmp_path, "throw", THROWER, compiler="g++")
    expect(latchkey.run(program), "left\nleft\nleft\ntoo deep\n")


def test_musl(tmp_path):
    program = build(tmp_path, "cancel", CANCEL, "-pthread", compiler="musl-gcc")
    expect(latchkey.run(program), "")


def test_ls():
    assert "tests\n" in latchkey.run("/bin/ls", "/").stdout


def test_name_is_sought_in_path():
    expect(latchkey.run("bash", "-c", "echo $((6*7))"), "42\n")


def test_name_that_is_nowhere():
    result = latchkey.run("no-such-program")
    assert result.returncode == 127
    assert "no-such-program: no such file in this folder, nor in PATH" in result.stderr


def test_python():
    words = "import sys, json, ctypes; print(6 * 7, json.dumps(sys.argv[1:]), sys.prefix)"
    expect(latchkey.run("/usr/bin/python3", "-S", "-c", words, "a"), '42 ["a"] /usr\n')


def test_scripts(tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/usr/bin/env -S bash -u\necho ${BASH_VERSION:+bash} $1\n")
    expect(latchkey.run(str(script), "one"), "bash one\n")
    script.write_text("#!/bin/bash\necho ${BASH_VERSION:+bash} $1\n")
    expect(latchkey.run(str(script), "two"), "bash two\n")


def test_added_program(tmp_path):
    added = build(tmp_path, "added", CANCEL)
    expect(latchkey.run("--add", f"{added}:/bin/added", "--inside", "/bin/added"), "")


# ---- Where libraries are sought -----------------------------------------------------------------


@pytest.mark.parametrize("flag", ["--enable-new-dtags", "--disable-new-dtags"])
def test_library_beside_the_program(tmp_path, flag):
    build_greeter(tmp_path, "beside")
    flags = ["-L", str(tmp_path), "-lgreet", f"-Wl,{flag},-rpath,$ORIGIN"]
    expect(latchkey.run(build(tmp_path, "caller", CALLER, *flags)), "beside\n", 5)


def test_libraries(tmp_path):
    library = build_greeter(tmp_path / "lib", "given")
    program = build(tmp_path, "caller", CALLER, library)
    expect(latchkey.run("--libraries", str(tmp_path / "lib"), program), "given\n", 5)


def test_missing_library(tmp_path):
    program = build(tmp_path, "caller", CALLER, "-L", str(tmp_path), "-Wl,-rpath,/nowhere",
                    build_greeter(tmp_path, "gone"))  # fmt: skip
    os.remove(tmp_path / "libgreet.so")
    result = latchkey.run(program)
    assert result.returncode == 127
    assert "libgreet.so\n" in result.stderr and "--libraries DIR" in result.stderr


def test_missing_loader(tmp_path):
    program = build(tmp_path, "caller", CANCEL, "-Wl,--dynamic-linker=/no/such/loader.so")
    result = latchkey.run(program)
    assert result.returncode == 127
    assert "/no/such/loader.so\n" in result.stderr


# ---- A whole tree -------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "root"
    (root / "usr" / "bin").mkdir(parents=True)
    (root / "dev").mkdir()
    (root / "bin").symlink_to("usr/bin")
    shutil.copy("/bin/busybox", root / "usr" / "bin" / "busybox")
    (root / "usr" / "bin" / "sh").symlink_to("/bin/busybox")
    return root


def test_root(tree):
    (tree / "secret").write_text("one\n")
    os.chmod(tree / "secret", 0o640)
    os.link(tree / "secret", tree / "second")
    os.mkfifo(tree / "pipe")
    os.utime(tree / "secret", (0, 86400))
    if os.geteuid() == 0:
        os.chown(tree / "secret", 7, 8)
    status = os.stat(tree / "secret")
    words = """
        cd /
        busybox stat -c '%n %a %h %Y %F' secret second pipe bin
        busybox stat -c %u:%g secret
        echo $PATH $HOME
        exit 3
    """
    result = latchkey.run("--root", str(tree), "sh", "-c", words)
    assert result.returncode == 3
    assert result.stdout.splitlines() == [
        "secret 640 2 86400 regular file",
        "second 640 2 86400 regular file",
        f"pipe {os.stat(tree / 'pipe').st_mode & 0o777:o} 1 "
        f"{int(os.stat(tree / 'pipe').st_mtime)} fifo",
        f"bin 777 1 {int(os.lstat(tree / 'bin').st_mtime)} symbolic link",
        f"{status.st_uid}:{status.st_gid}",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /root",
    ]


def test_memory_follows_the_tree(tree):
    with open(tree / "large", "wb") as file:
        file.truncate(130 << 20)
    result = latchkey.run("--root", str(tree), "sh", "-c", "busybox stat -c %s /large")
    expect(result, f"{130 << 20}\n")
    result = latchkey.run("--root", str(tree), "--memory", "256M", "/bin/sh")
    assert result.returncode == 125
    assert "--memory 256M is too little" in result.stderr


def test_socket_is_left_out_aloud(tree):
    subprocess.run(
        ["/usr/bin/python3", "-c", "import socket; socket.socket(1).bind('root/socket')"],
        cwd=tree.parent, check=True,
    )  # fmt: skip
    result = latchkey.run("--root", str(tree), "sh", "-c", "busybox ls -d /socket")
    assert "left out: socket: a socket" in result.stderr
    assert result.returncode == 1


@pytest.mark.parametrize("words", [("--root", "/no/such"), ("--root", "/etc/passwd")])
def test_root_that_is_none(words):
    result = latchkey.run(*words, "/bin/sh")
    assert result.returncode == 2
    assert "is not a folder" in result.stderr
