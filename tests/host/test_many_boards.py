# SPDX-License-Identifier: MIT
"""`make boards` on four QEMU machines, one of which is made to fail; and that the job for LAVA
reads the report's lines.
"""

import os
import re
import subprocess

import bringup_logs
import latchkey
import pytest

pytestmark = pytest.mark.all

BOARDS = os.path.join(latchkey.ROOT, "tests", "boards")
# A few seconds' worth of the suite.
FEW = "bringup tests=identity,cpuid_keys,own_value"


def content(name):
    with open(os.path.join(BOARDS, name)) as file:
        return file.read()


# ---- labgrid ------------------------------------------------------------------------------------


def make_boards(environment, tmp_path):
    """make boards with this text as its environment, and the parts of this build in another."""
    file = tmp_path / "environment.yaml"
    file.write_text(environment)
    build = tmp_path / "build"
    build.mkdir()
    for name in ("latchkey.elf", "initramfs.cpio"):
        os.symlink(latchkey.built(name), build / name)
    command = ["-m", "pytest", "-v", "-p", "no:cacheprovider", "-n", "2", "--tb=short"]
    return subprocess.run(
        ["/usr/bin/python3", "-B", *command, "--lg-env", file, BOARDS],
        cwd=latchkey.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(latchkey.shell_environment(), LG_BUILD=str(build), BOARD_MINUTES="2"),
        timeout=600,
    )


@pytest.fixture
def labgrid():
    pytest.importorskip("labgrid")
    pytest.importorskip("xdist")


def test_one_board_of_four_fails(labgrid, tmp_path):
    environment = content("qemu.yaml").replace("bringup", FEW)
    environment = environment.replace("Icelake-Server", "Icelake-Server,-pku")
    result = make_boards(environment, tmp_path)
    assert result.returncode == 1, result.stdout
    summary = result.stdout.partition("= boards =")[2]
    assert re.findall(r"^(\w+)  .*: (\w+)$", summary, re.MULTILINE) == [
        ("cascadelake", "passed"),
        ("icelake", "failed"),
        ("milan", "passed"),
        ("skylake", "passed"),
    ]
    written = os.listdir(tmp_path / "build" / "boards")
    for board in ("cascadelake", "icelake", "milan", "skylake"):
        assert {board + end for end in (".log", ".xml", ".tap", ".jsonl", ".html")} <= set(written)


def test_board_that_cannot_be_driven(labgrid, tmp_path):
    """And one whose console ends before the report does: each is told, and the other goes on."""
    environment = """
targets:
  no-power:
    drivers:
      ExternalPowerDriver: {cmd_on: "true", cmd_off: "false", cmd_cycle: "true"}
      ExternalConsoleDriver: {cmd: "cat"}
  no-report:
    drivers:
      ExternalPowerDriver: {cmd_on: "true", cmd_off: "true", cmd_cycle: "true"}
      ExternalConsoleDriver: {cmd: "echo Booting"}
"""
    result = make_boards(environment, tmp_path)
    assert result.returncode == 1, result.stdout
    assert re.search(r"^no-power   no report: it could not be driven: .*false", result.stdout, re.M)
    assert re.search(r"^no-report  .*: bad report \(the console ended.*\)$", result.stdout, re.M)


def test_environment_that_is_none(labgrid, tmp_path):
    result = make_boards("targets: [", tmp_path)
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: " in result.stdout and "Traceback" not in result.stdout


# ---- LAVA ---------------------------------------------------------------------------------------


def monitor():
    """The patterns by name, as LAVA's monitor gets them: a folded text is one line."""
    yaml = pytest.importorskip("yaml")
    (action,) = [step["test"] for step in yaml.safe_load(content("lava.yaml"))["actions"][2:]]
    return action["monitors"][0]


def test_monitor_reads_the_report():
    """LAVA waits for the start, then takes what comes first: the end, or a result."""
    job = monitor()
    log = bringup_logs.log(bringup_logs.lines(failing=[2], absent=[77])).decode()
    begin, end = (re.search(job[name], log) for name in ("start", "end"))
    results = [
        (job["fixupdict"][match["result"]], re.sub(r"\W+", "_", match["test_case_id"]))
        for match in re.finditer(job["pattern"], log[begin.end() : end.start()])
    ]
    assert results[0] == ("fail", "start_cpu_apic_77_phase_start")
    assert len(results) == len(set(results)) == 13
    assert ("fail", "oracle_cpu_2_apic_4_phase_all") in results
    assert sum(result == "fail" for result, _ in results) == 2
