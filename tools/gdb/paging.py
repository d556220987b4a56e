# SPDX-License-Identifier: MIT
"""Decodes page-table entries and PKRU values into words. Needs no GDB, so a test can use it too.

The formats are arch/mmu/pte.h's and arch/mmu/pkru.h's (SDM vol. 3A, 4.5 and 4.6.2).
"""

ADDRESS_MASK = 0x000FFFFFFFFFF000
PTE_P = 1 << 0
PTE_PS = 1 << 7
KEY_SHIFT = 59
KEY_COUNT = 16

LEVEL_NAMES = {4: "PML4E", 3: "PDPTE", 2: "PDE", 1: "PTE"}
# Bit, letters; W, U and so on as the reports of kernel/report/report_decode.c write them.
FLAGS = ((0, "P"), (1, "W"), (2, "U"), (5, "A"), (6, "D"), (8, "G"), (9, "OWNED"), (63, "NX"))
TABLE_FLAGS = ("P", "W", "U", "A", "NX")


def index(address, level):
    return address >> (12 + 9 * (level - 1)) & 511


def page_size(level):
    return 1 << (12 + 9 * (level - 1))


def key_of(entry):
    return entry >> KEY_SHIFT & 15


def is_leaf(entry, level):
    return level == 1 or bool(entry & PTE_PS)


def flags(entry):
    return " ".join(letters for bit, letters in FLAGS if entry >> bit & 1) or "not present"


def describe_leaf(entry):
    """An entry that maps a page, at whatever level: a pte_t does not say which one it is from."""
    if entry == 0:
        return "empty"
    text = f"{entry:#018x}: frame {entry & ADDRESS_MASK:#x} {flags(entry)} key {key_of(entry)}"
    return text if entry & PTE_P else text + ", not accessible (P=0)"


def describe_entry(entry, level):
    """An entry of a known level, with where it leads."""
    if entry == 0:
        return "empty"
    if is_leaf(entry, level):
        size = {1: "4 KiB", 2: "2 MiB", 3: "1 GiB"}.get(level, "reserved")
        return f"{describe_leaf(entry)} ({size} page)"
    letters = [letter for letter in flags(entry).split() if letter in TABLE_FLAGS]
    return f"{entry:#018x}: table {entry & ADDRESS_MASK:#x} {' '.join(letters)}"


def walk(read_word, root, address):
    """Yields (level, index, entry) from the PML4E on, as far as the walk gets.

    read_word(address) reads physical memory."""
    table = root & ADDRESS_MASK
    for level in (4, 3, 2, 1):
        entry = read_word(table + 8 * index(address, level))
        yield level, index(address, level), entry
        if entry == 0 or is_leaf(entry, level):
            return
        table = entry & ADDRESS_MASK


# ---- PKRU -------------------------------------------------------------------------------------


def rights(pkru, key):
    return ("open", "no access", "no write", "no access")[pkru >> (2 * key) & 3]


def describe_pkru(pkru):
    """As the reports say it: 0x55555554: key 0 open; 1-15 no access."""
    parts = []
    for words in ("open", "no write", "no access"):
        keys = ranges([key for key in range(KEY_COUNT) if rights(pkru, key) == words])
        if keys:
            parts.append(f"{keys} {words}")
    noun = "key" if parts[0].split()[0].isdigit() else "keys"
    return f"{pkru:#010x}: {noun} " + "; ".join(parts)


def ranges(numbers):
    """[1, 3, 4, 5] -> 1,3-5"""
    runs = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
