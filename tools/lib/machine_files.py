# SPDX-License-Identifier: MIT
"""Which file of this computer a file in the machine was made of."""

import os

# The folders of the initramfs that have programs without symbols, which those of the build have.
BUILT = {"/bin": "user", "/tests": "tests"}


def host_file(path, program, added, build, root=""):
    """The file's path here, or None.

    path: in the machine; program: (path there, path here) of the first program, or None; added:
    what --add named, FILE[:PATH]; build: the folder of the build; root: the folder that is the
    machine's root, as with --root.
    """
    candidates = [program[1]] if program and program[0] == path else []
    for entry in added:
        source, _, there = entry.partition(":")
        there = "/" + (there or os.path.basename(source.rstrip("/"))).strip("/")
        if path == there or path.startswith(there + "/"):
            candidates.append(source.rstrip("/") + path[len(there) :])
    folder, name = os.path.split(path)
    if folder in BUILT:
        candidates.append(os.path.join(build, BUILT[folder], name))
    candidates.append(root.rstrip("/") + path)  # as libraries and busybox are
    return next((candidate for candidate in candidates if os.path.isfile(candidate)), None)
