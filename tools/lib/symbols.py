# SPDX-License-Identifier: MIT
"""What the kernel's object files define and what they lack, by the sources that they are of."""

import collections
import functools
import glob
import os
import subprocess

import rooms
from tool import binutil


@functools.cache
def source_of(path):
    """The source that an object file was made of; None of one that was made otherwise."""
    for ending in (".c", ".asm"):
        source = path.removesuffix(".o") + ending
        if os.path.exists(os.path.join(rooms.ROOT, source)):
            return source
    return None


class Symbols:
    """defined: {symbol: source}; of one with a weak definition that one counts, since it is what
    whoever calls leans on. weak: {symbol: source}; provided: {symbol: source} of what stands in for
    a weak one. lacking: {source: symbols}. optional: {symbol: source} of what may lack, which is
    NULL then."""

    def __init__(self, folder):
        self.defined, self.weak, self.provided, self.optional = {}, {}, {}, {}
        self.lacking = collections.defaultdict(set)
        strong = {}
        for path, name, kind in self._read(folder):
            source = source_of(path)
            if not source:
                continue
            if kind == "U":
                self.lacking[source].add(name)
            elif kind in ("w", "v"):
                self.optional[name] = source
            elif kind in ("W", "V"):
                self.weak[name] = source
            elif kind.isupper():
                strong[name] = source
        replaced = (self.weak.keys() | self.optional.keys()) & strong.keys()
        self.provided = {name: strong[name] for name in replaced}
        self.defined = strong | self.weak

    @staticmethod
    def _read(folder):
        """Yields (object file, symbol, nm's letter)."""
        files = sorted(glob.glob("**/*.o", root_dir=folder, recursive=True))
        nm = [binutil("nm"), "--print-file-name", "--format=posix", *files]
        run = subprocess.run(nm, cwd=folder, capture_output=True, text=True, check=True)
        for line in run.stdout.splitlines():
            path, _, symbol = line.partition(": ")
            yield path, *symbol.split()[:2]

    def uses(self):
        """Yields (source, source that it uses, the symbols), without what a source has itself."""
        for source, names in sorted(self.lacking.items()):
            by_target = collections.defaultdict(set)
            for name in names & self.defined.keys():
                by_target[self.defined[name]].add(name)
            for target, symbols in sorted(by_target.items()):
                if target != source:
                    yield source, target, symbols
