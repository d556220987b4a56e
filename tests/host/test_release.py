# SPDX-License-Identifier: MIT
"""`make release`: the same bytes from two folders, and what somebody does with it who never builds.

The whole of it, twice, takes minutes: that is a long test. The others take what these tests have
built, and a few objects in two folders.
"""

import filecmp
import html
import os
import re
import shutil
import subprocess
import tarfile

import pytest

import latchkey

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("release")]

DATE = "1700000000"
# One of each kind: what is compiled, assembled, linked, and made by a tool.
OBJECTS = (
    "obj/kernel/mm/space/keys.o obj/kernel/arch/entry/entry.o font/font.o symbols/pass1.o"
    " vdso/linux-vdso.so.1.debug user/pkey-demo"
).split()


def copy_tree(folder):
    """What a clone has, from this tree."""
    command = ["git", "-C", latchkey.ROOT, "ls-files", "-z"]
    names = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        source = os.path.join(latchkey.ROOT, name)
        if os.path.lexists(source):
            os.makedirs(folder / os.path.dirname(name), exist_ok=True)
            shutil.copy2(source, folder / name)
    return folder


def make(folder, *arguments):
    environment = dict(latchkey.shell_environment(), CCACHE_DISABLE="1")
    result = subprocess.run(
        ["make", "-C", folder, "-j2", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert result.returncode == 0, result.stdout[-1000:] + result.stderr
    return result.stdout


@pytest.fixture
def folders(tmp_path):
    return [copy_tree(tmp_path / name) for name in ("one", "a-longer/name")]


def test_objects_do_not_tell_their_folder(folders):
    for folder in folders:
        make(folder, "RELEASE=1", "BUILD=build/objects", *(f"build/objects/{o}" for o in OBJECTS))
    for name in OBJECTS:
        one, other = (folder / "build" / "objects" / name for folder in folders)
        assert filecmp.cmp(one, other, shallow=False), name


@pytest.mark.long(sample=0)
def test_two_clones_give_the_same_hashes(folders):
    environment = {f"GIT_{who}_DATE": f"{DATE} +0000" for who in ("AUTHOR", "COMMITTER")}
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    said = []
    for folder in folders:
        for step in (["init"], ["add", "."], ["commit", "--message=One"]):
            subprocess.run(
                [*git, "-C", folder, *step],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
                env=dict(os.environ, **environment),
            )
        said.append(re.findall(r"^[0-9a-f]{64}  \S+$", make(folder, "release"), re.M))
    assert said[0] == said[1] and len(said[0]) == 3, said


# ---- What is in it ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    command = [os.path.join(latchkey.ROOT, "tools", "release"), latchkey.BUILD, folder]
    subprocess.run(command, check=True, env=dict(os.environ, SOURCE_DATE_EPOCH=DATE))
    return folder


@pytest.fixture(scope="module")
def release(output):
    with open(latchkey.built("version")) as file:
        return output / f"latchkey-{file.read().strip()}"


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_hashes(release):
    command = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(command, cwd=release).returncode == 0
    hashed = [line.split("  ")[1] for line in (release / "SHA256SUMS").read_text().splitlines()]
    assert sorted([*hashed, "SHA256SUMS"]) == files_in(release)


def test_archive(output, release):
    with tarfile.open(output / f"{release.name}.tar.gz") as archive:
        members = archive.getmembers()
    names = [member.name for member in members if member.isfile()]
    assert sorted(names) == [f"{release.name}/{path}" for path in files_in(release)]
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in members} == {
        (0, 0, "", "", int(DATE))
    }


def test_packages_are_named(release):
    rows = (release / "PACKAGES").read_text()
    for package in ("gcc", "busybox-static", "grub-pc-bin", "xorriso"):
        assert re.search(rf"^{package} \S+$", rows, re.M), rows


def links_of(page):
    """(address, fragment) of each link in a page, and of each picture, but for those elsewhere."""
    for target in re.findall(r'(?:href|src)="([^"]*)"', page):
        address, _, fragment = html.unescape(target).partition("#")
        if not re.match(r"[a-z]+:", address):
            yield address, fragment


def test_pages_link_to_what_is_there(release):
    pages = {path: path.read_text() for path in release.rglob("*.html")}
    anchors = {path: set(re.findall(r'\bid="([^"]*)"', text)) for path, text in pages.items()}
    assert release / "docs" / "core.svg" in release.rglob("*.svg")
    for path, text in pages.items():
        for address, fragment in links_of(text):
            target = (path.parent / address).resolve() if address else path
            assert target.is_file(), f"{path.relative_to(release)}: {address}"
            assert not fragment or fragment in anchors[target], f"{path}: {address}#{fragment}"


def test_pages_show_tables_and_sources(release):
    page = (release / "docs" / "bring-up.html").read_text()
    assert "<td><code>bringup</code></td>" in page and 'id="getting-it-onto-a-board"' in page
    source = (release / "source" / "arch" / "mmu" / "pkru.h.html").read_text()
    assert '<span id="L1">' in source and "http" not in re.sub(
        r"<pre.*</pre>", "", source, flags=re.S
    )


def test_program_runs_without_a_build(release, tmp_path):
    """By the kernel in it, from another folder, and with nothing of this tree."""
    result = subprocess.run(
        [release / "tools" / "run", release / "build" / "user" / "pkey-demo"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=latchkey.shell_environment(),
        timeout=latchkey.TIME_LIMIT,
    )
    assert result.returncode == 0 and "This time the write went through." in result.stdout


def test_version_stays(release):
    """In what somebody builds of it again, too."""
    result = subprocess.run([release / "tools" / "version"], stdout=subprocess.PIPE, text=True)
    assert f"latchkey-{result.stdout.strip()}" == release.name


def test_report_is_read_without_a_build(release):
    result = subprocess.run([release / "tools" / "report"], input=b"", stdout=subprocess.PIPE)
    assert result.returncode == 2 and b"there is no report in the log" in result.stdout


def test_pages_refuse_a_link_to_nothing(tmp_path):
    copy_tree(tmp_path / "tree")
    with open(tmp_path / "tree" / "README.md", "a") as file:
        file.write("\n[nothing](docs/nothing.md)\n")
    tool = tmp_path / "tree" / "tools" / "release"
    command = [tool, latchkey.BUILD, tmp_path / "output"]
    result = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    expected = "release: README.md: it links to docs/nothing.md, which is not in the tree\n"
    assert (result.returncode, result.stderr) == (1, expected)
