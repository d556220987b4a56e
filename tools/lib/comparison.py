# SPDX-License-Identifier: MIT
"""Latchkey beside Linux: user/pkbench in both, in the same emulated machine, counted exactly.

The machine is QEMU with -icount shift=0, one CPU and 1 GiB, where a tick of the time-stamp counter
is a guest instruction. Its CPU is without ERMS, since QEMU counts every repetition of a string
instruction: so both kernels use REP STOSQ. Linux is Debian's, without what it does against
attacks by speculation and without clearing pages that it is not asked to clear. Both run the very
same program, linked with glibc.
"""

import json
import os
import re
import subprocess
import textwrap

import debian
from cpio import Archive

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
CPU = "max,-erms"
WORDS = "console=ttyS0 quiet panic=-1 mitigations=off init_on_alloc=0 -- --json --power-off"
TIME_LIMIT = 300
EVENTS = ("INVLPG", "CR3 loads", "shootdown IPIs", "pages zeroed")

# At most so many instructions.
TARGETS = {
    "getppid": 85,
    "pkey_alloc and pkey_free": 170,
    "pkey_mprotect, 1 page": 450,
    "pkey_mprotect, 64 pages": 1000,
    "pkey_mprotect, 512 pages": 4000,
    "pkey_mprotect, 512 pages over a table's end": 4000,
    "pkey_mprotect, 4096 pages": 30000,
    "pkey_mprotect, 8 pages of 2 MiB": 500,
    "pkey_mprotect, 1024 pages, 1 in 7 present": 6000,
    "pkey fault, handler, return": 900,
    "mmap, touch, munmap one page": 2500,
    "sched_yield, alone": 150,
    "pipe ping-pong between processes": 1800,
    "fork, exit, wait": 30000,
    "fork, exit, wait, 1 MiB more": 30000,
}

# The rows of docs/performance.md, and how it calls them.
DOCUMENT = os.path.join(ROOT, "docs", "performance.md")
DOCUMENTED = {
    "pkey_set, by instruction": "`pkey_set` by instruction",
    "pkey_set, by vDSO": "`pkey_set` by vDSO",
    "pkey_set, by system call": "`pkey_set` by system call",
    "pkey_get, by instruction": "`pkey_get` by instruction",
    "pkey_get, by vDSO": "`pkey_get` by vDSO",
    "pkey_get, by system call": "`pkey_get` by system call",
    "getppid": "getppid",
    "clock_gettime, by the library": "clock_gettime by the library, which takes the vDSO",
    "clock_gettime, by system call": "clock_gettime by system call",
    "getcpu, by vDSO": "getcpu by vDSO",
    "getcpu, by system call": "getcpu by system call",
    "pkey_alloc and pkey_free": "`pkey_alloc` and `pkey_free`",
    "pkey_mprotect, 1 page": "`pkey_mprotect`, 1 page",
    "pkey_mprotect, 64 pages": "`pkey_mprotect`, 64 pages",
    "pkey_mprotect, 512 pages": "`pkey_mprotect`, 512 pages, which one table has",
    "pkey_mprotect, 512 pages over a table's end": "`pkey_mprotect`, 512 pages in two tables",
    "pkey_mprotect, 4096 pages": "`pkey_mprotect`, 4096 pages",
    "pkey_mprotect, 16384 pages": "`pkey_mprotect`, 16,384 pages",
    "pkey_mprotect, 1024 pages, 1 in 7 present":
        "`pkey_mprotect`, 1024 pages, one in seven present",
    "pkey_mprotect, 8 pages of 2 MiB": "`pkey_mprotect`, 16 MiB in pages of 2 MiB",
    "pkey fault, handler, return": "key fault, handler, return",
    "mmap, touch, munmap one page": "mmap, touch, munmap one page",
    "sched_yield, alone": "sched_yield, alone",
    "sched_yield between processes": "sched_yield between processes",
    "sched_yield between threads": "sched_yield between threads",
    "pipe ping-pong between processes": "pipe ping-pong between processes",
    "pipe ping-pong between threads": "pipe ping-pong between threads",
    "fork, exit, wait": "fork, exit, wait (a static glibc program)",
    "fork, exit, wait, 1 MiB more": "the same, by a parent that has used 1 MiB more",
    "fork, exec, exit, wait": "fork, exec, exit, wait",
}  # fmt: skip


class ComparisonError(Exception):
    """One of the two did not get to its end; the message has its last lines."""


def rows(output):
    """The lines of JSON among others, by operation."""
    found = [json.loads(line) for line in output.splitlines() if line.startswith('{"operation"')]
    return {row["operation"]: row for row in found}


def checked(name, result):
    found = rows(result.stdout)
    if not TARGETS.keys() <= found.keys():
        raise ComparisonError(f"{name} did not finish:\n{result.stdout[-2000:]}{result.stderr}")
    return found


