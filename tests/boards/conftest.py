# SPDX-License-Identifier: MIT
"""Makes a test of each board of labgrid's environment, and ends with a summary by board."""

from labgrid import Environment

SUMMARY = {}


def pytest_generate_tests(metafunc):
    if "board" in metafunc.fixturenames:
        environment = Environment(metafunc.config.getoption("lg_env"))
        metafunc.parametrize("board", list(environment.config.get_targets()))


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("boards")
    for board, text in SUMMARY.items():
        terminalreporter.line(f"{board:20} {text}")
