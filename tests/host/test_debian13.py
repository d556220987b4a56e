# SPDX-License-Identifier: MIT
"""The first command of the README on Debian 13, whose compiler, assembler, make and QEMU are newer
than Debian 12's: a copy of the tree is built and run in a Debian 13 in a folder of the build.

debootstrap makes the folder once, from the mirror that this machine's apt has; it is kept. That,
the chroot and the mount in it are root's: others skip this. Every command runs in namespaces of its
own, for mounts and for processes, so nothing stays mounted and nothing goes on running, however a
test ends. A warning of the newer tools is an error here (WERROR=1).
"""

import fcntl
import os
import shutil
import subprocess

import pytest

import latchkey

RELEASE = "trixie"
DEBOOTSTRAP = "/usr/sbin/debootstrap"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"  # root's, whoever's a shell has
SYSTEM = latchkey.built("debian13")
SOURCE = os.path.join(SYSTEM, "src")
LIMIT = 3600  # seconds, for the downloads above all

NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
ENTER = """
    mount -t proc proc "$1/proc" &&
    exec chroot "$1" env -i HOME=/root PATH="$PATH" WERROR=1 sh -c "cd /src && $2"
"""


def command(*arguments, **options):
    return subprocess.run(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=LIMIT,
        env=dict(os.environ, PATH=PATH),
        **options,
    )


def inside(script):
    """Runs a shell's script in the copy of the tree, as root of the Debian 13."""
    return command(*NAMESPACES, "sh", "-c", ENTER, "sh", SYSTEM, script)


def obstacle():
    """Why there can be no Debian 13 here, or None."""
    if os.geteuid():
        return "only root can make a Debian 13 and enter it"
    if not os.path.exists(DEBOOTSTRAP):
        return "there is no debootstrap"
    if command(*NAMESPACES, "true").returncode:
        return "this root may not have namespaces of its own"
    return None


def mirror():
    """The first of the machine's own addresses of Debian's archive, or None."""
    wanted = ("Created-By: Packages", "Origin: Debian", "Label: Debian")
    found = command("apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted).stdout.split()
    return found[0] if found else None


def make_system():
    """Makes the Debian 13 with what building and running need, or skips the test."""
    if not os.path.exists(SYSTEM):
        address = mirror()
        if not address:
            pytest.skip("apt knows no mirror of Debian")
        unfinished = SYSTEM + ".new"
        shutil.rmtree(unfinished, ignore_errors=True)
        settings = os.path.join(unfinished, "etc", "dpkg", "dpkg.cfg.d")
        os.makedirs(settings)
        with open(os.path.join(settings, "fast"), "w") as file:
            file.write("force-unsafe-io\n")  # a power failure may cost this system
        options = ("--variant=minbase", "--force-check-gpg")
        result = command(DEBOOTSTRAP, *options, RELEASE, unfinished, address)
        if result.returncode:
            words = (result.stdout + result.stderr).strip().splitlines()
            pytest.skip(f"debootstrap: {words[-1] if words else result.returncode}")
        os.rename(unfinished, SYSTEM)


def copy_tree():
    """What a fresh clone has, from this tree; what was built in an earlier copy stays."""
    os.makedirs(SOURCE, exist_ok=True)
    for entry in os.scandir(SOURCE):
        if entry.name != "build":
            shutil.rmtree(entry) if entry.is_dir(follow_symlinks=False) else os.remove(entry)
    for name in command("git", "ls-files", "-z", cwd=latchkey.ROOT).stdout.split("\0"):
        if os.path.lexists(os.path.join(latchkey.ROOT, name)) and name:
            os.makedirs(os.path.dirname(os.path.join(SOURCE, name)), exist_ok=True)
            shutil.copy2(os.path.join(latchkey.ROOT, name), os.path.join(SOURCE, name))


def build():
    result = inside("tools/deps && make -j$(nproc) all")
    assert result.returncode == 0, result.stdout[-1000:] + result.stderr
    assert "warning: " not in result.stderr  # of make, which WERROR does not reach


@pytest.fixture
def debian13():
    """The Debian 13 with a copy of the tree, for one test at a time."""
    reason = obstacle()
    if reason:
        pytest.skip(reason)
    with open(SYSTEM + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_system()
        copy_tree()
        yield


@pytest.mark.all
def test_build(debian13):
    assert inside("cat /etc/debian_version").stdout.startswith("13.")
    build()


@pytest.mark.long(sample=0)
def test_demonstration(debian13):
    build()
    end = "This time the write went through."
    result = inside("tools/run build/user/pkey-demo")
    assert (result.returncode, end in result.stdout) == (0, True), result.stdout + result.stderr
    result = inside("make run")
    assert (result.returncode, end in result.stdout) == (0, True), result.stdout + result.stderr
