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
from shared.times import DAY_MS, now_ms, parse_time
from tests.aws import FakeStage
from tests.exchange.candles import Columns
from tests.exchange.stand_in import StandIn, stand_in

# Long enough for a loaded machine, short enough for a test that waits for it to end.
TIMEOUT_MS = 400


@dataclass(frozen=True, slots=True)
class Place:
    """A market on one exchange and the hours that it trades in a test, no more than there can be candles of.

    `whole`: the exchange's candles skip no time; where nothing traded one is flat.
    """

    exchange: str
    symbol: str
    hours: int
    whole: bool = False

    @property
    def dataset(self) -> str:
        return f"{self.exchange}.{self.symbol}.1h"

    @property
    def end_ms(self) -> int:
        return OPENED + self.hours * HOUR


HOUR = 3_600_000
OPENED = parse_time("2021-01-01")
PLACES = (
    Place("coinbase", "BTC-USD", 1_440),
    Place("binance", "BTC-USDT", 1_440),
    Place("kraken", "BTC-USD", 700, whole=True),
    Place("bitstamp", "BTC-USD", 1_440, whole=True),
)
every_place = pytest.mark.parametrize("place", PLACES, ids=lambda place: place.exchange)


@dataclass(slots=True)
class Fetching:
    """What a test of fetches works with."""

    stage: FakeStage
    exchange: StandIn
    clock_ms: int | None = None
    """What our clock says when an exchange is asked; None: the time."""
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
        self.clock_ms = None
        self.stage.clear()

    def trade(self, symbol: str, start_ms: int, end_ms: int, timeframe: str = "1h") -> None:
        """Have a market trade, whose daily candles say since when."""
        self.exchange.book.simulate(symbol, timeframe, start_ms, end_ms)
        self.exchange.book.simulate(symbol, "1d", start_ms - start_ms % DAY_MS, end_ms)

    def trade_at(self, place: Place) -> None:
        """Have a place's market trade up to its end, where a bar is open and we are."""
        self.trade(place.symbol, OPENED, place.end_ms + HOUR)
        self.clock_ms = place.end_ms + HOUR // 2

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
        self.pieces(entry, planned)
        self.join(entry, planned)

    def plan(self, entry: Fetch) -> dict[str, Any]:
        return plan_fetch(entry.owner, entry.fetch_id)

    def pieces(self, entry: Fetch, planned: dict[str, Any]) -> None:
        for piece in planned["pieces"]:
            while not piece.get("done"):
                piece = self.piece(entry, planned, piece)

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

    def assert_held(
        self, dataset: str, symbol: str, start_ms: int, end_ms: int, *, whole: bool = False
    ) -> None:
        """Check that exactly what the exchange has with start <= open < end is held."""
        book, timeframe = self.exchange.book, dataset.split(".")[2]
        ours = self.held(dataset)
        theirs = book.whole(symbol, timeframe) if whole else book.held[symbol, timeframe]
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
        opened = Fetching(stage, exchange)
        monkeypatch.setattr(functions.exchanges, "now_ms", lambda: opened.clock_ms or now_ms())
        yield opened
    functions.exchanges.exchange.cache_clear()
