# SPDX-License-Identifier: MIT
"""The rooms of the kernel, their order, what goes up in it on purpose and what is provided from
above, as docs/ says.

A room is a folder; who may use whom is the order of the table in docs/architecture.md, from top to
bottom, in which one row is the line below which the core is.
"""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
DOCUMENT = os.path.join(ROOT, "docs", "architecture.md")

ROW = re.compile(r"^\| (?:([a-z/]+)/|\*\*(the line)\*\*) \|", re.M)
# | `function()`, `another()` ([header](...)) | default | who | why |
PROVIDED = re.compile(r"^\| (`\w+\(\)`[^|]*) \| [^|]+ \| ([a-z/]+)/ \| [^|]+ \|$", re.M)
UPWARD = re.compile(r"^\| ([\w/.]+\.(?:c|h|asm)) \| ([\w/.]+\.(?:c|h|asm)) \| ", re.M)


class Rooms:
    def __init__(self):
        with open(DOCUMENT) as file:
            text = file.read()
        table = text[text.index("| room | owns |") : text.index("What goes up on purpose")]
        rows = [room or None for room, _ in ROW.findall(table)]
        line = rows.index(None)
        rows.remove(None)
        self.from_above = rows
        self.core = set(rows[line:])
        self.height = {room: height for height, room in enumerate(reversed(rows))}
        self.upward = set(UPWARD.findall(text))
        self.provided = {
            name: room
            for names, room in PROVIDED.findall(text)
            for name in re.findall(r"`(\w+)\(\)`", names)
        }

    def of(self, path):
        """The room that a file from the root is in, or None outside of the kernel."""
        folder = os.path.dirname(path)
        while folder and folder not in self.height:
            folder = os.path.dirname(folder)
        return folder or None

    def goes_up(self, source, target):
        """Whether source stands below target, and is not to use it."""
        below, above = self.of(source), self.of(target)
        if not below or not above or (source, target) in self.upward:
            return False
        return self.height[below] < self.height[above]
