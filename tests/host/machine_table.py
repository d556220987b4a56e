# SPDX-License-Identifier: MIT
"""The machines that the tests boot, one a row."""

from collections import namedtuple

# name      how results are labelled
# options   of tools/run
# programs  the ring-3 tests that run there; None is all of them
# ring0     the in-kernel tests that run there, as the kernel's option test= takes them
# known     results that fail there because of the emulator: the test's name, and why
# keys      whether protection keys are on there
# quick     those of the programs that `make test` runs there; with any, it runs ring0, too
Machine = namedtuple(
    "Machine",
    "name options programs ring0 known keys quick",
    defaults=(None, "all", {}, True, ()),
)

EVERYTHING = None
# Enough to see that keys work, where a boot is slow and the CPU is one that another row has.
FEW = ("faults", "keys", "pkru")

# Bochs 2.7 does not judge PKRU's AD in ring 0: the kernel's copies go through where silicon and
# QEMU refuse them (docs/testing.md). The oracle counts the same difference in ring 0.
BOCHS_COPIES = dict.fromkeys(
    (
        "read into a page: EFAULT under AD and under WD",
        "write from a page: EFAULT under AD, allowed under WD",
        "a pipe's read and write: EFAULT under AD",
        "read into a buffer that ends in a denied page: short count",
        "write from a buffer that ends in a denied page: short count",
        "readv and writev stop at the denied buffer",
        "the vectors themselves in a denied page: EFAULT",
        "arguments from a page under AD: EFAULT, under WD allowed",
        "paths from a page under AD: EFAULT, under WD allowed",
        "a path is read up to its end and no further",
        "a futex word under AD: EFAULT",
        "words under keys",
        "vmsplice from a page under AD: EFAULT",
        "return with a frame that PKRU denies to read: SIGSEGV",
        "clone(2) with CLONE_CHILD_SETTID",
        "set_tid_address(2), and the thread ends with the right",
        "set_robust_list(2), and the thread ends with the right",
        "read(2) to the pages",
        "write(2) from them",
        "vmsplice(2) from them",
        "futex(2) on them",
    ),
    "Bochs does not judge AD in ring 0",
)

# The tests of keys and rights.
ABOUT_KEYS = (
    "execute_only",
    "exceptions",
    "faults",
    "handlers",
    "key_areas",
    "keys",
    "keys_threads",
    "no_pku",
    "pkey_get_set",
    "pkey_mprotect",
    "pkey_policy",
    "pkey_query",
    "pkey_release",
    "pkey_set_all",
    "pkey_set_thread",
    "pkru",
    "sigreturn",
    "usercopy",
    "xstate",
)

MACHINES = (
    # QEMU, PVH: several processors
    Machine("max", "--cpu max", quick=EVERYTHING),
    Machine("skylake-server", "--cpu Skylake-Server"),
    Machine("qemu64-pku", "--cpu qemu64,+pku,+xsave"),
    Machine("qemu64", "--cpu qemu64", keys=False),
    Machine("nopku", "--append nopku", keys=False, quick=("keys", "no_pku")),
    # QEMU, PVH: little memory, and memory above 4 GiB
    Machine("32M", "--memory 32M", FEW, quick=FEW),
    Machine("64M", "--memory 64M", FEW),
    Machine("6G", "--memory 6G", FEW),
    Machine("80G", "--memory 80G", FEW, ring0="page_total,kernel_map_is_w_xor_x"),
    # QEMU, PVH: several CPUs
    Machine("4-cpus", "--cpus 4", quick=ABOUT_KEYS),
    Machine("16-cpus", "--cpus 16", FEW),
    # QEMU, GRUB from the ISO
    Machine("bios", "--iso"),
    Machine("bios-64M", "--iso --memory 64M --cpu Skylake-Server", FEW, quick=FEW),
    Machine("uefi", "--uefi --cpu Skylake-Server", FEW, quick=FEW),
    Machine("uefi-6G", "--uefi --memory 6G", FEW),
    Machine("uefi-8-cpus", "--uefi --cpus 8", (*FEW, "shared_space")),
    # Bochs, GRUB from the ISO: a second, independent implementation
    Machine("bochs", "--bochs", known=BOCHS_COPIES),
    Machine("bochs-tigerlake", "--bochs --cpu tigerlake", FEW, quick=FEW),
    Machine("bochs-no-pku", "--bochs --cpu corei7_skylake_x", FEW, keys=False),
)
