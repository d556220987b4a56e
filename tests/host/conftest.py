# SPDX-License-Identifier: MIT
"""Chooses the tests of a size, counts KTAP results, and ends with a plain line.

A test that reads a KTAP report hands it to the fixture `ktap`; each of its results counts as one.
Any other test counts as one itself.

Three sizes (--size): a test without a mark belongs to `test` and `all`, one marked `all` to `all`
alone. One marked `long` belongs to `long`; of those that one function has, as many as its mark says
(`long(sample=1)`) are drawn for `all`. What has passed in `long` on the same sources is not run
again, so that it can be stopped at any time.

pytest-xdist runs the tests in several processes. Each collects the same, so what is drawn is drawn
by a seed that they share. Tests that wait for one thing are one group (`xdist_group`).
"""

import collections
import hashlib
import os
import random
import subprocess
import time

import ktap as ktap_reports
import pytest

import latchkey

# "known" are results that fail as the machine table says of an emulator.
OUTCOMES = ("passed", "failed", "skipped", "known")
COUNTS = collections.Counter()
START = time.monotonic()
SLOWEST = 10

BEFORE = 0  # tests of `long` that passed in earlier runs

SEED = "LATCHKEY_SEED"
STAMPS = latchkey.built("long")

# How tests say that they have nothing to do on a machine without keys, and on one with them.
WITHOUT_KEYS = ("protection keys are not there or not on", "the CPU has no protection keys")
WITH_KEYS = ("protection keys are on", "there are keys, or there is no such function")
# How they say that they are for a kernel that is built otherwise.
OTHERWISE_BUILT = "this kernel gives no traces"
# And how they say that Linux has nothing of the kind.
NOT_ON_LINUX = ("Linux has no such", "not on Linux", "this is Linux's own affair")


# ---- Which tests --------------------------------------------------------------------------------


def pytest_addoption(parser):
    parser.addoption("--size", choices=("test", "all", "long"), default="all")


def draw(items):
    """Of the long tests a sample, as large as the mark of each function says."""
    by_function = collections.defaultdict(list)
    for item in items:
        by_function[item.function.__module__, item.function.__name__].append(item)
    drawn = []
    for name, group in sorted(by_function.items()):
        size = group[0].get_closest_marker("long").kwargs.get("sample", 1)
        chooser = random.Random(f"{os.environ[SEED]} {name}")
        drawn += chooser.sample(group, min(size, len(group)))
    return drawn


def pytest_collection_modifyitems(config, items):
    size = config.option.size
    by_mark = {"long": [], "all": [], None: []}
    for item in items:
        marks = [name for name in ("long", "all") if item.get_closest_marker(name)]
        by_mark[marks[0] if marks else None].append(item)
    if size == "long":
        chosen = [item for item in by_mark["long"] if not os.path.exists(stamp(item.nodeid))]
    elif size == "all":
        chosen = by_mark[None] + by_mark["all"] + draw(by_mark["long"])
    else:
        chosen = by_mark[None]
    kept = set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


# ---- What passed before -------------------------------------------------------------------------


def sources():
    """Of the sources as they are: a hash that differs whenever they do."""
    digest = hashlib.sha256()
    for command in (["git", "rev-parse", "HEAD"], ["git", "diff", "HEAD"]):
        digest.update(subprocess.run(command, cwd=latchkey.ROOT, stdout=subprocess.PIPE).stdout)
    return digest.hexdigest()


def stamp(nodeid):
    """A file that is there when the test has passed on these sources."""
    name = nodeid.partition("@")[0].replace("/", "_")
    return os.path.join(STAMPS, os.environ["LATCHKEY_SOURCES"], name)


def passed_before():
    """How many tests of `long` passed in earlier runs."""
    folder = stamp("")
    return len(os.listdir(folder)) if os.path.isdir(folder) else 0