def run_latchkey(program, *options):
    return subprocess.run(
        [os.path.join(ROOT, "tools", "run"), "--icount", "--memory", "1G", "--cpu", CPU,
         "--timeout", str(TIME_LIMIT), program, "--json", *options],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip


def run_linux(program, kernel, folder):
    archive = Archive()
    with open(program, "rb") as file:
        archive.add("init", file.read(), 0o755)
    initramfs = os.path.join(folder, "linux.cpio")
    with open(initramfs, "wb") as file:
        file.write(archive.finish())
    return subprocess.run(
        ["qemu-system-x86_64", "-accel", "tcg", "-cpu", CPU, "-icount", "shift=0", "-m", "1G",
         "-nodefaults", "-display", "none", "-serial", "stdio", "-nic", "none", "-no-reboot",
         "-kernel", kernel, "-initrd", initramfs, "-append", WORDS],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIME_LIMIT,
    )  # fmt: skip


# ---- What comes out -----------------------------------------------------------------------------


def table(ours, linux):
    """The lines of the table; beside each figure what was counted in a run of its own."""
    head = f"{'operation':48} {'Latchkey':>9} {'Linux':>9} {'ratio':>6} {'target':>7}       "
    lines = [head + " ".join(f"{event:>14}" for event in EVENTS)]
    for name, row in ours.items():
        ticks, target = row["ticks"], TARGETS.get(name)
        beside = f"{'':9} {'':6}"  # Linux has no such call
        if name in linux:
            theirs = linux[name]["ticks"]
            beside = f"{theirs:9} {theirs / ticks:6.1f}"
        verdict = "" if target is None else "met" if ticks <= target else "MISSED"
        counts = " ".join(f"{row[event]:14}" for event in EVENTS)
        lines.append(f"{name:48} {ticks:9} {beside} {target or '':>7} {verdict:6}" + counts)
    return lines


# ---- The page -----------------------------------------------------------------------------------


def document_table(ours, linux):
    """The lines of docs/performance.md's table: what the longer one has of its rows."""
    lines = ["| operation | Linux 6.1 | Latchkey | target |", "| --- | ---: | ---: | ---: |"]
    for name, text in DOCUMENTED.items():
        ticks, target = ours[name]["ticks"], TARGETS.get(name)
        theirs = f"{linux[name]['ticks']:,}" if name in linux else "no such " + (
            "function" if "vDSO" in name else "call"
        )  # fmt: skip
        verdict = "" if target is None else f"{target:,}" + ("" if ticks <= target else ", missed")
        lines.append(f"| {text} | {theirs} | {ticks:,} | {verdict} |")
    return lines


HOW = ("asleep", "running")
COLUMNS = 118  # of a line of the page


def document_counts(counted):
    """The lines about numbers of threads."""

    def of(name):
        return {row["threads"]: row for row in counted if row["counts"] == name}

    asleep, running = (of(f"pkey_set_all, the others {how}") for how in HOW)
    head = "threads", "threads changed", *(f"interrupts, the others {how}" for how in HOW)
    lines = [f"| {' | '.join(head)} |", "| ---: | ---: | ---: | ---: |"]
    for threads, row in asleep.items():
        lines.append(
            f"| {threads} | {row['threads changed']:,} | {row['IPIs']:,} |"
            f" {running[threads]['IPIs']:,} |"
        )
    few, *_, many = of("pkey_alloc and pkey_free").values()
    text = (
        "`pkey_alloc` and `pkey_free` change one atomic word, and try again when another CPU was"
        f" first: {few['retries']:,} times in {few['calls']:,} calls by one thread, and"
        f" {many['retries']:,} times in {many['calls']:,} calls by"
        f" {many['threads']} threads that do nothing else."
    )
    return [*lines, "", *textwrap.wrap(text, COLUMNS)]


def rewrite(part, lines, path=DOCUMENT):
    """Puts the lines into a document, between the two marks of a part of `make bench`."""
    begin, end = f"<!-- make bench PARTS={part} -->\n", f"<!-- end of PARTS={part} -->\n"
    with open(path) as file:
        text = file.read()
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ComparisonError(f"{path} has no marks for the part {part}")
    body = "\n" + "".join(f"{line}\n" for line in lines) + "\n"
    with open(path, "w") as file:
        file.write(before + begin + body + end + after)


# ---- Plots --------------------------------------------------------------------------------------


def by_pages(found, call, unit):
    """Pairs of (pages, ticks) of one call, for pages of 4 KiB ("") or " of 2 MiB"."""
    pattern = re.compile(rf"{call}, (\d+) pages?{unit}")
    matches = ((pattern.fullmatch(name), row) for name, row in found.items())
    return [(int(match[1]), row["ticks"]) for match, row in matches if match]


def inline_data(name, pairs):
    return f"${name} << EOD\n" + "".join(f"{x} {y}\n" for x, y in pairs) + "EOD\n"


PLOT_HEAD = """\
set terminal svg size 800,500 noenhanced font "sans,13" background "white"
set key left top
set grid
"""


def plot_pages(ours, linux):
    """Cost by number of pages."""
    curves = [
        ("Latchkey, pkey_mprotect, 4 KiB", by_pages(ours, "pkey_mprotect", "")),
        ("Linux, pkey_mprotect, 4 KiB", by_pages(linux, "pkey_mprotect", "")),
        ("Latchkey, pkey_mprotect, 2 MiB", by_pages(ours, "pkey_mprotect", " of 2 MiB")),
        ("Linux, pkey_mprotect, 2 MiB", by_pages(linux, "pkey_mprotect", " of 2 MiB")),
    ]
    return "cost-by-pages", "Giving pages another key", "pages", "instructions", curves


def plot_rights(ours, linux):
    """A change of rights by a key's instruction against mprotect() of so many pages."""
    pages = by_pages(ours, "mprotect", "")
    by_key = ours["pkey_set, by instruction"]["ticks"]
    curves = [
        ("Latchkey, mprotect", pages),
        ("Linux, mprotect", by_pages(linux, "mprotect", "")),
        ("both, pkey_set by instruction", [(count, by_key) for count, _ in pages]),
    ]
    title = "Taking a right away: a key against the page table"
    return "rights", title, "pages", "instructions", curves


def plot_threads(counted):
    """What one pkey_set_all() does, by number of threads."""
    labels = {
        "IPIs, the others running": ("pkey_set_all, the others running", "IPIs"),
        "IPIs, the others asleep": ("pkey_set_all, the others asleep", "IPIs"),
        "threads changed": ("pkey_set_all, the others running", "threads changed"),
    }
    curves = [
        (label, [(row["threads"], row[what] / row["calls"]) for row in counted
                 if row["counts"] == name])
        for label, (name, what) in labels.items()
    ]  # fmt: skip
    return "threads", "pkey_set_all: interrupts and threads", "threads", "for each call", curves


def plot(folder, name, title, x, y, curves, logarithmic="xy"):
    script = PLOT_HEAD + f'set output "{name}.svg"\nset title "{title}"\n'
    script += f"set logscale {logarithmic}\n"
    script += f'set xlabel "{x}"\nset ylabel "{y}"\n'
    script += "".join(inline_data(f"curve{i}", pairs) for i, (_, pairs) in enumerate(curves))
    parts = [f'$curve{i} with linespoints title "{label}"' for i, (label, _) in enumerate(curves)]
    script += "plot " + ", ".join(parts) + "\n"
    subprocess.run(["gnuplot"], input=script, text=True, check=True, cwd=folder)


def paths(build):
    """The folder for what comes out, and the program."""
    folder = os.path.join(os.path.abspath(build), "bench")
    os.makedirs(folder, exist_ok=True)
    return folder, os.path.join(os.path.abspath(build), "host", "pkbench")


def count(build):
    """Counts what calls about all threads do on 8 CPUs, and returns the lines of the table."""
    folder, program = paths(build)
    result = subprocess.run(
        [os.path.join(ROOT, "tools", "run"), "--cpus", "8", "--timeout", str(TIME_LIMIT), program,
         "--counts", "--json"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    if result.returncode:
        raise ComparisonError(f"pkbench --counts:\n{result.stdout[-2000:]}{result.stderr}")
    counted = [json.loads(line) for line in result.stdout.splitlines()]
    with open(os.path.join(folder, "counts.json"), "w") as file:
        json.dump(counted, file, indent=1)
    plot(folder, *plot_threads(counted), logarithmic="x 2")
    rewrite("count", document_counts(counted))
    lines = [f"{'counted, on 8 CPUs':34} {'threads':>8} {'calls':>8}  and in them"]
    for row in counted:
        counts = ", ".join(f"{row[what]} {what}" for what in list(row)[3:])
        lines.append(f"{row['counts']:34} {row['threads']:8} {row['calls']:8}  {counts}")
    return lines


def compare(build):
    """Runs both, writes all to build/bench/, and returns the lines of the table."""
    folder, program = paths(build)
    kernel = debian.fetch_kernel(folder, debian.release_kernel)
    ours = checked("Latchkey", run_latchkey(program))
    events = checked("Latchkey", run_latchkey(program, "--events"))
    linux = checked("Linux", run_linux(program, kernel, folder))
    for name, row in ours.items():
        row.update({event: events[name][event] for event in EVENTS})
    lines = table(ours, linux)
    with open(os.path.join(folder, "table.txt"), "w") as file:
        file.writelines(f"{line}\n" for line in lines)
    with open(os.path.join(folder, "bench.json"), "w") as file:
        json.dump({"latchkey": ours, "linux": linux, "targets": TARGETS}, file, indent=1)
    for make_plot in (plot_pages, plot_rights):
        plot(folder, *make_plot(ours, linux))
    rewrite("compare", document_table(ours, linux))
    return lines
