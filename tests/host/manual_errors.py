# SPDX-License-Identifier: MIT
"""Which errors a system call may say: those of its manual page, and ENOMEM.

Read from the pages of the package manpages-dev, and for Latchkey's own calls from those in docs/,
when a test asks.
"""

import functools
import gzip
import os
import re

import latchkey

PAGES = "/usr/share/man"

# A page that stands for another one, and a heading of either form.
SAME_AS = re.compile(r"^\.so (man2/\S+)", re.MULTILINE)
ERRORS = re.compile(
    r"^(?:\.SH|##?) (?:ERRORS|Errors)$(.*?)(?=^(?:\.SH|##?) |\Z)", re.MULTILINE | re.DOTALL
)
NAME = re.compile(r"\bE[A-Z][A-Z0-9]+\b")

# A paragraph that refers to other pages: `any error specified for write(2)`.
REFERENCES = re.compile(r"(?:specified|given) for\n((?:\.[A-Z]+ .*\n|(?:or|and|,)\n)+)")
CALL = re.compile(r"^\.BR? ([a-z]\w+) \(2\)", re.MULTILINE)

# Calls that Linux has had only since, or we alone, and those whose pages leave out that they do
# what another does: the call whose errors are theirs, too.
LIKE = {
    "fchmodat2": "fchmodat",
    "futex_waitv": "futex",
    "pkey_set": "pkey_mprotect",
    "sendfile": "write",
    "vfork": "fork",
}


def _text(call):
    """The page's source, or None when there is none."""
    own = os.path.join(latchkey.ROOT, "docs", f"{call}.2.md")
    if os.path.exists(own):
        with open(own) as file:
            return file.read()
    path = os.path.join(PAGES, "man2", f"{call}.2.gz")
    if not os.path.exists(path):
        return None
    with gzip.open(path, "rt", errors="replace") as file:
        text = file.read()
    other = SAME_AS.search(text)
    return _text(other[1][len("man2/") : -len(".2")]) if other else text


def _errors(call, seen):
    """The names in the page and in those that its section refers to."""
    section = "".join(ERRORS.findall(_text(call) or ""))
    seen.add(call)
    names = set(NAME.findall(section))
    others = CALL.findall("".join(REFERENCES.findall(section)))
    for other in [*others, LIKE.get(call)]:
        if other and other not in seen:
            names |= _errors(other, seen)
    return names


@functools.lru_cache(maxsize=None)
def allowed(call):
    """The names of the errors that the call may say."""
    assert _text(call) or call in LIKE, f"no manual page of {call}: is manpages-dev there?"
    return {"ENOMEM", *_errors(call, set())}
