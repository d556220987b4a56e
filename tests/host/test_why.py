# SPDX-License-Identifier: MIT
"""docs/why.md and its picture are of this tree; that the programs do what it is about, in both
kernels, is in test_stories.py.
"""

import importlib.machinery
import importlib.util
import os
import re
import shlex
import shutil
import subprocess

import pytest

import latchkey

pytestmark = pytest.mark.xdist_group("stories")

TOOL = os.path.join(latchkey.ROOT, "tools", "picture")


def read(*path):
    with open(os.path.join(latchkey.ROOT, *path)) as file:
        return file.read()


def without_addresses(text):
    return re.sub(r"0x[0-9a-f]+", "ADDRESS", text)


def test_runs_in_the_document():
    """What stands below a command is what it prints, in that order, with gaps between lines."""
    blocks = re.findall(r"^```\n\$ tools/run build/(.*?)\n(.*?)^```$", read("docs", "why.md"),
                        re.M | re.S)  # fmt: skip
    assert len(blocks) == 4
    for command, shown in blocks:
        program, *arguments = shlex.split(command)
        result = latchkey.run(latchkey.built(program), *arguments)
        said = without_addresses(result.stdout + result.stderr)
        for line in without_addresses(shown).splitlines():
            text = line.removesuffix(" ...") if line.endswith(" ...") else line + "\n"
            _, found, said = said.partition(text)
            assert found, f"{command}: {line}"


def test_picture(tmp_path):
    """It is fresh; a word that is not the report's makes it old, and an address does not."""
    copy = tmp_path / "tree"
    (copy / "tools").mkdir(parents=True)
    (copy / "docs").mkdir()
    shutil.copy(TOOL, copy / "tools")
    os.symlink(latchkey.RUN, copy / "tools" / "run")
    picture = read("docs", "report.svg")

    def check(drawing):
        (copy / "docs" / "report.svg").write_text(drawing)
        command = [copy / "tools" / "picture", "--check"]
        environment = dict(os.environ, LATCHKEY_BUILD=latchkey.BUILD)
        result = subprocess.run(command, capture_output=True, text=True, env=environment)
        return result.returncode, result.stderr

    assert check(picture) == (0, "")
    assert check(re.sub(r"0x[0-9a-f]{6}\b", "0x40ffff", picture)) == (0, "")
    old = (1, "picture: docs/report.svg is old: run tools/picture\n")
    assert check(picture.replace("PKEY_DISABLE_WRITE", "PKEY_DISABLE")) == old


@pytest.fixture
def tool():
    loader = importlib.machinery.SourceFileLoader("picture", TOOL)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("picture", loader))
    loader.exec_module(module)
    return module


def test_colours_of_the_picture(tool):
    """Attributes of a terminal, which add up, and may go on over the end of a line."""
    drawing = tool.draw("\x1b[1;31mred\x1b[m <plain>\n\x1b[2mdim\nstill\x1b[0m  \x1b[33mkey\x1b[0m")
    red, yellow = tool.COLOURS[31], tool.COLOURS[33]
    blank = tool.BLANK
    lines = re.findall(r"<text[^>]*>(.*)</text>", drawing)[1:]
    assert lines == [
        f'<tspan fill="{red}" font-weight="bold">red</tspan>{blank}&lt;plain&gt;',
        '<tspan opacity="0.6">dim</tspan>',
        f'<tspan opacity="0.6">still</tspan>{blank}{blank}<tspan fill="{yellow}">key</tspan>',
    ]


def test_no_report_to_draw(tool, tmp_path, monkeypatch):
    """A machine that cannot start is no picture."""
    monkeypatch.setattr(tool, "BUILD", str(tmp_path))
    with pytest.raises(tool.Refused, match="no such file"):
        tool.take_report()
