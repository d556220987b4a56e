# SPDX-License-Identifier: MIT
"""Makes pytest count KTAP results, start machines ahead of their tests, and end with a plain line.

A test that reads a KTAP report hands it to the fixture `ktap`; each of its results counts as one.
Any other test counts as one itself. A test whose parameter `job` is a Job has been started when its
turn comes: as many of them run at a time as there are CPUs.
"""

import collections
import concurrent.futures
import os

import ktap as ktap_reports
import pytest

import latchkey

OUTCOMES = ("passed", "failed", "skipped")
COUNTS = collections.Counter()
POOL = concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count())


class Job:
    """A run of tools/run, started ahead; result() waits for it."""

    def __init__(self, *arguments):
        self._arguments = arguments
        self._future = None

    def start(self):
        self._future = POOL.submit(latchkey.run, *self._arguments)

    def result(self):
        return self._future.result()


def pytest_collection_finish(session):
    if session.config.option.collectonly:
        return
    for item in session.items:
        job = item.callspec.params.get("job") if hasattr(item, "callspec") else None
        if isinstance(job, Job):
            job.start()


@pytest.fixture
def ktap(record_property):
    """A function that takes a report's text, counts its results, and fails the test if one failed.

    known maps the names of results that fail here to the reason. They count as skipped; one that
    passes fails the test, for what is known is then wrong.
    """

    def take(text, known=None):
        counts = collections.Counter()
        failures = []
        for result in ktap_reports.parse(text):
            outcome = result.outcome
            if result.name in (known or {}):
                outcome = "skipped" if outcome == "failed" else "failed"
            counts[outcome] += 1
            if outcome == "failed":
                failures += [*result.notes, f"failed - {result.name}"]
        record_property("ktap", dict(counts))
        assert not failures, "\n".join(failures)

    return take


# ---- Counting ---------------------------------------------------------------------------------


def counts_of(report):
    """How many results a pytest report stands for, by outcome."""
    counts = collections.Counter(dict(report.user_properties).get("ktap", {}))
    if not counts:
        counts[report.outcome] += 1
    elif report.failed and not counts["failed"]:
        counts["failed"] += 1  # the results were good, the run was not
    return counts


def is_verdict(report):
    return report.when == "call" or report.outcome != "passed"


def describe(counts):
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts[outcome])


def pytest_runtest_logreport(report):
    if is_verdict(report):
        COUNTS.update(counts_of(report))


def pytest_report_teststatus(report):
    if not is_verdict(report) or "ktap" not in dict(report.user_properties):
        return None
    letter = {"passed": ".", "failed": "F", "skipped": "s"}[report.outcome]
    return report.outcome, letter, describe(counts_of(report))


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    # Its own last line would count pytest's tests, not the results.
    config.pluginmanager.get_plugin("terminalreporter").summary_stats = lambda: None


def pytest_unconfigure(config):
    POOL.shutdown(wait=False, cancel_futures=True)
    if config.option.collectonly:
        return
    skipped = f", {COUNTS['skipped']} skipped" if COUNTS["skipped"] else ""
    print(f"\n{COUNTS['passed']} passed, {COUNTS['failed']} failed{skipped}")
