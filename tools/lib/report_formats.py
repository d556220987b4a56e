# SPDX-License-Identifier: MIT
"""Writes a bring-up's report for people (a table) and for machines (JUnit, TAP 13, OCP Test and
Validation). Each function takes a bringup_report.Report and returns a text.
"""

import datetime
import json
import re
import xml.etree.ElementTree as xml

from bringup_report import FAILED, OUTCOMES, PASSED, PHASES, SKIPPED, VERDICTS, cpu_name

NAME = "latchkey-bringup"


def details(result):
    """Why a result is what it is, in one line; empty if there is nothing to say."""
    parts = []
    if result.expected is not None:
        parts.append(f"expected {result.expected}")
    if result.found is not None:
        parts.append(f"found {result.found}")
    if result.reason is not None:
        parts.append(result.reason)
    return "; ".join(parts)


def heading(report):
    begin = report.begin or {}
    emulator = begin.get("emulator", "none")
    parts = [begin.get("model", "an unknown CPU")]
    parts += [f"in an emulator ({emulator})"] if emulator != "none" else []
    parts += [f"seed {begin['seed']}"] if begin else []
    parts += [begin["kernel"]] if "kernel" in begin else []
    return ", ".join(parts)


def summary(report):
    counts = ", ".join(f"{report.count(outcome)} {outcome}" for outcome in OUTCOMES)
    return f"{counts} of {report.planned}: {report.verdict}"


# ---- For people -------------------------------------------------------------------------------

# How a terminal shows a CPU's verdict.
_COLOURS = dict(zip(VERDICTS, ("32", "1;31", "33", "1;31", "1;31")))


def table(report, colour=False):
    def paint(text, word):
        return f"\033[{_COLOURS[word]}m{text}\033[0m" if colour else text

    if report.is_empty:
        problems = [problem.message for problem in report.problems]
        return "\n".join([*problems, "", paint(summary(report), "failed"), ""])
    lines = [heading(report), ""]
    lines.append(f"{'CPU':>4} {'APIC':>5} {'passed':>7} {'failed':>7} {'skipped':>8}  verdict")
    for cpu, apic, results, word in report.cpus:
        counts = [sum(result.outcome == outcome for result in results) for outcome in OUTCOMES]
        names = f"{'-' if cpu is None else cpu:>4} {'-' if apic is None else apic:>5}"
        lines.append(f"{names} {counts[0]:7} {counts[1]:7} {counts[2]:8}  {paint(word, word)}")
    lines += _section("Failed", report, lambda result: result.outcome == FAILED, details)
    lines += _section("Warnings", report, lambda result: result.warning, lambda r: r.warning)
    lines += _section("Skipped", report, lambda result: result.outcome == SKIPPED, details)
    lines += _section("Known of the emulator", report, known, known)
    for title, items in (
        ("The report itself", [problem.message for problem in report.problems]),
        ("Remarks", report.remarks),
    ):
        lines += ["", f"{title}:", *(f"  {item}" for item in items)] if items else []
    word = "passed" if report.status == 0 else "failed"
    return "\n".join([*lines, "", paint(summary(report), word), ""])


def alike(results, text_of):
    """Yields test, phase, text and the CPUs, in words, of results that say the same."""
    groups = {}
    for result in results:
        key = (result.test, result.phase, text_of(result))
        groups.setdefault(key, []).append(cpu_name(result.cpu, result.apic))
    for (test, phase, text), cpus in groups.items():
        who = ", ".join(cpus) if len(cpus) <= 4 else f"{len(cpus)} CPUs, {cpus[0]} first"
        yield test, PHASES[phase], text, who


def known(result):
    """What is known of the emulator, without how often each CPU met it."""
    return re.sub(r" \(\d+\)", "", result.known or "")


def _section(title, report, wanted, text_of):
    groups = list(alike(filter(wanted, report.results), text_of))
    if not groups:
        return []
    lines = (f"  {test} ({phase}) on {who}: {text}" for test, phase, text, who in groups)
    return ["", f"{title}:", *lines]


# ---- JUnit XML --------------------------------------------------------------------------------


def junit(report):
    """A suite for each CPU, and one for the report itself, in which what is wrong is an error."""
    root = xml.Element("testsuites", name=NAME)
    for cpu, apic, results, _ in report.cpus:
        suite = xml.SubElement(root, "testsuite", name=cpu_name(cpu, apic))
        for result in results:
            _junit_case(suite, result)
        _junit_counts(suite, results)
    suite = xml.SubElement(root, "testsuite", name="report")
    for problem in report.problems:
        case = xml.SubElement(suite, "testcase", classname=f"{NAME}.report", name=problem.kind)
        xml.SubElement(case, "error", type=problem.kind, message=problem.message)
    if not report.problems:
        xml.SubElement(suite, "testcase", classname=f"{NAME}.report", name="whole")
    _junit_counts(suite, [], len(report.problems))
    _junit_counts(root, report.results, len(report.problems))
    xml.indent(root)
    return xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _junit_case(suite, result):
    unit = f"apic{result.apic}" if result.cpu is None else f"cpu{result.cpu}"
    name = f"{result.test} ({PHASES[result.phase]})"
    case = xml.SubElement(suite, "testcase", classname=f"{NAME}.{unit}", name=name)
    if result.outcome == FAILED:
        xml.SubElement(case, "failure", type="failure", message=details(result))
    elif result.outcome == SKIPPED:
        xml.SubElement(case, "skipped", message=result.reason)
    notes = [text for text in (details(result), result.known, result.warning) if text]
    if result.outcome == PASSED and notes:
        xml.SubElement(case, "system-out").text = "; ".join(notes)


