# SPDX-License-Identifier: MIT
"""The tree as pages to be read without a network, in a copy of the tree.

NAME.md becomes NAME.html beside it, so links between documents stay as they are but for their
ending, and those to pictures stay. Any other file of text becomes source/PATH.html, with its lines
numbered, and a folder source/PATH/index.html, a list.
"""

import html
import os
import posixpath
import re
import subprocess

from tool import ToolError

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PICTURES = (".svg", ".png")

STYLE = """
:root { color-scheme: light dark; --line: #8885; --soft: #8882; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 0 auto;
  padding: 0 1rem 4rem; }
nav { border-bottom: 1px solid var(--line); padding: .7rem 0; font-size: .9rem; }
h1, h2, h3 { line-height: 1.25; margin: 2rem 0 .7rem; } h1 { font-size: 1.7rem; }
a { text-decoration: none; } a:hover { text-decoration: underline; }
code, pre { font: 13.5px/1.45 ui-monospace, monospace; } code { overflow-wrap: break-word; }
:not(pre) > code { background: var(--soft); padding: .1em .3em; border-radius: .25rem; }
pre { background: var(--soft); padding: .8rem 1rem; border-radius: .4rem; overflow-x: auto; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left;
  vertical-align: top; }
th { background: var(--soft); } img { max-width: 100%; background: #fff; }
.source { counter-reset: line; } .source span { counter-increment: line; }
.source span::before { content: counter(line); display: inline-block; width: 3.2em;
  margin-right: 1.2em; text-align: right; color: #8889; user-select: none; }
.source span:target { background: #fd03; }
@media print { nav { display: none; } body { max-width: none; } }
""".lstrip()


def files_of_tree():
    """The paths of the tree's files, sorted: those that git has, or all where there is no git."""
    if os.path.exists(os.path.join(ROOT, ".git")):
        command = ["git", "-C", ROOT, "ls-files", "-z"]
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if result.returncode == 0:
            names = filter(None, result.stdout.split("\0"))
            return sorted(name for name in names if os.path.exists(os.path.join(ROOT, name)))
    found = []
    for at, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in ("build", ".git", "__pycache__")]
        found += [os.path.relpath(os.path.join(at, name), ROOT) for name in names]
    return sorted(found)


class Pages:
    """Writes the pages; what a link leads to that is neither a file nor a folder is an error."""

    def __init__(self, output, version):
        self._output = output
        self._version = version
        self._files = files_of_tree()
        self._folders = {}
        for path in self._files:
            while path:
                path, name = posixpath.split(path)
                self._folders.setdefault(path, set()).add(name)
        self._texts = {path: self._text(path) for path in self._files}

    def write_all(self):
        for path, text in self._texts.items():
            if path.endswith(".md"):
                self._write(page_of(path), title_of(text, path), self._document(path, text))
            elif page_of(path) != path and text is not None:
                self._write(page_of(path), path, f"<h1>{html.escape(path)}</h1>\n{source(text)}")
        for folder in self._folders:
            name = folder or "Latchkey"
            body = f"<h1>{html.escape(name)}</h1>\n{self._list(folder)}"
            self._write(self._page_of_folder(folder), name, body)

    def _text(self, path):
        """The text of a file, or None."""
        try:
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                text = file.read()
        except (UnicodeDecodeError, OSError):
            return None
        return None if "\0" in text else text

    def _page_of_folder(self, folder):
        return posixpath.join("source", folder, "index.html")

    def _target(self, path, where):
        """The page that shows a file or a folder of the tree."""
        if path in self._folders:
            return self._page_of_folder(path)
        if path not in self._texts:
            raise ToolError(f"{where}: it links to {path}, which is not in the tree")
        return page_of(path) if self._texts[path] is not None else path

    def _document(self, path, text):
        here = page_of(path)

        def relinked(match):
            attribute, target = match[1], html.unescape(match[2])
            address, mark, fragment = target.partition("#")
            if not address or re.match(r"[a-z]+:", address):
                return match[0]
            inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), address))
            page = self._target("" if inside == "." else inside, path)
            return f'{attribute}="{html.escape(relative(here, page) + mark + fragment)}"'

        return with_anchors(re.sub(r'\b(href|src)="([^"]*)"', relinked, rendered(text)))

    def _list(self, folder):
        here = self._page_of_folder(folder)
        rows = []
        for name in sorted(self._folders[folder]):
            path = posixpath.join(folder, name)
            shown = html.escape(name) + ("/" if path in self._folders else "")
            if path in self._folders or self._texts[path] is not None:
                shown = f'<a href="{relative(here, self._target(path, here))}">{shown}</a>'
            rows.append(f"<li>{shown}</li>\n")
        return f"<ul>\n{''.join(rows)}</ul>\n"

    def _write(self, page, title, body):
        links = {
            "README": "README.html",
            "documents": "docs/README.html",
            "sources": "source/index.html",
            "what is in this folder": "docs/release.html",
        }
        anchors = [f'<a href="{relative(page, to)}">{name}</a>' for name, to in links.items()]
        nav = " &middot; ".join(anchors)
        text = (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{html.escape(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
            f"<nav>Latchkey {html.escape(self._version)}: {nav}</nav>\n{body}</body>\n</html>\n"
        )
        path = os.path.join(self._output, page)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def page_of(path):
    if path.endswith(".md"):
        return path[: -len("md")] + "html"
    if path.endswith(PICTURES):
        return path
    return f"source/{path}.html"


def relative(here, target):
    return posixpath.relpath(target, posixpath.dirname(here) or ".")


def title_of(text, path):
    match = re.search(r"^# (.*)", text, re.M)
    return f"{match[1].replace('`', '')} - Latchkey" if match else path


def rendered(text):
    """Markdown as GitHub shows it."""
    command = ["cmark-gfm", "--extension", "table", "--extension", "autolink"]
    try:
        result = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True)
    except FileNotFoundError:
        message = "cmark-gfm is not installed; `tools/deps release` installs what is missing"
        raise ToolError(message) from None
    return result.stdout


def with_anchors(body):
    """Gives each heading the name by which links know it, as GitHub does."""
    seen = {}

    def named(match):
        words = html.unescape(re.sub(r"<[^>]*>", "", match[2])).lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = seen.setdefault(name, 0)
        seen[name] += 1
        name += f"-{count}" if count else ""
        return f'<h{match[1]} id="{name}">{match[2]}</h{match[1]}>'

    return re.sub(r"<h([1-6])>(.*?)</h\1>", named, body, flags=re.S)


def source(text):
    lines = text.removesuffix("\n").split("\n")
    marked = (f'<span id="L{n}">{html.escape(line)}</span>\n' for n, line in enumerate(lines, 1))
    return f'<pre class="source">{"".join(marked)}</pre>\n'
