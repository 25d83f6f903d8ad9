"""The one reader of runs: windows, rows and points in time, by ranges of the parts that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shared import names
from shared.downsample import LEVEL_FACTOR, LEVELS, reduce_to
from shared.manifest import Part
from shared.run_manifest import RunManifest
from shared.series_reader import SeriesReader
from shared.store import ObjectStore
from shared.writer import equity_level

if TYPE_CHECKING:
    import pyarrow as pa


class RunReader:
    """Reads one published run through its manifest."""

    def __init__(self, store: ObjectStore, run_id: str, manifest_key: str) -> None:
        self._store, self._run_id = store, run_id
        self.manifest = RunManifest.from_dict(store.get_json(manifest_key))
        self._token = manifest_key.rpartition("manifest-")[2].removesuffix(".json")

    def series(self, name: str) -> SeriesReader:
        """Open a series by name. Raises KeyError where the run has none of that name."""
        series = self.manifest.series[name]
        return SeriesReader(self._store, series, [self._key(name, part) for part in series.parts])

    def report(self) -> dict[str, Any] | None:
        """Return the tables that the run adds up to, by name; None for a run that was made without."""
        if self.manifest.report is None:
            return None
        tables = self._store.get_json(names.run_report(self._run_id, self._token))
        return {"monthly": list(self.manifest.monthly), **tables}

    def keys(self) -> list[str]:
        """Return the key of every object that the manifest lists: its parts, and its report."""
        parts = [key for name in self.manifest.series for key, _ in self.part_keys(name)]
        return (
            parts if self.manifest.report is None else [*parts, names.run_report(self._run_id, self._token)]
        )

    def part_keys(self, name: str) -> list[tuple[str, Part]]:
        return [(self._key(name, part), part) for part in self.manifest.series[name].parts]

    def equity_points(
        self, start_ms: int, end_ms: int, points: int, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Return at most `points` equity rows of a window that keep its highs and lows.

        Reads the coarsest level of the pyramid that still has that many rows, so the cost does not grow
        with the length of the run.
        """
        bar_ms = self._bar_ms()
        bars = max(1, (end_ms - start_ms) // bar_ms)
        level = 0
        while level < LEVELS and bars // LEVEL_FACTOR ** (level + 1) >= points:
            level += 1
        table = self.series(equity_level(level)).window(start_ms, end_ms, columns)
        rows = reduce_to(table.column("equity").to_numpy(), points)
        return table.take(rows)

    def _bar_ms(self) -> int:
        """Return the mean distance of two equity rows: how many of them a window holds, gaps counted in."""
        series = self.manifest.series["equity"]
        if series.rows < 2:
            return 1
        return max(1, (series.parts[-1].last_ms - series.parts[0].first_ms) // (series.rows - 1))

    def _key(self, series: str, part: Part) -> str:
        return names.run_part(self._run_id, series, part.first_ms, self._token)
