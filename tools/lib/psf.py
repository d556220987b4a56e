# SPDX-License-Identifier: MIT
"""Reads console fonts: gzipped PSF files of version 1 with a table of Unicode characters.

Such a file is a header of four bytes, the glyphs by 8 pixels a row, and for each glyph the
characters that it stands for, which end with 0xFFFF (and sequences of characters before that, each
behind 0xFFFE).
"""

import gzip
import struct

HEIGHT = 16

MAGIC = 0x0436
MODE_512, MODE_TABLES = 0x01, 0x06
SEPARATOR, SEQUENCE = 0xFFFF, 0xFFFE


def read(path):
    """The rows of the glyph of each character, as bytes; bit 7 is the leftmost pixel."""
    with gzip.open(path) as file:
        data = file.read()
    magic, mode, height = struct.unpack_from("<HBB", data)
    if magic != MAGIC or not mode & MODE_TABLES or height != HEIGHT:
        raise ValueError(f"{path} is not PSF 1 with {HEIGHT} rows and a table of characters")
    table = 4 + (512 if mode & MODE_512 else 256) * height
    glyphs, number, is_sequence = {}, 0, False
    for (word,) in struct.iter_unpack("<H", data[table:]):
        if word == SEPARATOR:
            number, is_sequence = number + 1, False
        elif word == SEQUENCE:
            is_sequence = True
        elif not is_sequence:
            glyphs[chr(word)] = data[4 + number * height :][:height]
    return glyphs
