# SPDX-License-Identifier: MIT
"""The calls that led to an instruction of a program, from its registers and a part of its stack.

By .eh_frame (or .debug_frame), which nearly all programs have and which also knows functions that
keep no frame pointer; where it does not know a function, by the frame pointer.
"""

import bisect

import debug_info

FRAMES_MAX = 256
# The numbers that DWARF gives the registers (System V ABI, x86-64, figure 3.36).
NUMBERS = ("rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp",
           *(f"r{number}" for number in range(8, 16)), "rip")  # fmt: skip
RSP, RBP, RIP = 7, 6, 16


class Process:
    """What is known of a program's memory.

    maps: [(start, end, offset, path)] of what may be executed, path being the machine's; images:
    a function from such a path to a debug_info.Image or None; stack: [(address, bytes)].
    """

    def __init__(self, maps, images, stack):
        self._maps = sorted(maps)
        self._images = images
        self._stack = stack

    def mapping(self, address):
        at = bisect.bisect_right(self._maps, (address, float("inf"))) - 1
        if at < 0 or address >= self._maps[at][1]:
            return None
        return self._maps[at]

    def find(self, address):
        """(image, the address as it is linked there), or (None, None)."""
        mapping = self.mapping(address)
        image = self._images(mapping[3]) if mapping else None
        if not image:
            return None, None
        start, _, offset, _ = mapping
        linked = image.address_of(address - start + offset)
        return (image, linked) if linked is not None else (None, None)

    def word(self, address):
        for start, data in self._stack:
            if start <= address and address + 8 <= start + len(data):
                return int.from_bytes(data[address - start : address - start + 8], "little")
        return None

    # ---- One step -------------------------------------------------------------------------------

    def _by_rules(self, registers, rules):
        """The caller's registers, or None where the rules, or the stack, do not reach."""
        cfa_rule = rules["cfa"]
        if cfa_rule.reg is None or registers.get(cfa_rule.reg) is None:
            return None
        cfa = registers[cfa_rule.reg] + cfa_rule.offset
        # What no rule names stays as it was, if a call preserves it.
        caller = {n: registers.get(n) for n in (3, RBP, 12, 13, 14, 15)}
        caller[RIP] = None
        for number, rule in rules.items():
            if not isinstance(number, int):
                continue
            if rule.type == "OFFSET":
                caller[number] = self.word(cfa + rule.arg)
            elif rule.type in ("UNDEFINED", "EXPRESSION", "VAL_EXPRESSION"):
                caller[number] = None
        caller[RSP] = cfa
        return caller

    def _by_frame_pointer(self, registers):
        frame = registers.get(RBP)
        if not frame or frame % 8 or frame < registers[RSP]:
            return None
        return {RBP: self.word(frame), RIP: self.word(frame + 8), RSP: frame + 16}

    def _by_return_address(self, registers):
        """Of a call to where there is no code: the call has pushed where it came from."""
        top = registers[RSP]
        return {**registers, RIP: self.word(top), RSP: top + 8}

    def _caller(self, registers, lookup):
        """(registers of the caller, whether they are those that a signal interrupted)."""
        image, linked = self.find(lookup)
        found = image.frame_rules(linked) if image else None
        if found and not found[1]:
            return self._by_rules(registers, found[0]), False
        if found:
            return self._behind_signal(registers), True
        if not self.mapping(lookup):
            return self._by_return_address(registers), False
        return self._by_frame_pointer(registers), False

    def _behind_signal(self, registers):
        """The kernel's frame has a ucontext_t where the handler's return address was popped."""
        general = registers[RSP] + 40  # uc_mcontext.gregs, by <sys/ucontext.h>
        order = (8, 9, 10, 11, 12, 13, 14, 15, 5, 4, RBP, 3, 1, 0, 2, RSP, RIP)
        return {number: self.word(general + 8 * at) for at, number in enumerate(order)}

    # ---- All ------------------------------------------------------------------------------------

    def calls(self, registers, is_return=False):
        """Yields (address, the address to look up) from the instruction outwards.

        registers: by DWARF's numbers; is_return: RIP is behind a call. A return address may be the
        first of the next function, so the byte before it is looked up.
        """
        lookup = registers[RIP] - (1 if is_return else 0)
        for _ in range(FRAMES_MAX):
            yield registers[RIP], lookup
            image, linked = self.find(lookup)
            symbol = image.symbol(linked) if image else None
            if symbol and symbol[0] == "main":
                return
            caller, is_exact = self._caller(registers, lookup)
            if not caller or not caller.get(RIP) or not caller.get(RSP):
                return
            if not is_exact and caller[RSP] <= registers[RSP]:
                return  # a stack that leads back into itself
            registers = caller
            lookup = registers[RIP] - (0 if is_exact else 1)
            if not self.mapping(lookup):
                return


def registers_of(names):
    """By DWARF's numbers, from those by name."""
    return {NUMBERS.index(name): value for name, value in names.items() if name in NUMBERS}


def open_image(path):
    """The file's Image, or None if it is none."""
    try:
        return debug_info.Image(path)
    except debug_info.DAMAGE:
        return None
