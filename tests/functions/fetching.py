"""A stage whose exchanges are the stand-in on loopback, and the fetch workflow taken step by step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import functions.exchanges
from functions.fetch.join import join_pieces
from functions.fetch.piece import fetch_piece
from functions.fetch.plan import plan_fetch
from functions.settle.failure import Failure
from functions.settle.settle import end_failed
from shared import identifiers, names
from shared.candles import candles_reader, load_version
from shared.errors import RunRejectedError, StepfoldError
from shared.fetches import Fetch
from shared.names import DatasetName
from shared.settings import settings
from shared.times import DAY_MS
from tests.aws import FakeStage
from tests.exchange.candles import Columns
from tests.exchange.stand_in import StandIn, stand_in

# Long enough for a loaded machine, short enough for a test that waits for it to end.
TIMEOUT_MS = 400


@dataclass(slots=True)
class Fetching:
    """What a test of fetches works with."""

    stage: FakeStage
    exchange: StandIn
    waits: list[float] = field(default_factory=list)
    """Seconds that pieces waited, in the function and in the state machine."""

    def clear(self) -> None:
        """Forget everything, so that the next test finds an empty stage and an exchange that is well."""
        exchange = self.exchange
        exchange.book.held.clear()
        exchange.faults.clear()
        exchange.asked.clear()
        exchange.always, exchange.down = None, False
        self.waits.clear()
        self.stage.clear()

    def trade(self, symbol: str, start_ms: int, end_ms: int, timeframe: str = "1h") -> None:
        """Have a market trade, whose daily candles say since when."""
        self.exchange.book.simulate(symbol, timeframe, start_ms, end_ms)
        self.exchange.book.simulate(symbol, "1d", start_ms - start_ms % DAY_MS, end_ms)

    def begin(
        self,
        dataset: str,
        *,
        since_ms: int | None = None,
        until_ms: int | None = None,
        again: bool = False,
    ) -> Fetch:
        fetch_id = identifiers.fetch_id("local", dataset)
        entry, _ = self.stage.fetches.begin(
            "local",
            fetch_id,
            DatasetName.parse(dataset),
            since_ms=since_ms,
            until_ms=until_ms,
            again=again,
            anew=True,
        )
        return entry

    def fetch(self, dataset: str, **span: Any) -> Fetch:
        """Begin a fetch and do what the state machine does; return the fetch as it ends."""
        return self.carry_out(self.begin(dataset, **span))

    def carry_out(self, entry: Fetch) -> Fetch:
        try:
            self._steps(entry)
        except StepfoldError as error:
            rejected = error if isinstance(error, RunRejectedError) else RunRejectedError.wrap(error)
            subject = {"owner": entry.owner, "fetch_id": entry.fetch_id, "execution": entry.execution}
            end_failed(subject, Failure.caught("RunRejectedError", str(rejected)))
        return self.stage.fetches.get(entry.owner, entry.fetch_id)

    def _steps(self, entry: Fetch) -> None:
        planned = self.plan(entry)
        for piece in planned["pieces"]:
            while not piece.get("done"):
                piece = self.piece(entry, planned, piece)
        self.join(entry, planned)

    def plan(self, entry: Fetch) -> dict[str, Any]:
        return plan_fetch(entry.owner, entry.fetch_id)

    def piece(self, entry: Fetch, planned: dict[str, Any], piece: dict[str, Any]) -> dict[str, Any]:
        done = fetch_piece(entry.owner, entry.fetch_id, planned["market"], piece, sleep=self.waits.append)
        self.waits.append(done["wait_seconds"])
        return done

    def join(self, entry: Fetch, planned: dict[str, Any]) -> None:
        join_pieces(entry.owner, entry.fetch_id, planned["span"], planned["facts"], planned["changed"])

    def held(self, dataset: str) -> Columns:
        """Return the public candles of a dataset."""
        name = DatasetName.parse(dataset)
        entry = self.stage.datasets.get(names.PUBLIC_OWNER, name)
        assert entry is not None, f"{dataset} is not held"
        version = load_version(self.stage.store, entry.owner, name, entry.version)
        table = candles_reader(self.stage.store, version).slice(0, version.manifest.rows)
        return {column: table.column(column).to_numpy() for column in table.column_names}

    def assert_held(self, dataset: str, symbol: str, start_ms: int, end_ms: int) -> None:
        """Check that exactly what the exchange has with start <= open < end is held."""
        ours, theirs = self.held(dataset), self.exchange.book.held[symbol, dataset.split(".")[2]]
        rows = slice(*theirs["timestamp"].searchsorted([start_ms, end_ms]))
        assert list(ours["timestamp"]) == list(theirs["timestamp"][rows])
        for column, values in ours.items():
            np.testing.assert_array_equal(values, theirs[column][rows], column)


@contextmanager
def fetching(stage: FakeStage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetching]:
    with stand_in() as exchange:
        monkeypatch.setenv("STEPFOLD_EXCHANGE_URLS", exchange.addresses)
        monkeypatch.setattr(functions.exchanges, "TIMEOUT_MS", TIMEOUT_MS)
        monkeypatch.setattr(functions.exchanges, "PACE", 0.01)
        monkeypatch.setattr("functions.fetch.patience.sleep", lambda _seconds: None)
        settings.cache_clear()
        functions.exchanges.exchange.cache_clear()
        yield Fetching(stage, exchange)
    functions.exchanges.exchange.cache_clear()
