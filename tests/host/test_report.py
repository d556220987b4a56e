# SPDX-License-Identifier: MIT
"""tools/report: good reports, what a serial line does to them, and each format."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as xml

import pytest

import bringup_logs
import latchkey

REPORT = os.path.join(latchkey.ROOT, "tools", "report")
BEGIN = 2  # where the begin line stands; result N stands N lines after it


def report(lines, *options):
    return subprocess.run(
        [REPORT, *options],
        input=lines if isinstance(lines, bytes) else bringup_logs.log(lines),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=60,
    )


def says(lines, status, *texts):
    result = report(lines)
    output = result.stdout.decode()
    assert result.returncode == status, output
    for text in texts:
        assert text in output
    return output


def test_everything_passed():
    output = says(bringup_logs.lines(), 0, "8 passed, 0 failed, 4 skipped of 12: passed")
    assert re.search(r"^   3     6       2       0        1  passed$", output, re.MULTILINE)
    assert ", seed 0x2a, Latchkey v1-2\n" in output
    assert "The report itself" not in output and "\033" not in output


def test_report_of_a_kernel_that_does_not_say_its_version():
    lines = bringup_logs.lines()
    begin = lines[BEGIN].rpartition(" kernel=")[0]
    lines[BEGIN] = bringup_logs.with_crc(begin)
    assert "seed 0x2a\n" in says(lines, 0, "8 passed")


def test_example_of_the_documentation():
    with open(os.path.join(latchkey.ROOT, "docs", "bring-up.md")) as file:
        example = re.search(r"```\n(KTAP version 1\n.*?)```", file.read(), re.DOTALL)[1]
    says(example.encode(), 1, "start (at its start) on APIC id 77", "1 failed, 1 skipped of 3")


def test_failures_are_named_with_their_cpu():
    lines = bringup_logs.lines(failing=[2], absent=[77])
    says(
        lines,
        1,
        "oracle (all at once) on CPU 2: expected error code 0x25; found 0x5",
        "start (at its start) on APIC id 77: expected starts",
        "2 failed",
    )


@pytest.mark.parametrize("log", [b"Booting\r\n" * 3, b"", bytes(range(256)) * 3])
def test_no_report(log):
    output = says(log, 2, "there is no report in the log", "of 0: bad report")
    assert "begin line" not in output


def test_lost_lines():
    lines = bringup_logs.lines()
    del lines[BEGIN + 5 : BEGIN + 8], lines[BEGIN + 1]
    says(lines, 2, "4 results are lost: 1, 5-7", "bad report")


def test_short_report():
    says(
        bringup_logs.lines()[: BEGIN + 8],
        2,
        "is short",
        "the last result is 7",
        "no result from CPU 3",
        "incomplete",
    )


def test_begin_line_lost():
    lines = bringup_logs.lines()
    del lines[BEGIN]
    says(lines, 2, "the begin line is lost", "8 passed")


def test_repeated_line_is_harmless():
    lines = bringup_logs.lines()
    lines.insert(BEGIN + 4, lines[BEGIN + 3])
    says(lines, 0, "result 3 is repeated")


def test_contradiction():
    lines = bringup_logs.lines()
    lines.insert(BEGIN + 7, bringup_logs.lines(failing=[0])[BEGIN + 3])
    says(lines, 2, "another result 3, which says otherwise")


def test_two_lines_run_together():
    lines = bringup_logs.lines()
    lines[BEGIN + 3 : BEGIN + 5] = ["".join(lines[BEGIN + 3 : BEGIN + 5])]
    says(lines, 2, "line 7: a damaged line: ok 3", "2 results are lost: 3-4")


def test_each_lost_byte_of_a_line_is_noticed():
    lines = bringup_logs.lines(cpus=1)
    whole = lines[BEGIN + 2]
    for position in range(len(whole)):
        lines[BEGIN + 2] = whole[:position] + whole[position + 1 :]
        result = report(lines)
        assert result.returncode == 2, lines[BEGIN + 2]
        assert b"lost: 2" in result.stdout


def test_bytes_that_are_no_text():
    log = bringup_logs.log(bringup_logs.lines()).replace(b"identity cpu=1", b"iden\xff\0ty cpu=1")
    says(log, 2, "a damaged line: ok 4 - iden??ty", "lost: 4")


def test_end_line_that_counts_otherwise():
    lines = bringup_logs.lines()
    lines[-1] = bringup_logs.with_crc("# bringup end pass=9 fail=0 skip=3 total=12 verdict=pass")
    says(lines, 2, "the end line counts 9 passed, the results 8")


def test_panic_in_the_report():
    lines = bringup_logs.lines()[: BEGIN + 8] + ["==== kernel panic on CPU 2"]
    says(lines, 2, "the kernel panicked before the end")


def test_panic_before_the_report():
    panic = ["==== kernel panic on CPU 2"]
    says(panic, 2, "there is no report", "the kernel panicked before the end")
    says(panic + bringup_logs.lines(), 0, "8 passed")


def test_last_of_two_reports_counts():
    says(bringup_logs.lines()[:6] + bringup_logs.lines(), 0, "the log has 2 reports")


def test_other_ktap_is_passed_over():
    other = ["KTAP version 1", "1..2", "ok 1 - page_total", "not ok 2 - slab"]
    says(other + bringup_logs.lines() + other, 0, "8 passed")


def test_usage():
    assert subprocess.run([REPORT, "--no-such"], stderr=subprocess.DEVNULL).returncode == 2
    assert subprocess.run([REPORT, "/no/such"], stderr=subprocess.DEVNULL).returncode == 2


# ---- Formats ------------------------------------------------------------------------------------


def written(lines, option):
    result = report(lines, option, "-", "--name", "board-7", "--quiet")
    return result.stdout.decode()


def test_junit():
    root = xml.fromstring(written(bringup_logs.lines(failing=[2]), "--junit").encode())
    assert [suite.get("name") for suite in root] == ["CPU 0", "CPU 1", "CPU 2", "CPU 3", "report"]
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("13", "1", "0")
    (failed,) = [case for case in root.iter("testcase") if case.find("failure") is not None]
    assert failed.get("classname") == "latchkey-bringup.cpu2"
    short = xml.fromstring(written(bringup_logs.lines()[:-2], "--junit").encode())
    assert [error.get("type") for error in short.iter("error")] == ["lost", "short"]


def test_tap():
    lines = bringup_logs.lines(failing=[2])
    del lines[BEGIN + 5]
    tap = written(lines, "--tap").splitlines()
    assert tap[:2] == ["TAP version 13", "1..12"]
    assert [line for line in tap if line.startswith("not ok")] == [
        "not ok 5 - lost",
        "not ok 9 - oracle on CPU 2 (all at once)",
    ]
    assert '  found: "0x5"' in tap and "# SKIP the CPU has no PKS" in tap[5] + tap[6]
    assert tap[-1].startswith("Bail out! 1 result is lost: 5")


def test_ocp():
    artifacts = [
        json.loads(line) for line in written(bringup_logs.lines(failing=[2]), "--ocp").splitlines()
    ]
    assert artifacts[0]["schemaVersion"] == {"major": 2, "minor": 0}
    assert [artifact["sequenceNumber"] for artifact in artifacts] == list(range(len(artifacts)))
    for artifact in artifacts:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", artifact["timestamp"])
        kinds = {"schemaVersion", "testRunArtifact", "testStepArtifact"}
        assert len(kinds & set(artifact)) == 1 and len(artifact) == 3
    start = artifacts[1]["testRunArtifact"]["testRunStart"]
    assert set(start) == {"name", "version", "commandLine", "parameters", "dutInfo"}
    assert start["dutInfo"]["dutInfoId"] == "board-7"
    steps = [artifact.get("testStepArtifact", {}) for artifact in artifacts]
    failed = [
        step["diagnosis"] for step in steps if step.get("diagnosis", {}).get("type") == "FAIL"
    ]
    assert [diagnosis["hardwareInfoId"] for diagnosis in failed] == ["cpu2"]
    assert sum("testStepStart" in step for step in steps) == 3
    assert sum("testStepEnd" in step for step in steps) == 3
    end = artifacts[-1]["testRunArtifact"]["testRunEnd"]
    assert end == {"status": "COMPLETE", "result": "FAIL"}
    bad = written(bringup_logs.lines()[:-1], "--ocp").splitlines()
    assert json.loads(bad[-1])["testRunArtifact"]["testRunEnd"]["status"] == "ERROR"


def test_alike_failures_are_one_row_of_the_page():
    text = written(bringup_logs.lines(cpus=16, failing=range(16)), "--html")
    failed = text[text.index("<h2>Failed") : text.index("<h2>Results by CPU")]
    assert failed.count("<td>oracle</td>") == 1 and "16 CPUs, CPU 0 first" in failed


def test_lost_evenly():
    """One result of each CPU: the begin line says how many there were to be."""
    lines = bringup_logs.lines()
    del lines[BEGIN + 1 : BEGIN + 13 : 3]
    says(
        lines, 2, "4 results are lost: 1, 4, 7, 10", "3     6       1       0        1  incomplete"
    )


def test_page_holds_no_text_as_markup():
    text = written(bringup_logs.lines(failing=[2], absent=[77]), "--html")
    assert "A CPU (R) &lt;1&gt;" in text and "<script" not in text and "http" not in text


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_page_in_a_browser(tmp_path):
    path = tmp_path / "report.html"
    path.write_text(written(bringup_logs.lines(cpus=16, failing=[2]), "--html"))
    with tempfile.TemporaryDirectory(prefix="latchkey-browser-") as profile:
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        command += [f"--user-data-dir={profile}", path.as_uri()]
        tree = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    dom = tree.stdout.decode()
    assert len(re.findall(r'<a class="\w+" href="#cpu\d+">', dom)) == 16
    assert re.findall(r'<details id="(\w+)" open', dom) == ["cpu2"]
