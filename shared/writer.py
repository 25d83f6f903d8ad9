"""The one writer of runs. Nothing it writes can be seen before the index names its manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared import names
from shared.checkpoint import table_bytes, table_of
from shared.downsample import LEVELS, LevelReducer
from shared.manifest import Part, Series
from shared.parquet import WRITER_VERSION
from shared.run_manifest import Document, RunManifest
from shared.schema import SCHEMA_VERSION
from shared.series import SeriesWriter
from shared.store import ObjectStore, canonical_json

RUN_TABLES = ("equity", "fills", "trades", "positions", "events")


def equity_level(level: int) -> str:
    """Name the series of one level of the equity pyramid; level 0 is the curve itself."""
    return f"equity_{level}" if level else "equity"


def indicators_series(symbol: str) -> str:
    return f"indicators/{symbol}"


class RunWriter:
    """Writes the parts of one attempt (`token`) of one run as its tables grow, then its manifest.

    Memory holds at most one unfinished part a series.
    """

    def __init__(
        self, store: ObjectStore, run_id: str, token: str, indicators: Mapping[str, Sequence[str]]
    ) -> None:
        """`indicators` gives each symbol's named indicators, the columns beyond the playback's own."""
        self._store, self._run_id, self._token = store, run_id, token
        self._writers = {table: SeriesWriter(table) for table in RUN_TABLES}
        for symbol, extra in indicators.items():
            self._writers[indicators_series(symbol)] = SeriesWriter("indicators", extra)
        for level in range(1, LEVELS + 1):
            self._writers[equity_level(level)] = SeriesWriter("equity")
        self._reducers = [LevelReducer("equity") for _ in range(LEVELS)]

    def dump(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return what another writer needs to go on: a head that is JSON, and what is large by name."""
        import pyarrow as pa

        head: dict[str, Any] = {"parts": {}, "begun": []}
        blobs: dict[str, bytes] = {}
        for name, writer in self._writers.items():
            head["parts"][name], pending = writer.dump()
            if pending is not None:
                blobs[name] = table_bytes(pending)
        for level, reducer in enumerate(self._reducers, start=1):
            begun, rest = reducer.dump()
            head["begun"].append(begun)
            if rest is not None:
                blobs[f"rest {level}"] = table_bytes(pa.table(rest))
        return head, blobs

    def load(self, head: Mapping[str, Any], blobs: Mapping[str, bytes]) -> None:
        """Go on from what `dump` of the same attempt's writer returned."""
        for name, writer in self._writers.items():
            writer.load(head["parts"][name], table_of(blobs[name]) if name in blobs else None)
        for level, (reducer, begun) in enumerate(zip(self._reducers, head["begun"], strict=True), start=1):
            rest = table_of(blobs[f"rest {level}"]) if f"rest {level}" in blobs else None
            reducer.load(begun, rest and {name: rest.column(name).to_numpy() for name in rest.column_names})

    def append(self, tables: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the next rows of any of the run's tables, by series name; upload the parts they fill."""
        for series, columns in tables.items():
            self._put(series, self._writers[series].append(columns))
        if "equity" in tables:
            self._append_level(1, tables["equity"])

    def finish(
        self,
        *,
        fingerprint: str,
        engine_version: str,
        request: Mapping[str, Any],
        metrics: Mapping[str, Any],
        report: Mapping[str, Any],
    ) -> tuple[str, RunManifest]:
        """Upload what is left, the report and the manifest; return the manifest's key and its content.

        `report` are tables that are ready for JSON; `monthly`, the one that every view of results shows,
        stands in the manifest, the others in an object of their own.
        """
        for level in range(1, LEVELS + 1):
            if (rows := self._reducers[level - 1].finish()) is not None:
                self._put(equity_level(level), self._writers[equity_level(level)].append(rows))
                if level < LEVELS:
                    self._append_level(level + 1, rows)
        for series, writer in self._writers.items():
            self._put(series, writer.finish())
        manifest = RunManifest(
            fingerprint=fingerprint,
            engine_version=engine_version,
            schema_version=SCHEMA_VERSION,
            writer_version=WRITER_VERSION,
            request=request,
            metrics=metrics,
            monthly=tuple(report["monthly"]),
            series=self._series(),
            report=self._put_report({name: table for name, table in report.items() if name != "monthly"}),
        )
        key = names.run_manifest(self._run_id, self._token)
        self._store.put_json(key, manifest.to_dict())
        return key, manifest

    def _put_report(self, tables: Mapping[str, Any]) -> Document:
        body = canonical_json(tables)
        self._store.put(names.run_report(self._run_id, self._token), body, "application/json")
        return Document(len(body), hashlib.sha256(body).hexdigest())

    def _append_level(self, level: int, columns: Mapping[str, Any]) -> None:
        """Pass rows of the level below up the pyramid."""
        kept = self._reducers[level - 1].append(columns)
        if kept is None:
            return
        self._put(equity_level(level), self._writers[equity_level(level)].append(kept))
        if level < LEVELS:
            self._append_level(level + 1, kept)

    def _series(self) -> dict[str, Series]:
        return {name: writer.series() for name, writer in self._writers.items()}

    def _put(self, series: str, parts: Iterator[tuple[Part, bytes]]) -> None:
        for part, body in parts:
            self._store.put(names.run_part(self._run_id, series, part.first_ms, self._token), body)