def _junit_counts(element, results, errors=0):
    tests = len(results) + (max(errors, 1) if element.get("name") in ("report", NAME) else 0)
    element.set("tests", str(tests))
    element.set("failures", str(sum(result.outcome == FAILED for result in results)))
    element.set("skipped", str(sum(result.outcome == SKIPPED for result in results)))
    element.set("errors", str(errors))


# ---- TAP 13 -----------------------------------------------------------------------------------


def tap(report):
    """A result that is lost is not ok, and a report with anything wrong bails out at the end."""
    lines = ["TAP version 13", f"1..{report.planned}"]
    found = {result.number: result for result in report.results}
    for number in range(1, report.planned + 1):
        if number not in found:
            lines.append(f"not ok {number} - lost")
            continue
        lines += _tap_result(found[number])
    if report.problems:
        lines += [f"# {problem.message.replace('#', '.')}" for problem in report.problems]
        lines.append(f"Bail out! {report.problems[0].message.replace('#', '.')}")
    return "\n".join(lines) + "\n"


def _tap_result(result):
    verdict = "not ok" if result.outcome == FAILED else "ok"
    name = f"{result.test} on {cpu_name(result.cpu, result.apic)} ({PHASES[result.phase]})"
    skip = f" # SKIP {result.reason}" if result.outcome == SKIPPED else ""
    yield f"{verdict} {result.number} - {name}{skip}"
    fields = {name: getattr(result, name) for name in ("expected", "found", "known", "warning")}
    fields = {name: text for name, text in fields.items() if text is not None}
    if fields:
        # A JSON string is a YAML string.
        yield "  ---"
        yield from (f"  {name}: {json.dumps(text)}" for name, text in fields.items())
        yield "  ..."


# ---- OCP Test and Validation, output specification 2.0 ------------------------------------------


def ocp(report, board="board"):
    """JSON lines. A test in a phase is a step, and each CPU's result in it a diagnosis.

    The times are those of writing: a serial line's log has none.
    """
    lines = []

    def emit(**content):
        now = datetime.datetime.now(datetime.timezone.utc)
        time = now.isoformat(timespec="microseconds").replace("+00:00", "Z")
        lines.append(json.dumps({**content, "sequenceNumber": len(lines), "timestamp": time}))

    emit(schemaVersion={"major": 2, "minor": 0})
    emit(testRunArtifact={"testRunStart": _ocp_start(report, board)})
    for remark in report.remarks:
        emit(testRunArtifact={"log": {"severity": "WARNING", "message": remark}})
    for problem in report.problems:
        symptom = f"{NAME}-report-{problem.kind}"
        emit(testRunArtifact={"error": {"symptom": symptom, "message": problem.message}})
    for step, artifact in _ocp_steps(report):
        emit(testStepArtifact={"testStepId": step, **artifact})
    # A run that was not carried through has no verdict about the board.
    status = "ERROR" if report.problems else "COMPLETE"
    result = ("PASS", "FAIL", "NOT_APPLICABLE")[report.status]
    emit(testRunArtifact={"testRunEnd": {"status": status, "result": result}})
    return "\n".join(lines) + "\n"


def _ocp_start(report, board):
    begin = report.begin or {}
    hardware = [
        {
            "hardwareInfoId": _ocp_cpu(cpu, apic),
            "name": cpu_name(cpu, apic),
            **({} if apic is None else {"location": f"APIC id {apic}"}),
        }
        for cpu, apic, _, _ in report.cpus
    ]
    return {
        "name": NAME,
        "version": "1",
        "commandLine": "bringup",
        "parameters": {name: begin[name] for name in ("seed", "tests", "results") if begin},
        "dutInfo": {
            "dutInfoId": board,
            "name": board,
            "platformInfos": [{"info": heading(report)}],
            "hardwareInfos": hardware,
        },
    }


def _ocp_cpu(cpu, apic):
    return f"apic{apic}" if cpu is None else f"cpu{cpu}"


def _ocp_steps(report):
    steps = {}
    for result in report.results:
        steps.setdefault((result.test, result.phase), []).append(result)
    for number, ((test, phase), results) in enumerate(steps.items()):
        step = str(number)
        yield step, {"testStepStart": {"name": f"{test} ({PHASES[phase]})"}}
        for result in results:
            yield step, {"diagnosis": _ocp_diagnosis(result)}
            for text in filter(None, (result.warning, result.known)):
                message = f"{cpu_name(result.cpu, result.apic)}: {text}"
                severity = "WARNING" if text == result.warning else "INFO"
                yield step, {"log": {"severity": severity, "message": message}}
        skipped = all(result.outcome == SKIPPED for result in results)
        yield step, {"testStepEnd": {"status": "SKIP" if skipped else "COMPLETE"}}


def _ocp_diagnosis(result):
    word = {PASSED: "pass", FAILED: "fail", SKIPPED: "skip"}[result.outcome]
    diagnosis = {
        "verdict": f"{result.test}-{word}",
        "type": {PASSED: "PASS", FAILED: "FAIL", SKIPPED: "UNKNOWN"}[result.outcome],
        "hardwareInfoId": _ocp_cpu(result.cpu, result.apic),
    }
    return {**diagnosis, "message": details(result)} if details(result) else diagnosis
