# SPDX-License-Identifier: MIT
"""The machines that tools/run can start: QEMU by PVH, by BIOS or by UEFI, and Bochs by BIOS.

Each has two serial ports. The first carries the kernel's messages, the second the framed channel. This
module knows the emulators' command lines and how to make an ISO for a run; it leaves all talk over the
ports to session.py.
"""

import os
import shutil
import socket
import subprocess

QEMU = "qemu-system-x86_64"
QBOOT = "qboot.rom"
OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"
BOCHS_BIOS = "/usr/share/bochs/BIOS-bochs-latest"
BOCHS_VGA_BIOS = "/usr/share/bochs/VGABIOS-lgpl-latest"

# isa-debug-exit's statuses (value << 1 | 1) for what the kernel writes to port 0xf4.
QEMU_EXIT_FAILURE = 3
QEMU_EXIT_PANIC = 7

# The rest of GRUB's modules is 15 MB of themes, file systems and commands that the menu does not use.
GRUB_MODULES = (
    "all_video iso9660 multiboot2 normal part_acorn part_amiga part_apple part_bsd part_dfly part_dvh "
    "part_gpt part_msdos part_plan part_sun part_sunpc serial terminal test"
)


class MachineError(Exception):
    """The machine cannot be made or started; the message says why."""


def make_iso(folder, kernel, initramfs, command_line):
    """Makes an ISO in folder that boots the kernel at once, on BIOS and on UEFI; returns its name there."""
    tree = os.path.join(folder, "iso", "boot")
    os.makedirs(os.path.join(tree, "grub"))
    shutil.copy(kernel, os.path.join(tree, "latchkey.elf"))
    shutil.copy(os.path.join(folder, initramfs), os.path.join(tree, "initramfs.cpio"))
    with open(os.path.join(tree, "grub", "grub.cfg"), "w") as config:
        config.write(
            "insmod all_video\n"
            f"multiboot2 /boot/latchkey.elf {_grub_quote(command_line)}\n"
            "module2 /boot/initramfs.cpio\n"
            "boot\n"
        )
    result = subprocess.run(
        ["grub-mkrescue", "--fonts=", "--locales=", "--themes=", f"--install-modules={GRUB_MODULES}",
         "-o", "run.iso", "iso"],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if result.returncode != 0:
        raise MachineError(f"grub-mkrescue failed:\n{result.stdout}")
    return "run.iso"


def _grub_quote(command_line):
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in command_line.split())


class Machine:
    """A started emulator. Its three descriptors do not block; port is a pair (read from, write to)."""

    def __init__(self, process, log_port, channel_port):
        self.process = process
        self.log_fd = log_port[0]
        self.channel_read_fd, self.channel_write_fd = channel_port
        self.exit_fd = os.pidfd_open(process.pid)

    def stop(self):
        """Kills the emulator if it still runs, and returns its exit status."""
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait()


def _start(command, folder):
    """Starts an emulator in folder, out of reach of the terminal's Ctrl-C; it dies when this process does."""
    if not shutil.which(command[0]):
        raise MachineError(f"{command[0]} is not installed; tools/deps installs what is missing")
    with open(os.path.join(folder, "emulator.out"), "wb") as output:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip


def emulator_output(folder):
    with open(os.path.join(folder, "emulator.out"), "rb") as file:
        return file.read().decode(errors="replace")


# ---- QEMU ---------------------------------------------------------------------------------------


def start_qemu(folder, options, kernel, initramfs, command_line):
    command = [
        QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-nic", "none", "-monitor", "none",
        "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
        "-accel", "tcg", "-cpu", options.cpu or "max", "-smp", str(options.cpus), "-m", f"{options.memory}M",
    ]  # fmt: skip
    if options.icount:
        command += ["-icount", "shift=0"]
    if options.way == "pvh":
        # qboot hands over in a tenth of the time that SeaBIOS takes.
        command += ["-M", "q35,smm=off,sata=off,usb=off,vmport=off", "-bios", QBOOT]
        command += ["-kernel", kernel, "-initrd", initramfs, "-append", command_line]
    else:
        command += ["-M", "q35,smm=off,usb=off,vmport=off", "-vga", "std"]
        command += ["-cdrom", make_iso(folder, kernel, initramfs, command_line)]
    if options.way == "uefi":
        command += _uefi_flash()
    log_port = _qemu_pipe(folder, "log", command)
    channel_port = _qemu_pipe(folder, "channel", command)
    return Machine(_start(command, folder), log_port, channel_port)


def _uefi_flash():
    if not os.path.exists(OVMF_CODE):
        raise MachineError(f"{OVMF_CODE} is missing; tools/deps installs it")
    return [
        "-drive", f"if=pflash,format=raw,readonly=on,file={OVMF_CODE}",
        "-drive", f"if=pflash,format=raw,snapshot=on,file={OVMF_VARIABLES}",
    ]  # fmt: skip


def _qemu_pipe(folder, name, command):
    """Adds a serial port that is a pair of FIFOs: they take single bytes far better than a socket does."""
    paths = [os.path.join(folder, name + suffix) for suffix in (".out", ".in")]
    for path in paths:
        os.mkfifo(path)
    command += ["-chardev", f"pipe,id={name},path={name}", "-serial", f"chardev:{name}"]
    # Opened for both directions, a FIFO never reports an end of file; the process's exit is watched instead.
    return [os.open(path, os.O_RDWR | os.O_NONBLOCK) for path in paths]


# ---- Bochs --------------------------------------------------------------------------------------

# The rfb display is part of Debian's bochs package and needs neither a screen nor a viewer.
BOCHS_CONFIGURATION = """\
config_interface: textconfig
display_library: rfb, options="timeout=0, hideIPS"
plugin_ctrl: speaker=0
speaker: enabled=0
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
romimage: file={bios}
vgaromimage: file={vga_bios}
cpu: model={cpu}, count={cpus}, ips=50000000, reset_on_triple_fault=0
memory: guest={memory}, host={host_memory}
ata0-master: type=cdrom, path={iso}, status=inserted
boot: cdrom
com1: enabled=1, mode=socket-client, dev=127.0.0.1:{log_port}
com2: enabled=1, mode=socket-client, dev=127.0.0.1:{channel_port}
clock: sync=none
log: bochs.log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
"""


def start_bochs(folder, options, kernel, initramfs, command_line):
    iso = make_iso(folder, kernel, initramfs, command_line)
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [listener.getsockname()[1] for listener in listeners]
    _write(folder, "bochsrc", BOCHS_CONFIGURATION.format(
        bios=BOCHS_BIOS, vga_bios=BOCHS_VGA_BIOS, cpu=options.cpu or "corei7_icelake_u", cpus=options.cpus,
        memory=options.memory, host_memory=min(options.memory, 1024), iso=iso,
        log_port=ports[0], channel_port=ports[1],
    ))  # fmt: skip
    # Debian's Bochs is built with its debugger, which waits for this command before it starts.
    _write(folder, "commands", "continue\n")
    process = _start(["bochs", "-q", "-f", "bochsrc", "-rc", "commands"], folder)
    connections = [_accept(listener, process, folder) for listener in listeners]
    return Machine(process, *[(fd, fd) for fd in connections])


def _write(folder, name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)


def _accept(listener, process, folder):
    """Waits until the emulator has connected its port to listener; returns the descriptor."""
    listener.settimeout(0.1)
    while True:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            if process.poll() is not None:
                raise MachineError("Bochs did not start:\n" + emulator_output(folder)) from None
            continue
        listener.close()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection.detach()
