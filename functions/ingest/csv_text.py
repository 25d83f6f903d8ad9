"""CSV as exporters write it: a comment above the header, no header at all, other separators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

SEPARATORS = ",;\t|"
# The header of any file stands among its first lines; what is above it has fewer fields.
LOOKED_AT_BYTES = 64 * 1024
LOOKED_AT_LINES = 10


def parse_csv(body: bytes, headerless: Sequence[str]) -> pa.Table:
    """Return the rows of a CSV; one without a header has the columns `headerless`, then numbered ones.

    Raises pyarrow.ArrowInvalid.
    """
    import io

    import pyarrow as pa
    import pyarrow.csv as csv

    skipped, separator, first = _head(body)
    fields = [field.strip().strip('"') for field in first.split(separator)]
    names = None
    if len(fields) >= len(headerless) and all(_is_number(field) for field in fields if field):
        names = [*headerless, *(f"column_{n}" for n in range(len(headerless) + 1, len(fields) + 1))]
    if len(fields) < 2:
        raise pa.ArrowInvalid(f"its first line is {first[:80]!r}")
    return csv.read_csv(
        io.BytesIO(body),
        read_options=csv.ReadOptions(skip_rows=skipped, column_names=names),
        parse_options=csv.ParseOptions(delimiter=separator),
    )


def _head(body: bytes) -> tuple[int, str, str]:
    """Return how many lines stand above the table, its separator and its first line."""
    text = body[:LOOKED_AT_BYTES].decode("utf-8-sig", errors="replace")
    lines = text.splitlines()[:LOOKED_AT_LINES]
    counts = [(max(line.count(mark) for mark in SEPARATORS), number) for number, line in enumerate(lines)]
    if not counts:
        return 0, ",", ""
    most = max(count for count, _ in counts)
    number = next(number for count, number in counts if count == most)
    line = lines[number]
    return number, max(SEPARATORS, key=line.count), line


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
