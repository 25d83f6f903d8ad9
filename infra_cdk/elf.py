"""What a compiled library for Linux says of itself: the machine it is for and the libraries it needs.

The format is the System V ABI's ELF, 64 bits, little-endian (both of Lambda's machines).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"\x7fELF"
_SECTION = struct.Struct("<IIQQQQIIQQ")
_DYNAMIC = struct.Struct("<qQ")
_IS_DYNAMIC_SECTION = 6
_NEEDED = 1


@dataclass(frozen=True, slots=True)
class Library:
    """A library's machine (183 is aarch64, 62 is x86_64) and the names of those it is linked to."""

    machine: int
    needed: tuple[str, ...]


def read(path: Path) -> Library | None:
    """Return what an ELF file says, or None if it is none."""
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            return None
        file.seek(0)
        data = file.read()
    (machine,) = struct.unpack_from("<H", data, 18)
    return Library(machine, tuple(_needed(data)))


def _needed(data: bytes) -> Iterator[str]:
    start, size, count = (
        struct.unpack_from("<Q", data, 40)[0],
        struct.unpack_from("<H", data, 58)[0],
        struct.unpack_from("<H", data, 60)[0],
    )
    sections = [_SECTION.unpack_from(data, start + number * size) for number in range(count)]
    for _, kind, _, _, offset, length, link, *_ in sections:
        if kind != _IS_DYNAMIC_SECTION:
            continue
        names = sections[link][4]
        for tag, value in _DYNAMIC.iter_unpack(data[offset : offset + length]):
            if tag == _NEEDED:
                begin = names + value
                yield data[begin : data.index(b"\0", begin)].decode()
