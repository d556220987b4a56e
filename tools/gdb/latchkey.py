# SPDX-License-Identifier: MIT
"""GDB's view of Latchkey: printers for its address types, and commands that begin with lk-.

Loaded by tools/debug; by hand: source tools/gdb/latchkey.py. `help lk` lists the commands.
"""

import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import live_pkru  # noqa: E402
import paging  # noqa: E402

# As arch/cpu/layout.h, mm/table/kernel_map.h and mm/space/vma.h have them: GDB knows no macros.
DIRECT_MAP_BASE = 0xFFFF888000000000
KERNEL_STACK_SIZE = 16384
VMA_SHARED = 1

CR0_PG = 1 << 31
VECTOR_SYSCALL = 0x100
VECTOR_NAMES = {6: "#UD", 13: "#GP", 14: "#PF", 0xE0: "timer", VECTOR_SYSCALL: "system call"}


def number(text):
    """The value of an expression, as an unsigned 64-bit number."""
    return int(gdb.parse_and_eval(text)) & 0xFFFFFFFFFFFFFFFF


# ---- Printers ---------------------------------------------------------------------------------


class PtePrinter:
    def __init__(self, value):
        self.entry = int(value["value"])

    def to_string(self):
        return paging.describe_leaf(self.entry)


class PaddrPrinter:
    def __init__(self, value):
        self.address = int(value["value"])

    def to_string(self):
        return f"physical {self.address:#x}"


PRINTERS = {"pte_t": PtePrinter, "paddr_t": PaddrPrinter}


def find_printer(value):
    printer = PRINTERS.get(str(value.type.unqualified()))
    return printer(value) if printer else None


# ---- Memory and tasks -------------------------------------------------------------------------


def read_physical_word(address):
    """By the direct map, which every address space shows."""
    memory = gdb.selected_inferior().read_memory(DIRECT_MAP_BASE + address, 8)
    return int.from_bytes(memory.tobytes(), "little")


def tasks():
    task = gdb.parse_and_eval("all_tasks")["tqh_first"]
    while task:
        yield task
        task = task["all_link"]["tqe_next"]


def running_task():
    return gdb.parse_and_eval("percpu_boot")["current"]


def task_of(pid_text):
    """The task with that tid, or the running one for an empty text."""
    if not pid_text:
        return running_task()
    pid = number(pid_text)
    for task in tasks():
        if int(task["tid"]) == pid:
            return task
    raise gdb.GdbError(f"there is no task with pid {pid}")


def space_of(task):
    space = task["space"] if task else None
    if not space:
        raise gdb.GdbError("that task has no address space: it is the kernel's own, or has ended")
    return space


def state_name(task):
    return str(task["state"]).removeprefix("TASK_").lower()


def vector_name(vector):
    return VECTOR_NAMES.get(vector, hex(vector))


def trap_frame(task):
    pointer = gdb.lookup_type("struct trap_frame").pointer()
    top = int(task["stack"]) + KERNEL_STACK_SIZE
    return gdb.Value(top).cast(pointer) - 1


def vmas(space):
    """The VMAs of an address space in the order of their addresses."""
    stack = []
    vma = space["vmas"]["rbh_root"]
    while stack or vma:
        while vma:
            stack.append(vma)
            vma = vma["link"]["rbe_left"]
        vma = stack.pop()
        yield vma
        vma = vma["link"]["rbe_right"]


def kill_machine():
    """For GDB's exit."""
    if gdb.selected_inferior().pid:
        gdb.execute("with confirm off -- kill", to_string=True)


# ---- Commands ---------------------------------------------------------------------------------


class Latchkey(gdb.Command):
    """The commands for Latchkey; `help lk-walk` and so on tells more.

    lk-walk ADDRESS [PID]  the page walk to an address, each entry decoded
    lk-pkru [VALUE]        PKRU by key
    lk-vmas [PID]         the VMAs of an address space
    lk-tasks               all tasks
    lk-frame [PID]         the registers with which a task entered the kernel"""

    def __init__(self):
        super().__init__("lk", gdb.COMMAND_DATA)

    def invoke(self, _argument, _from_tty):
        print(self.__doc__)


class Walk(gdb.Command):
    """lk-walk ADDRESS [PID]: the page walk to an address, each entry decoded.

    Without a pid by CR3 as it is, with one by the tables of that task."""

    def __init__(self):
        super().__init__("lk-walk", gdb.COMMAND_DATA)

    def invoke(self, argument, _from_tty):
        words = gdb.string_to_argv(argument)
        if not 1 <= len(words) <= 2:
            raise gdb.GdbError("usage: lk-walk ADDRESS [PID]")
        if not number("$cr0") & CR0_PG:
            raise gdb.GdbError("paging is still off; continue to kmain first")
        address = number(words[0])
        root = number("$cr3")
        if len(words) == 2:
            root = int(space_of(task_of(words[1]))["root"]["value"])
        print(f"walk of {address:#x} by the table at {root & paging.ADDRESS_MASK:#x}")
        for level, at, entry in paging.walk(read_physical_word, root, address):
            print(f"  {paging.LEVEL_NAMES[level]:5} {at:3}  {paging.describe_entry(entry, level)}")


