# SPDX-License-Identifier: MIT
"""A bring-up's report as one page of HTML, without scripts and without other files.

CPUs are a grid; each leads to its results below. What failed stands before everything else.
"""

from html import escape

from bringup_report import FAILED, PHASES, cpu_name
from report_formats import alike, details, heading, summary

STYLE = """
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #cf222e; --note: #9a6700;
  --none: #6e7781; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { margin: 0; font-size: 1.6rem; } h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
.verdict { display: inline-block; margin: .8rem 0; padding: .4rem .9rem; border-radius: .4rem;
  color: #fff; font-weight: 600; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(5.5rem, 1fr)); gap: .4rem; }
.grid a { padding: .45rem .5rem; border-radius: .3rem; color: #fff; text-decoration: none; }
.grid small { display: block; opacity: .9; }
.passed { background: var(--good); } .failed, .incomplete, .silent { background: var(--bad); }
.warning { background: var(--note); } .skipped { background: var(--none); }
table { border-collapse: collapse; width: 100%; } .wide { overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem;
  border-bottom: 1px solid var(--line); white-space: nowrap; }
td:last-child { white-space: normal; overflow-wrap: anywhere; width: 100%; }
td .mark { display: inline-block; padding: 0 .45rem; border-radius: .25rem; color: #fff; }
details { border-bottom: 1px solid var(--line); padding: .3rem 0; }
details:target > summary { outline: 2px solid; } summary { cursor: pointer; }
"""


def page(report, title="Bring-up"):
    """Returns the page; title names the board."""
    colour = "passed" if report.status == 0 else "failed"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<div>{escape(heading(report))}</div>",
        f'<div class="verdict {colour}">{escape(summary(report))}</div>',
        _list("The report itself", [problem.message for problem in report.problems]),
        _list("Remarks", report.remarks),
        "<h2>CPUs</h2>",
        f'<div class="grid">{"".join(_cell(*row) for row in report.cpus)}</div>',
        _alike("Failed", [r for r in report.results if r.outcome == FAILED], details),
        _alike("Warnings", [r for r in report.results if r.warning], lambda r: r.warning),
        "<h2>Results by CPU</h2>",
        *(_cpu(*row) for row in report.cpus),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}: {escape(report.verdict)}</title>\n<style>{STYLE}</style>\n"
        f"</head>\n<body>\n{chr(10).join(filter(None, parts))}\n</body>\n</html>\n"
    )


def _anchor(cpu, apic):
    return f"apic{apic}" if cpu is None else f"cpu{cpu}"


def _list(title, items):
    if not items:
        return ""
    return f"<h2>{title}</h2><ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def _cell(cpu, apic, results, word):
    failures = sum(result.outcome == FAILED for result in results)
    text = f"{failures} failed" if failures else word
    return (
        f'<a class="{word}" href="#{_anchor(cpu, apic)}"><b>{cpu_name(cpu, apic)}</b>'
        f"<small>{'APIC ' + str(apic) if cpu is not None and apic is not None else ''}</small>"
        f"<small>{text}</small></a>"
    )


def _cpu(cpu, apic, results, word):
    opened = " open" if word in ("failed", "incomplete", "silent") else ""
    where = f" (APIC id {apic})" if cpu is not None and apic is not None else ""
    return (
        f'<details id="{_anchor(cpu, apic)}"{opened}><summary>{cpu_name(cpu, apic)}{where}: '
        f"{len(results)} results, {word}</summary>{_table(results)}</details>"
    )


def _alike(title, results, text_of):
    """A board of a hundred CPUs that all fail in the same way has one row of them."""
    if not results:
        return ""
    rows = "".join(
        f"<tr><td>{who}</td><td>{test}</td><td>{phase}</td><td>{escape(text)}</td></tr>"
        for test, phase, text, who in alike(results, text_of)
    )
    head = "<tr><th>CPU</th><th>test</th><th></th><th>details</th></tr>"
    return f'<h2>{title}</h2><div class="wide"><table>{head}{rows}</table></div>'


def _table(results):
    rows = "".join(_row(result) for result in results)
    names = ("", "verdict", "CPU", "test", "", "details")
    head = "".join(f"<th>{name}</th>" for name in names)
    return f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>'


def _row(result):
    notes = [details(result)]
    notes += [f"warning: {result.warning}"] if result.warning else []
    notes += [f"known of the emulator: {result.known}"] if result.known else []
    cells = (
        str(result.number),
        f'<span class="mark {result.outcome}">{result.outcome}</span>',
        cpu_name(result.cpu, result.apic),
        result.test,
        PHASES[result.phase],
        "<br>".join(escape(note) for note in notes if note),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
