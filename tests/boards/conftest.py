# SPDX-License-Identifier: MIT
"""Makes a test of each board of labgrid's environment, and ends with a summary by board."""

import pytest
from labgrid import Environment


def environment(config):
    return Environment(config.getoption("lg_env"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Refuses a bad file in one line, before labgrid's plugin does so with a traceback."""
    try:
        environment(config)
    except Exception as error:  # labgrid and its parser have no common one
        raise pytest.UsageError(f"{config.getoption('lg_env')}: {error}") from error


def pytest_generate_tests(metafunc):
    if "board" in metafunc.fixturenames:
        metafunc.parametrize("board", sorted(environment(metafunc.config).config.get_targets()))


def pytest_terminal_summary(terminalreporter):
    """Each test says its board and its summary, from whichever process it ran in."""
    reports = [report for list in terminalreporter.stats.values() for report in list]
    boards = {}
    for properties in (dict(getattr(report, "user_properties", ())) for report in reports):
        if "board" in properties:
            boards[properties["board"]] = properties["summary"]
    if boards:
        terminalreporter.section("boards")
    width = max(map(len, boards), default=0)
    for board, summary in sorted(boards.items()):
        terminalreporter.line(f"{board:{width}}  {summary}")