def register_of_program():
    """$pkru, which there is below gdbserver; None with QEMU."""
    try:
        return int(gdb.selected_frame().read_register("pkru")) & 0xFFFFFFFF
    except (ValueError, gdb.error):
        return None


def copy_of_pkru():
    """What the kernel last loaded on the CPU that is the selected thread; 0 if nothing yet."""
    thread = gdb.selected_thread()
    cpu = thread.ptid[1] - 1 if thread else 0
    return number(f"percpu_table[{cpu}].pkru") if thread and cpu < number("cpu_count") else 0


class Pkru(gdb.Command):
    """lk-pkru [VALUE]: PKRU by key.

    Without a value, that of the selected thread: of a CPU, or below gdbserver of the program.
    QEMU's stub does not show PKRU, so the CPU makes one step over RDPKRU, in the place of its next
    instruction, and its registers and memory are put back. A CPU that halts makes no step: then it
    is what the kernel last loaded there."""

    def __init__(self):
        super().__init__("lk-pkru", gdb.COMMAND_DATA)

    def invoke(self, argument, _from_tty):
        if argument:
            print(paging.describe_pkru(number(argument) & 0xFFFFFFFF))
            return
        pkru = register_of_program()
        if pkru is not None:
            print(paging.describe_pkru(pkru))
            return
        try:
            print(paging.describe_pkru(live_pkru.read(read_physical_word)))
        except live_pkru.NotLive as reason:
            print(f"PKRU cannot be read: {reason}")
            if copy := copy_of_pkru():
                print(f"the kernel last loaded {paging.describe_pkru(copy)}")


class Tasks(gdb.Command):
    """lk-tasks: all tasks, with where each entered the kernel. The running one has a star."""

    def __init__(self):
        super().__init__("lk-tasks", gdb.COMMAND_DATA)

    def invoke(self, _argument, _from_tty):
        running = running_task()
        print("    tid parent  state     entered by    at                  name")
        for task in tasks():
            frame = trap_frame(task)
            vector = int(frame["vector"])
            parent = int(task["process"]["parent_pid"]) if task["process"] else 0
            print(
                f"{'*' if task == running else ' '} {int(task['tid']):5} {parent:6}"
                f"  {state_name(task):8}  {vector_name(vector):12}"
                f"  {int(frame['rip']):#018x}  {task['name'].string()}"
            )


class Areas(gdb.Command):
    """lk-vmas [PID]: the VMAs of a task's address space, of the running one without a pid."""

    def __init__(self):
        super().__init__("lk-vmas", gdb.COMMAND_DATA)

    def invoke(self, argument, _from_tty):
        for vma in vmas(space_of(task_of(argument.strip()))):
            prot, flags = int(vma["prot"]), int(vma["flags"])
            letters = "".join("rwx"[bit] if prot >> bit & 1 else "-" for bit in range(3))
            letters += "s" if flags & VMA_SHARED else "p"
            name = vma["name"].string() if vma["name"] else "file" if vma["object"] else ""
            bounds = f"{int(vma['start']):012x}-{int(vma['end']):012x}"
            print(f"  {bounds} {letters} key {int(vma['key']):2}  {name}".rstrip())


class Frame(gdb.Command):
    """lk-frame [PID]: the registers with which a task, or the running one, entered the kernel."""

    def __init__(self):
        super().__init__("lk-frame", gdb.COMMAND_DATA)

    def invoke(self, argument, _from_tty):
        task = task_of(argument.strip())
        if not task or not task["stack"]:
            raise gdb.GdbError("no task runs yet, or it is the idle task")
        frame = trap_frame(task)
        vector = int(frame["vector"])
        what = "call" if vector == VECTOR_SYSCALL else "error code"
        print(f"entered by {vector_name(vector)}, {what} {int(frame['error_code']):#x}")
        names = [field.name for field in frame.dereference().type.fields()][1:]
        names.remove("error_code")
        for row in range(0, len(names), 4):
            cells = [f"{name:6} {int(frame[name]):016x}" for name in names[row : row + 4]]
            print("  " + "  ".join(cells))


gdb.pretty_printers.append(find_printer)
for command in (Latchkey, Walk, Pkru, Tasks, Areas, Frame):
    command()
