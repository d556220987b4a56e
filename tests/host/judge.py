# SPDX-License-Identifier: MIT
"""Linux as the judge of programs about protection keys, on every computer.

Where this Linux has keys (ospke in /proc/cpuinfo) it judges itself. Elsewhere the programs run on
Debian's Linux 6.12 in QEMU: all questions that the tests have go into one boot, and the answers are
kept in build/judge, by a hash of the program, its arguments and the kernel's version.
"""

import collections
import contextlib
import fcntl
import hashlib
import importlib
import json
import os
import subprocess
import sys
import tempfile

import latchkey

sys.path.insert(0, os.path.join(latchkey.ROOT, "tools", "lib"))

import cpio  # noqa: E402
import debian  # noqa: E402
import libraries  # noqa: E402

# A program, and its arguments. Whoever has some for the judge has a function questions().
Question = collections.namedtuple("Question", "program arguments", defaults=((),))
ASKING = ("test_linux", "test_programs", "test_stories", "test_manual_page", "test_reports")

# What a program has written, and its status as a shell gives it; None at the time limit.
Outcome = collections.namedtuple("Outcome", "stdout stderr status")

FOLDER = latchkey.built("judge")
BUSYBOX = "/bin/busybox"
# With SMAP, QEMU before 9.1 refuses a far return in ring 3. Latchkey has tables of four levels.
CPU = "max,-smap,-la57"
BOOT_LIMIT = 1500  # seconds for a whole boot on a slow computer; init.c has the limit of a program
HOST_LIMIT = 120
LINES_SHOWN = 20  # of the console of a machine that did not come to its end


def path_for(name):
    """Where to build a program that is made for the judge."""
    folder = os.path.join(FOLDER, "programs")
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, name)


def linux_has_keys():
    with open("/proc/cpuinfo") as file:
        return any(line.startswith("flags") and "ospke" in line.split() for line in file)


def run_on_host(question, folder):
    """As the first process of the machine is run: in a session of its own, without input."""
    result = subprocess.run(
        [question.program, *question.arguments],
        cwd=folder,
        env={"PATH": "/bin", "HOME": "/", "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=HOST_LIMIT,
        start_new_session=True,
    )
    status = result.returncode if result.returncode >= 0 else 128 - result.returncode
    return Outcome(result.stdout, result.stderr, status)


# ---- The machine --------------------------------------------------------------------------------


def build_init():
    """Makes tests/judge/init.c."""
    path = os.path.join(FOLDER, "init")
    source = os.path.join(latchkey.ROOT, "tests", "judge", "init.c")
    subprocess.run(["gcc", "-static", "-O2", "-Wall", "-Wextra", "-o", path, source], check=True)
    return path


def libraries_of(program):
    """The files that a dynamic program needs, by their paths, which are the same there."""
    search = libraries.Search()
    search.add_program(program)
    return search.files


def initramfs(questions):
    """The programs, each in a folder of its own, and the commands in the order of the questions."""
    archive = cpio.Archive()
    commands, needed = [], {}
    for path, source in (("init", build_init()), ("bin/busybox", BUSYBOX)):
        with open(source, "rb") as file:
            archive.add(path, file.read(), 0o755)
    for name in subprocess.check_output([BUSYBOX, "--list"], text=True).split():
        if name != "busybox":
            archive.link("bin/" + name, "busybox")
    for number, question in enumerate(questions):
        path = f"{number}/{os.path.basename(question.program)}"
        with open(question.program, "rb") as file:
            archive.add(path, file.read(), 0o755)
        needed.update(libraries_of(question.program))
        commands.append("\t".join(["/" + path, *question.arguments]))
    for path, source in needed.items():
        with open(source, "rb") as file:
            archive.add(path, file.read(), 0o755)
    archive.add("commands", ("\n".join(commands) + "\n").encode(), 0o644)
    return archive.finish()


def boot(questions):
    """Returns the bytes of the report, and those of the console."""
    kernel = debian.fetch_kernel(FOLDER, debian.judge_kernel)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        image, report = os.path.join(folder, "initramfs"), os.path.join(folder, "report")
        with open(image, "wb") as file:
            file.write(initramfs(questions))
        result = subprocess.run(
            ["qemu-system-x86_64", "-accel", "tcg", "-cpu", CPU, "-smp", "2", "-m", "1G",
             "-nodefaults", "-display", "none", "-nic", "none", "-no-reboot",
             "-serial", "stdio", "-serial", f"file:{report}", "-kernel", kernel, "-initrd", image,
             "-append", debian.KERNEL_WORDS],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=BOOT_LIMIT,
        )  # fmt: skip
        with open(report, "rb") as file:
            return file.read(), result.stdout + result.stderr


def read_report(report):
    """The outcomes in a report as far as it goes, and whether it goes to its end."""
    outcomes = []
    while b"\n" in report:
        head, _, rest = report.partition(b"\n")
        if head == b"end":
            return outcomes, True
        status, size, error_size = map(int, head.split())
        if len(rest) < size + error_size:
            break
        output, errors = rest[:size], rest[size : size + error_size]
        outcomes.append(
            Outcome(
                output.decode(errors="replace"),
                errors.decode(errors="replace"),
                status if status >= 0 else None,
            )
        )
        report = rest[size + error_size :]
    return outcomes, False


# ---- Answers ------------------------------------------------------------------------------------


def answer_path(question):
    kernel = debian.fetch_kernel(FOLDER, debian.judge_kernel)
    digest = hashlib.sha256(os.path.basename(kernel).encode())
    init = os.path.join(latchkey.ROOT, "tests", "judge", "init.c")
    for path in (question.program, init, *libraries_of(question.program).values()):
        with open(path, "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    digest.update("\0".join(question.arguments).encode())
    return os.path.join(FOLDER, "answers", digest.hexdigest())


@contextlib.contextmanager
def one_at_a_time():
    """Of the processes that run tests only one boots; others then find its answers."""
    os.makedirs(os.path.join(FOLDER, "answers"), exist_ok=True)
    with open(os.path.join(FOLDER, "lock"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def all_questions():
    return [question for name in ASKING for question in importlib.import_module(name).questions()]


def ask(question):
    """Boots with every question that has no answer yet, the given one among them."""
    asked = [other for other in all_questions() if not os.path.exists(answer_path(other))]
    if question not in asked:
        asked.append(question)
    report, console = boot(asked)
    outcomes, whole = read_report(report)
    for other, outcome in zip(asked, outcomes):
        with open(answer_path(other), "w") as file:
            json.dump(outcome._asdict(), file)
    last = "\n".join(console.decode(errors="replace").splitlines()[-LINES_SHOWN:])
    assert whole, f"Linux stopped after {len(outcomes)} of {len(asked)} programs:\n{last}"


def answer(question, folder):
    """What a Linux with keys does with the program; in the folder, where that is this Linux."""
    if linux_has_keys():
        return run_on_host(question, folder)
    with one_at_a_time():
        path = answer_path(question)
        if not os.path.exists(path):
            ask(question)
    with open(path) as file:
        return Outcome(**json.load(file))
