"""Where a run stands between two steps of its workflow: one object, from which another worker goes on.

The workflow hands on the object's key and its hash; an object that is not what the hash says is no
checkpoint, and the run begins anew.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.errors import StoreCorruptError

if TYPE_CHECKING:
    import pyarrow as pa

_MAGIC = b"STEPFOLD CHECKPOINT 1\n"
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`head` is small and JSON; `blobs` are what is large, by name."""

    head: Mapping[str, Any]
    blobs: Mapping[str, bytes]

    def to_bytes(self) -> bytes:
        head = json.dumps({"head": self.head, "sizes": {n: len(b) for n, b in self.blobs.items()}}).encode()
        return b"".join((_MAGIC, _LENGTH.pack(len(head)), head, *self.blobs.values()))

    @classmethod
    def from_bytes(cls, body: bytes, sha256: str) -> Checkpoint:
        """Read what `to_bytes` wrote. Raises StoreCorruptError unless the bytes are those of the hash."""
        if hashlib.sha256(body).hexdigest() != sha256 or not body.startswith(_MAGIC):
            raise StoreCorruptError("a checkpoint is not what was written")
        at = len(_MAGIC) + _LENGTH.size
        (length,) = _LENGTH.unpack_from(body, len(_MAGIC))
        raw = json.loads(body[at : at + length])
        at += length
        blobs = {}
        for name, size in raw["sizes"].items():
            blobs[name] = body[at : at + size]
            at += size
        return cls(raw["head"], blobs)


def table_bytes(table: pa.Table) -> bytes:
    """Return an Arrow table as bytes that `table_of` reads."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as file:
        file.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def table_of(body: bytes) -> pa.Table:
    import pyarrow as pa

    return pa.ipc.open_file(pa.BufferReader(body)).read_all()
