# SPDX-License-Identifier: MIT
"""What is taken from Debian's archive when it is needed: packages, and the kernel in one of them.

Nothing is installed: packages are downloaded by apt-get into a folder of the build and unpacked.
"""

import glob
import os
import re
import subprocess

KERNEL_PACKAGE = "linux-image-cloud-amd64"


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


def fetch_kernel(folder):
    """The path of Debian's kernel for virtual machines, unpacked below folder."""
    kernels = os.path.join(folder, "linux", "boot", "vmlinuz-*")
    if not glob.glob(kernels):
        depends = command("apt-cache", "depends", KERNEL_PACKAGE)
        package = re.search(r"Depends: (linux-image-\S+)", depends)
        if not package:
            raise DebianError(f"apt-cache does not say which kernel {KERNEL_PACKAGE} is")
        os.makedirs(folder, exist_ok=True)
        archive = download(package[1], folder)
        command("dpkg-deb", "--extract", archive, os.path.join(folder, "linux"))
        os.remove(archive)
    return glob.glob(kernels)[0]
