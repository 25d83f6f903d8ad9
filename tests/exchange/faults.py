"""How the stand-in exchange misbehaves when it is told to."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "rate_limit",
    "busy",
    "said",
    "hang",
    "drop",
    "malformed",
    "no_list",
    "repeat",
    "reorder",
    "empty",
    "impossible",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """What becomes of one request for candles.

    `rate_limit` 429 with Retry-After · `busy` 503 · `said` the exchange's own words, `body` with `status` ·
    `hang` no answer for `seconds` · `drop` the connection breaks inside the body ·
    `malformed` JSON that ends too early · `no_list` JSON without candles · `empty` no candles where there are
    some ·
    `repeat` some candles twice · `reorder` candles in no order · `impossible` one with its high below its low
    """

    kind: Kind
    seconds: float = 1.0
    body: Any = None
    status: int = 200


def misplaced(rows: list[list[float]], kind: Kind, seed: int = 0) -> list[list[float]]:
    """Return what an exchange in disorder makes of its candles."""
    if kind == "empty":
        return []
    if kind == "repeat":
        return [row for row in rows for _ in range(1 + (row[0] // 60_000 % 3 == 0))]
    if kind == "reorder":
        shuffled = list(rows)
        random.Random(seed).shuffle(shuffled)
        return shuffled
    if kind == "impossible" and rows:
        broken = list(rows[0])
        broken[2], broken[3] = broken[3] / 2, broken[2]  # the high under the low
        return [broken, *rows[1:]]
    return rows
