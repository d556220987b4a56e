# SPDX-License-Identifier: MIT
"""The kernel's panic: a debugger breaks the running kernel in several ways, and the report has to
tell what happened. The kernel stands in space_protect(), called by pkey_mprotect, when it is hurt.
"""

import re

import debugger
import pytest

# With the star GDB stops at the first instruction, whatever the compiler takes for a prologue.
AT_SPACE_PROTECT = ["break *space_protect", "continue", "delete"]

# How the kernel is hurt, and what the report has, in this order.
CASES = {
    "wild_pointer": (
        ["set $rdi = 0x10"],
        [
            r"==== kernel panic: ",
            r"trap     #PF page fault in the kernel, error code 0x0",
            r"task     .*, pid 1, on CPU 0",
            r"error    0x0: P=0 not present, W=0 read, U=0 kernel",
            r"walk     of 00000000000000[0-9a-f]{2} by CR3 = [0-9a-f]+",
            r"rax   .*  rbx   .*  rcx   ",
            r"cr4   ",
            r"PKRU     55555558: key 0 open; 1 no write; 2-15 no access",
            r"trace    [0-9a-f]{16}  \w+\+0x",
            r"         [0-9a-f]{16}  sys_pkey_mprotect\+0x",
            r"         [0-9a-f]{16}  syscall_entry\+0x",
            r"         system call 329 from ring 3, back to 4[0-9a-f]+",
        ],
    ),
    "jump_to_nowhere": (
        ["set $rip = 0"],
        [
            r"error    0x10: .* I=1 fetch",
            r"trace    0000000000000000  not in the kernel's text",
            r"         [0-9a-f]{16}  sys_pkey_mprotect\+0x",
            r"         [0-9a-f]{16}  syscall_entry\+0x",
        ],
    ),
    "stack_in_text": (
        ["set $rsp = (unsigned long)&text_start + 4096"],
        [r"trap     #DF double fault in the kernel", r"trace    "],
    ),
    "broken_assertion": (
        ["set $rip = *(unsigned long *)&bugs_start"],
        [r"==== kernel panic: .* \([a-z_/]+\.c:\d+\)", r"trap     #UD invalid opcode"],
    ),
    "stack_used_up": (
        ["set $rsp = percpu_boot.current->stack"],
        [
            r"trap     #DF double fault in the kernel",
            r"stack    the kernel stack is used up: its guard page was reached",
            r"trace    [0-9a-f]{16}  space_protect",
        ],
    ),
    "stack_smashed": (
        ["set $rip = __stack_chk_fail"],
        [r"==== kernel panic: stack smashing", r"trace    [0-9a-f]{16}  __stack_chk_fail\+0x"],
    ),
    "wild_frame_pointer": (
        ["set $rbp = 0xffffa00012345678", "set $rip = 0"],
        [r"trace    0000000000000000  not in", r"         [0-9a-f]{16}  sys_pkey_mprotect"],
    ),
    "panic_in_panic": (
        ["break *backtrace_trap", "set $rip = 0", "continue", "set $rip = 0"],
        [
            r"==== kernel panic: ",
            r"---- and a panic while reporting it:",
            r"==== kernel panic: ",
            r"trap     #PF page fault at 0000000000000000, CR2 = 0000000000000000",
        ],
    ),
    # The walk of the address follows an entry to where no memory is.
    "broken_tables": (
        [
            "set *(unsigned long *)(0xffff888000000000 + $cr3 + 8 * 16) = 0x000ffffffff00027",
            "set $rdi = 16ul << 39",
        ],
        [r"trap     #PF page fault in the kernel", r"---- and a panic while reporting it:"],
    ),
    # An uncorrected error in bank 5 of the CPU that runs, with its address.
    "machine_check": (
        ["monitor mce 0 5 0xbe00000000000135 5 0x12345000 0x8c"],
        [
            r"==== kernel panic: ",
            r"trap     #MC machine check in the kernel",
            r"bank     5 of APIC id 0: status be00000000000135, address 0000000012345000, misc",
            r"         code 0x135: an error that was not corrected, after which the CPU cannot",
        ],
    ),
    "nmi": (["monitor nmi"], [r"==== kernel panic: ", r"trap     NMI in the kernel"]),
}


@pytest.mark.parametrize("name", CASES)
def test_panic(name):
    commands, expected = CASES[name]
    output, log = debugger.debug(*AT_SPACE_PROTECT, *commands, "continue")
    report = re.search(r"^==== kernel panic: .*^==== end of panic$", log, re.DOTALL | re.MULTILINE)
    assert report, output + log
    lines = iter(report[0].splitlines())
    for wanted in expected:
        # Each search goes on where the one before has stopped.
        assert any(re.match(wanted, line) for line in lines), f"{wanted}\n{report[0]}"
    assert max(map(len, report[0].splitlines())) <= 100


def test_machine_check_of_another_cpu():
    """All CPUs get the exception at once, and whichever reports has the banks of all. QEMU's newer
    releases do so for the models alone that do it in silicon, and "max" is none.
    """
    error = "monitor mce -b 1 5 0xbe00000000000135 5 0x12345000 0x8c"
    _, log = debugger.debug(
        *AT_SPACE_PROTECT, error, "continue", run="--cpus 2 --cpu Skylake-Server"
    )
    assert re.search(r"^bank     5 of APIC id 1: status be00000000000135,", log, re.M), log
    assert re.search(r"^bank     1 of APIC id 0: ", log, re.M), log
