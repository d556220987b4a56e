# SPDX-License-Identifier: MIT
"""The first command of the README on a new Debian, in a folder of the build: on Debian 13, whose
compiler, assembler, make and QEMU are newer than Debian 12's, and on Debian 12 as the Dockerfile
has it, with the packages of tools/packages and nothing else.

debootstrap makes the folder once, from the mirror that this machine's apt has; it is kept. That,
the chroot and the mount in it are root's: others skip this. Root installs the packages, and all
else is done by an ordinary user without sudo. Every command runs in namespaces of its own, for
mounts and for processes, so nothing stays mounted and nothing goes on running, however a test ends.
A warning of the tools is an error here (WERROR=1).
"""

import fcntl
import os
import re
import shutil
import subprocess

import pytest

import latchkey

NAMES = {"12": "bookworm", "13": "trixie"}
DEBOOTSTRAP = "/usr/sbin/debootstrap"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"  # root's, whoever's a shell has
USER = "1000"  # whose number need not be in the system's list
LIMIT = 3600  # seconds, for the downloads above all

NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
ENTER = """
    mount -t proc proc "$1/proc" &&
    exec chroot "$1" setpriv --reuid="$3" --regid="$3" --clear-groups \
        env -i HOME=/tmp PATH="$PATH" WERROR=1 sh -c "cd /src && $2"
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


def inside(system, script, user=USER):
    """Runs a shell's script in the copy of the tree."""
    return command(*NAMESPACES, "sh", "-c", ENTER, "sh", system, script, user)


def obstacle():
    """Why there can be no new Debian here, or None."""
    if os.geteuid():
        return "only root can make a Debian and enter it"
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


def make_system(system, name):
    """Makes the Debian, or skips the test."""
    if not os.path.exists(system):
        address = mirror()
        if not address:
            pytest.skip("apt knows no mirror of Debian")
        unfinished = system + ".new"
        shutil.rmtree(unfinished, ignore_errors=True)
        settings = os.path.join(unfinished, "etc", "dpkg", "dpkg.cfg.d")
        os.makedirs(settings)
        with open(os.path.join(settings, "fast"), "w") as file:
            file.write("force-unsafe-io\n")  # a power failure may cost this system
        options = ("--variant=minbase", "--force-check-gpg")
        result = command(DEBOOTSTRAP, *options, name, unfinished, address)
        if result.returncode:
            words = (result.stdout + result.stderr).strip().splitlines()
            pytest.skip(f"debootstrap: {words[-1] if words else result.returncode}")
        os.rename(unfinished, system)


def copy_tree(source):
    """What a fresh clone has, from this tree; what was built in an earlier copy stays."""
    os.makedirs(source, exist_ok=True)
    for entry in os.scandir(source):
        if entry.name != "build":
            shutil.rmtree(entry) if entry.is_dir(follow_symlinks=False) else os.remove(entry)
    for name in command("git", "ls-files", "-z", cwd=latchkey.ROOT).stdout.split("\0"):
        if os.path.lexists(os.path.join(latchkey.ROOT, name)) and name:
            os.makedirs(os.path.dirname(os.path.join(source, name)), exist_ok=True)
            shutil.copy2(os.path.join(latchkey.ROOT, name), os.path.join(source, name))
    command("chown", "--recursive", f"{USER}:{USER}", source)


def build(system):
    result = inside(system, "tools/deps", user="0")
    assert result.returncode == 0, result.stdout[-1000:] + result.stderr
    result = inside(system, "make -j$(nproc) all")
    assert result.returncode == 0, result.stdout[-1000:] + result.stderr
    assert "warning: " not in result.stderr  # of make, which WERROR does not reach


@pytest.fixture
def debian(version):
    """The folder of a Debian with a copy of the tree, for one test at a time."""
    reason = obstacle()
    if reason:
        pytest.skip(reason)
    system = latchkey.built(f"debian{version}")
    with open(system + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_system(system, NAMES[version])
        copy_tree(os.path.join(system, "src"))
        yield system


@pytest.mark.all
@pytest.mark.parametrize("version", ["13"])
def test_build(debian, version):
    assert inside(debian, "cat /etc/debian_version").stdout.startswith(f"{version}.")
    build(debian)


@pytest.mark.long(sample=0)
@pytest.mark.parametrize("version", NAMES)
def test_demonstration(debian):
    """Also that nobody is asked for root once the packages are there: there is no sudo at all."""
    build(debian)
    end = "This time the write went through."
    result = inside(debian, "! command -v sudo && tools/run build/user/pkey-demo")
    assert (result.returncode, end in result.stdout) == (0, True), result.stdout + result.stderr
    result = inside(debian, "make run")
    assert (result.returncode, end in result.stdout) == (0, True), result.stdout + result.stderr


@pytest.mark.all
def test_dockerfile_has_no_list_of_its_own():
    """It installs by tools/deps alone, all groups, on the Debian that is tried here."""
    with open(os.path.join(latchkey.ROOT, ".devcontainer", "Dockerfile")) as file:
        text = re.sub(r"^#.*\n", "", file.read(), flags=re.M)
    assert re.search(rf"^FROM debian:{NAMES['12']}$", text, re.M)
    assert "apt-get" not in text and text.count("/deps ") == 2  # copied and run
    tools = os.path.join(latchkey.ROOT, "tools")
    script = re.search(r"\$\((sed .*)\)$", text, re.M)[1].replace("/opt/latchkey", tools)
    groups = command("sh", "-c", script).stdout.split()
    with open(os.path.join(tools, "packages")) as file:
        assert groups == re.findall(r"^# group (\w+):", file.read(), re.M)
