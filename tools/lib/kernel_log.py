# SPDX-License-Identifier: MIT
"""Reads the kernel's messages as they arrive and picks out the reports that are fenced in them."""

FAULT_REPORT = ("---- fault report", "---- end of report")
PANIC = ("==== kernel panic", "==== end of panic")
TASKS = ("---- tasks", "---- end of tasks")


class KernelLog:
    """Hands the messages on to sinks by the line, and keeps the reports and the last lines.

    reports, panics and tasks are lists of texts; a sink is called with each line's bytes, newline
    included, and one of report_sinks with the text of a fault's whole report.
    """

    KEPT_LINES = 20

    def __init__(self, sinks=(), report_sinks=()):
        self.reports = []
        self.panics = []
        self.tasks = []
        self.last_lines = []
        self._sinks = sinks
        self._report_sinks = report_sinks
        self._partial = b""
        self._fence = None
        self._fenced = []

    def feed(self, data):
        lines = (self._partial + data).split(b"\n")
        self._partial = lines.pop()
        for line in lines:
            self._take(line.rstrip(b"\r"))

    def finish(self):
        """Takes what arrived after the last newline as a line."""
        if self._partial:
            self._take(self._partial)
            self._partial = b""

    def _take(self, line):
        for sink in self._sinks:
            sink(line + b"\n")
        text = line.decode(errors="replace")
        self.last_lines = self.last_lines[1 - self.KEPT_LINES :] + [text]
        self._follow_fences(text)

    def _follow_fences(self, text):
        if self._fence is None:
            fences = (FAULT_REPORT, PANIC, TASKS)
            self._fence = next((f for f in fences if text.startswith(f[0])), None)
            self._fenced = []
        if self._fence is None:
            return
        self._fenced.append(text)
        if text.startswith(self._fence[1]):
            found = {FAULT_REPORT: self.reports, PANIC: self.panics, TASKS: self.tasks}
            found[self._fence].append("\n".join(self._fenced) + "\n")
            for sink in self._report_sinks if self._fence == FAULT_REPORT else ():
                sink(self.reports[-1])
            self._fence = None
