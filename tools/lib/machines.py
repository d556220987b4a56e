# SPDX-License-Identifier: MIT
"""The machines that tools/run can start: QEMU by PVH, by BIOS or by UEFI, and Bochs by BIOS.

Each has two serial ports. The first carries the kernel's messages, the second the framed channel.
This module knows the emulators' command lines and how to make an ISO for a run; it leaves all talk
over the ports to session.py.
"""

import math
import os
import re
import shutil
import socket
import subprocess

import iso
import tool

QEMU = "qemu-system-x86_64"
QEMU_BOARD = "q35,memory-backend=ram,smm=off,usb=off,vmport=off"
QBOOT = "qboot.rom"
MONITOR = "monitor"  # the socket's name in the folder of a run
OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"
BOCHS_BIOS = "/usr/share/bochs/BIOS-bochs-latest"
BOCHS_VGA_BIOS = "/usr/share/bochs/VGABIOS-lgpl-latest"
BOCHS_REMARK = re.compile(r"\d{11}i\[|=====|Next at t=0|\(0\) |\s+(Bochs|Built|Timestamp)|$")


class MachineError(Exception):
    """The machine cannot be made or started; the message says why."""


def _make_iso(folder, kernel, initramfs, configuration):
    path = os.path.join(folder, "run.iso")
    try:
        iso.make_iso(path, kernel, os.path.join(folder, initramfs), configuration)
    except tool.ToolError as error:
        raise MachineError(str(error)) from None
    return path


class Machine:
    """A started emulator. A port is a pair of descriptors (to read, to write) that do not block."""

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
    """Starts an emulator in folder, out of reach of the terminal's Ctrl-C; it dies with us."""
    if not shutil.which(command[0]):
        raise MachineError(f"{command[0]} is not installed; tools/deps installs what is missing")
    with open(os.path.join(folder, "emulator.out"), "wb") as output:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def emulator_output(folder):
    """What the emulator printed, without Bochs' remarks on things that went well."""
    with open(os.path.join(folder, "emulator.out"), errors="replace") as file:
        return "".join(line for line in file if not BOCHS_REMARK.match(line))


# ---- QEMU -------------------------------------------------------------------------------------


def start_qemu(folder, options, kernel, initramfs, command_line):
    command = [QEMU, "-nodefaults", "-no-user-config", "-display", "none"]
    command += ["-chardev", f"socket,id=monitor,path={MONITOR},server=on,wait=off"]
    command += ["-mon", "chardev=monitor,mode=control"]
    command += ["-nic", "none", "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
    command += ["-accel", "tcg", "-cpu", options.cpu or "max"]
    command += ["-smp", _smp(options.cpus), "-m", f"{options.memory}M"]
    # Promised to the guest and not reserved on the host, so it may be more than the host has.
    command += ["-object", f"memory-backend-ram,id=ram,size={options.memory}M,reserve=off"]
    if options.icount:
        command += ["-icount", "shift=0"]
    if options.gdb:
        socket_path = os.path.abspath(options.gdb).replace(",", ",,")
        command += ["-chardev", f"socket,id=gdb,path={socket_path},server=on,wait=off"]
        command += ["-gdb", "chardev:gdb", "-S"]
    if options.way == "pvh":
        # qboot hands over in a tenth of the time that SeaBIOS takes.
        command += ["-M", f"{QEMU_BOARD},sata=off", "-bios", QBOOT]
        command += ["-kernel", kernel, "-initrd", initramfs, "-append", command_line]
    else:
        command += ["-M", QEMU_BOARD, "-vga", "std"]
        command += ["-cdrom", _make_iso(folder, kernel, initramfs, iso.boot_at_once(command_line))]
    if options.way == "uefi":
        command += uefi_flash()
    log_port = _qemu_pipe(folder, "log", command)
    channel_port = _qemu_pipe(folder, "channel", command)
    return Machine(_start(command, folder), log_port, channel_port)


def _smp(cpus):
    if len(cpus) == 1:
        return str(cpus[0])
    sockets, cores, threads = cpus
    return f"{math.prod(cpus)},sockets={sockets},cores={cores},threads={threads}"


def uefi_flash():
    if not os.path.exists(OVMF_CODE):
        raise MachineError(f"{OVMF_CODE} is missing; tools/deps installs it")
    return [
        "-drive", f"if=pflash,format=raw,readonly=on,file={OVMF_CODE}",
        "-drive", f"if=pflash,format=raw,snapshot=on,file={OVMF_VARIABLES}",
    ]  # fmt: skip


def _qemu_pipe(folder, name, command):
    """Adds a serial port that is a pair of FIFOs: they take single bytes better than sockets do."""
    paths = [os.path.join(folder, name + suffix) for suffix in (".out", ".in")]
    for path in paths:
        os.mkfifo(path)
    command += ["-chardev", f"pipe,id={name},path={name}", "-serial", f"chardev:{name}"]
    # Opened for both directions, a FIFO reports no end of file; the process's exit is watched.
    return [os.open(path, os.O_RDWR | os.O_NONBLOCK) for path in paths]


# ---- Bochs ------------------------------------------------------------------------------------

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
log: -
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
"""


def start_bochs(folder, options, kernel, initramfs, command_line):
    # Asked for the mode that suits the screen, Bochs' VGA BIOS ends in a triple fault.
    configured = iso.boot_at_once(command_line, screen="text")
    image = _make_iso(folder, kernel, initramfs, configured)
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [listener.getsockname()[1] for listener in listeners]
    configuration = BOCHS_CONFIGURATION.format(
        bios=BOCHS_BIOS,
        vga_bios=BOCHS_VGA_BIOS,
        cpu=options.cpu or "corei7_icelake_u",
        cpus=":".join(map(str, options.cpus)),
        memory=options.memory,
        host_memory=min(options.memory, 1024),
        iso=image,
        log_port=ports[0],
        channel_port=ports[1],
    )
    _write(folder, "bochsrc", configuration)
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
