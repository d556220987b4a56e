# SPDX-License-Identifier: MIT
"""What is taken from Debian's archive when it is needed: packages, and the kernels in some of them.

Nothing is installed: packages are downloaded by apt-get into a folder of the build and unpacked.
"""

import glob
import os
import re
import subprocess

KERNEL_PACKAGE = "linux-image-cloud-amd64"
JUDGE_PACKAGES = r"linux-image-6\.12\.\d.*-cloud-amd64-unsigned"
# What each of them is booted with. It does not look whether the timer interrupts within the time
# that it gives it: on a busy host the emulator does not get that far, and the kernel panics.
KERNEL_WORDS = "console=ttyS0 quiet panic=-1 no_timer_check"


class DebianError(Exception):
    """A package cannot be had; the message says why."""


def command(*arguments, cwd=None):
    result = subprocess.run(arguments, cwd=cwd, capture_output=True, text=True)
    if result.returncode:
        raise DebianError(f"{' '.join(arguments)}:\n{result.stderr.strip()}")
    return result.stdout


def download(package, folder):
    """Returns the path of the package's file, which is downloaded unless it is there."""
    pattern = os.path.join(folder, f"{package}_*.deb")
    if not glob.glob(pattern):
        print(f"# downloading {package}", flush=True)
        sandbox = "APT::Sandbox::User=root"  # the folder need not be open to apt's own user
        command("apt-get", "-qq", "-o", sandbox, "download", package, cwd=folder)
    return glob.glob(pattern)[0]


def by_version(name):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def release_kernel():
    """The package of the release's own kernel for virtual machines, beside which we measure."""
    depends = command("apt-cache", "depends", KERNEL_PACKAGE)
    package = re.search(r"Depends: (linux-image-\S+)", depends)
    if not package:
        raise DebianError(f"apt-cache does not say which kernel {KERNEL_PACKAGE} is")
    return package[1]


def judge_kernel():
    """The package of the newest 6.12, which judges what programs about protection keys do."""
    names = command("apt-cache", "pkgnames", "linux-image-").split()
    fitting = [name for name in names if re.fullmatch(JUDGE_PACKAGES, name)]
    if not fitting:
        raise DebianError(f"apt-cache lists no {JUDGE_PACKAGES}: run apt-get update as root")
    return max(fitting, key=by_version)


def fetch_kernel(folder, find_package):
    """The path of a kernel, unpacked below folder from the package that find_package() names."""
    kernels = os.path.join(folder, "linux", "boot", "vmlinuz-*")
    if not glob.glob(kernels):
        package = find_package()
        os.makedirs(folder, exist_ok=True)
        archive = download(package, folder)
        command("dpkg-deb", "--extract", archive, os.path.join(folder, "linux"))
        os.remove(archive)
    return glob.glob(kernels)[0]
