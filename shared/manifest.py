"""What a version of a dataset consists of, with sizes and time ranges (a run: shared/run_manifest.py).

A manifest is the only door to the parts it lists; a part that no manifest lists does not exist for a reader.
It names no token and no run, so equal results have equal manifests, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shared.errors import StoreCorruptError
from shared.markets import MarketFacts


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of a series: `rows` rows from `first_ms` to `last_ms` (both inclusive)."""

    first_ms: int
    last_ms: int
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Series:
    """The parts of one table in time order, and the columns beyond its schema's."""

    table: str
    rows: int
    parts: tuple[Part, ...]
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """Bars that the market should have had and has not: `missing` of them, from `from_ms` to `to_ms`.

    Both times are opens of missing bars, inclusive.
    """

    from_ms: int
    to_ms: int
    missing: int


@dataclass(frozen=True, slots=True)
class Flag:
    """Bars that can be but are suspicious: `count` of them, from `from_ms` to `to_ms` (opens, inclusive).

    `values` say why, by name; shared/flags.py has the kinds and what each one's values are.
    """

    kind: str
    from_ms: int
    to_ms: int
    count: int
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found in a version's candles, and what was put right as they came in.

    `jump_atrs` is the bound that its jumps were judged by.
    """

    flags: tuple[Flag, ...]
    jump_atrs: float
    duplicates_removed: int = 0
    out_of_order: int = 0

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Audit:
        return cls(**{**raw, "flags": tuple(Flag(**flag) for flag in raw["flags"])})


@dataclass(frozen=True, slots=True)
class MadeOf:
    """The version of finer candles that a dataset's bars are made of, and how many lack some of these."""

    dataset_id: str
    version: str
    incomplete_bars: int


@dataclass(frozen=True, slots=True)
class DatasetManifest:
    """One immutable version of a dataset. `owner` is in the keys alone: equal candles have equal versions.

    What is known about the candles (`audit`, `market`, `made_of`) is no part of the version's identity: it
    may be written anew, the candles never.
    """

    exchange: str
    symbol: str
    timeframe: str
    parts: tuple[Part, ...]
    gaps: tuple[Gap, ...]
    audit: Audit | None = None
    """None in versions older than audits."""
    market: MarketFacts | None = None
    """What the exchange says of the market; of fetched candles alone."""
    made_of: MadeOf | None = None
    """None for candles as they came from an exchange or a file."""
    intervals_ms: tuple[int, int] | None = None
    """Of funding rates: the usual time from one to the next, at their beginning and at their end."""

    @property
    def first_ms(self) -> int:
        return self.parts[0].first_ms

    @property
    def last_ms(self) -> int:
        return self.parts[-1].last_ms

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def missing_bars(self) -> int:
        return sum(gap.missing for gap in self.gaps)

    def identity(self) -> dict[str, Any]:
        """Return what the version's name is a hash of: the candles, and nothing that is said about them."""
        whole = self.to_dict()
        return {name: whole[name] for name in ("exchange", "symbol", "timeframe", "parts", "gaps")}

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> DatasetManifest:
        try:
            return cls(
                exchange=raw["exchange"],
                symbol=raw["symbol"],
                timeframe=raw["timeframe"],
                parts=tuple(Part(**part) for part in raw["parts"]),
                gaps=tuple(Gap(**gap) for gap in raw["gaps"]),
                market=MarketFacts.from_dict(raw["market"]) if raw.get("market") else None,
                audit=None if raw.get("audit") is None else Audit.from_dict(raw["audit"]),
                made_of=None if raw.get("made_of") is None else MadeOf(**raw["made_of"]),
                intervals_ms=None if raw.get("intervals_ms") is None else tuple(raw["intervals_ms"]),
            )
        except (KeyError, TypeError) as error:
            raise StoreCorruptError(f"a dataset's manifest cannot be read: {error}") from error

    def bars_between(self, start_ms: int, end_ms: int, timeframe_ms: int) -> int:
        """Count the bars that exist with start_ms <= open < end_ms, from the manifest alone."""
        low = max(start_ms, self.first_ms)
        low += -(low - self.first_ms) % timeframe_ms  # up to the grid
        high = min(end_ms, self.last_ms + timeframe_ms)
        if high <= low:
            return 0
        grid = (high - 1 - low) // timeframe_ms + 1
        missing = 0
        for gap in self.gaps:
            first, last = max(gap.from_ms, low), min(gap.to_ms, high - 1)
            if first <= last:
                missing += (last - first) // timeframe_ms + 1
        return grid - missing