def pytest_sessionfinish(session, exitstatus):
    """That nothing is left to run is no failure of the last piece."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.option.size == "long":
        session.exitstatus = 0 if BEFORE else exitstatus


def leave_stamp(report):
    if report.when == "call" and report.passed:
        os.makedirs(os.path.dirname(stamp(report.nodeid)), exist_ok=True)
        open(stamp(report.nodeid), "w").close()


# ---- KTAP ---------------------------------------------------------------------------------------


def judged(result, known, keys, linux):
    """The outcome of a result on a machine, or None: it has nothing to say there."""
    if result.name in known:
        return "known" if result.outcome == "failed" else "failed"
    if result.outcome != "skipped":
        return result.outcome
    if result.reason.startswith(WITHOUT_KEYS + WITH_KEYS):
        return "failed" if result.reason.startswith(WITHOUT_KEYS) == keys else None
    if result.reason.startswith(OTHERWISE_BUILT):
        return None
    if result.reason.startswith(NOT_ON_LINUX):
        return None if linux else "failed"
    return "skipped"


@pytest.fixture
def ktap(record_property):
    """A function that takes a report's text, counts its results, and fails the test if one failed.

    known maps the names of results that fail here to the reason; one that does not fail fails the
    test, for what is known is then wrong. keys says whether the machine has protection keys: a
    result that is skipped for want of them fails where they are there, and does not count
    elsewhere. linux says that Linux ran it, which lacks what is Latchkey's own: nor does that.
    """

    def take(text, known=None, keys=True, linux=False):
        counts = collections.Counter()
        failures = []
        for result in ktap_reports.parse(text):
            outcome = judged(result, known or {}, keys, linux)
            if outcome:
                counts[outcome] += 1
            if outcome == "failed":
                reason = f" ({result.outcome}: {result.reason})" if result.reason else ""
                failures += [*result.notes, f"failed - {result.name}{reason}"]
        record_property("ktap", dict(counts))
        assert not failures, "\n".join(failures)

    return take


# ---- Counting -----------------------------------------------------------------------------------


def counts_of(report):
    """How many results a pytest report stands for, by outcome."""
    properties = dict(report.user_properties)
    counts = collections.Counter(properties.get("ktap", {}))
    if "ktap" not in properties:
        counts[report.outcome] += 1
    elif report.failed and not counts["failed"]:
        counts["failed"] += 1  # the results were good, the run was not
    return counts


def is_verdict(report):
    return report.when == "call" or report.outcome != "passed"


def describe(counts):
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts[outcome])


def is_worker(config):
    return hasattr(config, "workerinput")


def pytest_runtest_logreport(report):
    if is_verdict(report):
        COUNTS.update(counts_of(report))
        leave_stamp(report)


def pytest_report_teststatus(report):
    if not is_verdict(report) or "ktap" not in dict(report.user_properties):
        return None
    letter = {"passed": ".", "failed": "F", "skipped": "s"}[report.outcome]
    return report.outcome, letter, describe(counts_of(report)) or "nothing to do here"


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    # The worker processes have this one's environment.
    os.environ.setdefault(SEED, str(random.SystemRandom().randrange(1 << 32)))
    os.environ.setdefault("LATCHKEY_SOURCES", sources())
    global BEFORE
    BEFORE = passed_before()
    config.option.durations = config.option.durations or SLOWEST
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter:
        # Its own last line would count pytest's tests, not the results.
        reporter.summary_stats = lambda: None


def pytest_report_header(config):
    return f"samples are drawn by {SEED}={os.environ[SEED]}"


def pytest_unconfigure(config):
    if config.option.collectonly or is_worker(config):
        return
    minutes = (time.monotonic() - START) / 60
    known = f"; {COUNTS['known']} failed as known of an emulator" if COUNTS["known"] else ""
    if config.option.size == "long" and BEFORE:
        known += f"; {BEFORE} tests passed before and were not run again"
    skipped = f", {COUNTS['skipped']} skipped" if COUNTS["skipped"] else ""
    print(f"\n{minutes:.1f} minutes{known}")
    print(f"{COUNTS['passed']} passed, {COUNTS['failed']} failed{skipped}")
