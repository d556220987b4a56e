# SPDX-License-Identifier: MIT
"""A session in the shell, through a real pseudo-terminal: what a person at `make run` types.

Each test waits for what the terminal shows before it types on, so that it fails by a line that
never came and not by a delay.
"""

import os
import shutil

import pexpect
import pytest

import latchkey

pytestmark = pytest.mark.xdist_group("shell")

PROMPT = r"latchkey:\S*# "


class Shell:
    """The shell of the initramfs at a pseudo-terminal."""

    def __init__(self, *options):
        self.child = pexpect.spawn(
            latchkey.RUN,
            ["--timeout", "120", *options, "--inside", "/init"],
            timeout=60,
            encoding="utf-8",
            dimensions=(30, 100),
        )
        self.child.expect(PROMPT)

    def type(self, keys):
        self.child.send(keys)

    def command(self, line):
        """Types a line; returns what the terminal shows from behind its echo to the next prompt."""
        self.child.sendline(line)
        self.child.expect_exact(line + "\r\n")
        self.child.expect(PROMPT)
        return self.child.before.replace("\r\n", "\n").replace("\x1b[J", "")

    def expect(self, pattern):
        self.child.expect(pattern)
        return self.child.match

    def status(self, line="exit"):
        """Ends the session by this line; returns the exit status of tools/run."""
        self.child.sendline(line)
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


@pytest.fixture(scope="module")
def shell():
    session = Shell()
    yield session
    session.child.close(force=True)


def test_pipeline(shell):
    assert shell.command("echo one two three | tr ' ' '\\n' | sort | head -2") == "one\nthree\n"


def test_redirection(shell):
    shell.command("for i in 1 2 3; do echo line $i; done > /tmp/lines; echo more >> /tmp/lines")
    assert shell.command("wc -l < /tmp/lines; tail -1 /tmp/lines").split() == ["4", "more"]


def test_substitution(shell):
    assert shell.command("echo $((6 * 7)) $(basename /a/b)") == "42 b\n"


def test_status_and_signals_of_children(shell):
    assert shell.command("false; echo $?") == "1\n"
    assert shell.command("sh -c 'kill -TERM $$'; echo $?").endswith("143\n")


def test_ctrl_c_ends_a_loop(shell):
    shell.child.sendline("while true; do sleep 1; done")
    shell.expect("while true; do sleep 1; done\r\n")
    shell.type("\x03")
    shell.expect(PROMPT)
    assert shell.command("echo still here") == "still here\n"


def test_ctrl_z_and_job_control(shell):
    shell.child.sendline("sleep 100")
    shell.expect("sleep 100\r\n")
    shell.type("\x1a")
    shell.expect(r"\[1\]\+  Stopped +sleep 100")
    shell.expect(PROMPT)
    assert "Stopped" in shell.command("jobs")
    assert "sleep 100" in shell.command("bg")
    assert "Running" in shell.command("jobs")
    shell.child.sendline("fg")
    shell.expect("sleep 100\r\n")
    shell.type("\x03")
    shell.expect(PROMPT)
    assert shell.command("jobs") == ""


def test_background_job_ends(shell):
    shell.command("sleep 0.2 & wait; echo")
    assert shell.command("true; jobs") in ("", "[1]+  Done                       sleep 0.2\n")


def test_line_editing_and_history(shell):
    shell.type("echo wrogn\x7f\x7fng")
    shell.child.sendline("")
    shell.expect("wrong\r\n")
    shell.expect(PROMPT)
    shell.type("\x1b[A")  # up: the last line again
    shell.expect("echo wrong")
    shell.child.sendline("")
    shell.expect("wrong\r\n")
    shell.expect(PROMPT)


def test_ctrl_d_ends_input(shell):
    shell.child.sendline("cat > /tmp/typed")
    shell.expect("typed\r\n")
    shell.child.sendline("by hand")
    shell.expect("by hand\r\n")
    shell.type("\x04")
    shell.expect(PROMPT)
    assert shell.command("cat /tmp/typed") == "by hand\n"


def test_full_screen_editor(shell):
    shell.child.sendline("vi /tmp/text")
    shell.expect(r"- /tmp/text")
    shell.type("ione line")
    shell.expect(r"I /tmp/text")
    shell.type("\x1b")
    shell.expect(r"- /tmp/text \[Modified\]")
    shell.type(":wq\r")
    shell.expect(PROMPT)
    assert shell.command("cat /tmp/text") == "one line\n"


def test_window_size(shell):
    assert shell.command("stty size") == "30 100\n"
    shell.child.setwinsize(40, 90)
    for _ in range(50):
        if shell.command("stty size") == "40 90\n":
            return
    pytest.fail("the new window size did not arrive")


def test_smaps_shows_protection_keys(shell):
    keys = shell.command("grep -c ProtectionKey /proc/self/smaps")
    assert int(keys) > 3


def test_device_files(shell):
    assert shell.command("echo gone > /dev/null; head -c 3 /dev/zero | wc -c").strip() == "3"
    assert "No space left" in shell.command("echo full > /dev/full")


def test_crash_is_explained(tmp_path):
    """A program that a key kills: the report stands on the terminal, in the session."""
    source = tmp_path / "crash.c"
    source.write_text("int main(void) { *(volatile int *)8 = 1; return 0; }\n")
    program = tmp_path / "crash"
    os.system(f"gcc -static -O1 -o {program} {source}")
    session = Shell("--show-log", "--add", f"{program}:/bin/crash")
    session.child.sendline("crash; echo status $?")
    session.expect(r"---- fault report: crash \(pid \d+\)")
    session.expect(r"why +Nothing is mapped at address")
    session.expect("---- end of report")
    session.expect("status 139")
    session.expect(PROMPT)
    assert session.status("poweroff") == 0


def test_exit_status_of_the_session():
    assert Shell().status("exit 3") == 3


def test_own_programs(tmp_path):
    """A file and a folder of the person's own, as `make run PROGRAMS=` puts them in."""
    folder = tmp_path / "mine"
    folder.mkdir()
    shutil.copy(latchkey.built("user", "pkey-demo"), folder / "demo")
    (tmp_path / "note.txt").write_text("a note\n")
    session = Shell("--add", str(folder), "--add", str(tmp_path / "note.txt"))
    assert session.command("cat /note.txt") == "a note\n"
    assert "a page under a protection key" in session.command("/mine/demo | head -1")
    assert session.status() == 0
