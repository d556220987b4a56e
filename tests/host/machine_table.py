# SPDX-License-Identifier: MIT
"""The machines that the tests boot, one a row."""

from collections import namedtuple

# name      how results are labelled
# options   of tools/run
# programs  the ring-3 tests that run there; None is all of them
# known     results that fail there because of the emulator: the test's name, and why
Machine = namedtuple("Machine", "name options programs known", defaults=(None, {}))

# Enough to see that keys work, where a boot is slow and the CPU is one that another row has.
FEW = ("faults", "keys", "pkru")

MACHINES = (
    # QEMU, PVH: several processors
    Machine("max", "--cpu max"),
    Machine("skylake-server", "--cpu Skylake-Server"),
    Machine("qemu64-pku", "--cpu qemu64,+pku,+xsave"),
    Machine("qemu64", "--cpu qemu64"),
    Machine("nopku", "--append nopku"),
    # QEMU, PVH: little memory, and memory above 4 GiB
    Machine("32M", "--memory 32M", FEW),
    Machine("64M", "--memory 64M", FEW),
    Machine("6G", "--memory 6G", FEW),
    # QEMU, GRUB from the ISO
    Machine("bios", "--iso"),
    Machine("bios-64M", "--iso --memory 64M --cpu Skylake-Server", FEW),
    Machine("uefi", "--uefi --cpu Skylake-Server", FEW),
    Machine("uefi-6G", "--uefi --memory 6G", FEW),
    # Bochs, GRUB from the ISO: a second, independent implementation
    Machine("bochs", "--bochs"),
    Machine("bochs-tigerlake", "--bochs --cpu tigerlake", FEW),
    Machine("bochs-no-pku", "--bochs --cpu corei7_skylake_x", FEW),
)
