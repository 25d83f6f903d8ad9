"""Fetches, step by step, with the real client over HTTP against an exchange on loopback."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared import identifiers, names
from shared.candles import load_version
from shared.errors import ConflictError
from shared.manifest import DatasetManifest
from shared.names import DatasetName
from shared.times import iso, now_ms, parse_time
from tests.functions.fetching import Fetching

START, END = parse_time("2021-01-01"), parse_time("2021-04-01")
HOUR, DAY = 3_600_000, 86_400_000
# The same market in the two exchanges' own shapes.
BOTH = [("coinbase", "BTC-USD"), ("binance", "BTC-USDT")]
DATASET = "coinbase.BTC-USD.1h"


def manifest_of(fetching: Fetching, dataset: str) -> DatasetManifest:
    name = DatasetName.parse(dataset)
    held = fetching.stage.datasets.get(names.PUBLIC_OWNER, name)
    assert held is not None
    return load_version(fetching.stage.store, held.owner, name, held.version).manifest


@pytest.mark.parametrize(("exchange", "symbol"), BOTH)
def test_a_span_is_fetched_whole_and_an_outage_stays_one(
    fetching: Fetching, exchange: str, symbol: str
) -> None:
    fetching.trade(symbol, START, END)
    # Over two pages, so that one of them is empty in the middle of the market's life.
    fetching.exchange.book.remove(symbol, "1h", START + 290 * HOUR, START + 910 * HOUR)
    dataset = f"{exchange}.{symbol}.1h"
    entry = fetching.fetch(dataset, since_ms=START, until_ms=END)
    assert entry.status == "completed", entry.error
    fetching.assert_held(dataset, symbol, START, END)
    assert max(gap.missing for gap in manifest_of(fetching, dataset).gaps) == 621
    assert (entry.processed, entry.total, entry.progress_pct) == (2160, 2160, 100.0)
    assert entry.report is not None
    assert entry.report["rows"] == len(fetching.held(dataset)["timestamp"])
    assert list(fetching.stage.store.keys("work/")) == []


def test_the_market_s_facts_stay_with_the_candles(fetching: Fetching) -> None:
    fetching.trade("BTC-USDT", START, END)
    fetching.exchange.book.simulate("BTC-USDT", "1d", START - 3 * DAY, END)
    fetching.trade("BTC-USDT-PERP", START, END)
    fetching.fetch("binance.BTC-USDT.1h", since_ms=START, until_ms=START + DAY)
    fetching.fetch("binance.BTC-USDT-PERP.1h", since_ms=START, until_ms=START + DAY)
    spot, perpetual = (manifest_of(fetching, f"binance.BTC-USDT{kind}.1h").market for kind in ("", "-PERP"))
    assert spot is not None
    assert perpetual is not None
    # No date is published of a spot market: it is the day of the first candle.
    assert (spot.listed, perpetual.listed) == (iso(START - 3 * DAY), "2019-09-08T00:00:00Z")
    assert (spot.price_step, spot.quantity_step, spot.min_notional) == (0.01, 1e-5, 5.0)
    assert (spot.taker_fee_bps, spot.maker_fee_bps) == (10.0, 10.0)
    assert (perpetual.taker_fee_bps, perpetual.maker_fee_bps) == (5.0, 2.0)


def test_only_what_is_missing_is_asked_for_before_and_after(fetching: Fetching) -> None:
    fetching.trade("BTC-USD", START, END)
    middle = START + 30 * DAY, START + 40 * DAY
    fetching.fetch(DATASET, since_ms=middle[0], until_ms=middle[1])
    before = len(fetching.exchange.candles_asked)
    entry = fetching.fetch(DATASET, since_ms=START, until_ms=END)
    assert entry.total == (END - START) // HOUR - 10 * 24
    fetching.assert_held(DATASET, "BTC-USD", START, END)
    asked = [times for path in fetching.exchange.candles_asked[before:] if (times := span_of(path))]
    # The ten bars before what is new are looked at, to see whether history has changed.
    assert not any(middle[0] <= start < middle[1] - 10 * HOUR for start, _ in asked)
    # And a third time nothing is.
    before = len(fetching.exchange.candles_asked)
    assert fetching.fetch(DATASET, since_ms=START, until_ms=END).total == 0
    assert len(fetching.exchange.candles_asked) == before + 1


def span_of(path: str) -> tuple[int, int] | None:
    """Return the span that a request for hourly candles asks Coinbase for."""
    match = re.search(r"ONE_HOUR.*start=(\d+)&end=(\d+)", path)
    return (int(match[1]) * 1000, int(match[2]) * 1000) if match else None


def test_a_fetch_again_appends_the_new_bars_and_never_the_open_one(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = now_ms()
    open_bar = now - now % HOUR
    book = fetching.exchange.book
    fetching.trade("BTC-USD", open_bar - 100 * HOUR, open_bar + HOUR)
    assert book.held["BTC-USD", "1h"]["timestamp"][-1] == open_bar
    fetching.fetch(DATASET, since_ms=open_bar - 100 * HOUR)
    assert fetching.held(DATASET)["timestamp"][-1] == open_bar - HOUR
    # Two hours later the exchange has two bars more, and the one that was open is another one by its close.
    book.simulate("BTC-USD", "1h", open_bar - 100 * HOUR, open_bar + 3 * HOUR)
    monkeypatch.setattr("functions.exchanges.now_ms", lambda: now + 2 * HOUR)
    monkeypatch.setattr("functions.exchanges._behind_ms", lambda _headers: 0)
    entry = fetching.fetch(DATASET)
    assert (entry.status, entry.total) == ("completed", 2)
    fetching.assert_held(DATASET, "BTC-USD", open_bar - 100 * HOUR, open_bar + 2 * HOUR)


def test_an_exchange_whose_clock_is_behind_decides_what_has_closed(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = now_ms()
    open_bar = now - now % HOUR
    fetching.trade("BTC-USD", open_bar - 100 * HOUR, open_bar + HOUR)
    monkeypatch.setattr("functions.exchanges._behind_ms", lambda _headers: 2 * HOUR)
    fetching.fetch(DATASET, since_ms=open_bar - 100 * HOUR)
    assert fetching.held(DATASET)["timestamp"][-1] == open_bar - 3 * HOUR


def test_history_that_has_changed_is_reported_and_replaced_only_when_asked(fetching: Fetching) -> None:
    book = fetching.exchange.book
    fetching.trade("BTC-USD", START, END)
    fetching.fetch(DATASET, since_ms=START, until_ms=START + 20 * DAY)
    first = fetching.stage.datasets.get("local", DatasetName.parse(DATASET))
    assert first is not None
    before = fetching.held(DATASET)
    book.rewrite("BTC-USD", "1h", START + 20 * DAY - 3 * HOUR, 1.5)
    entry = fetching.fetch(DATASET, until_ms=START + 21 * DAY)
    assert entry.report is not None
    (changed,) = entry.report["changed"]
    assert changed["timestamp"] == iso(START + 20 * DAY - 3 * HOUR)
    assert changed["exchange"] == pytest.approx(changed["held"] * 1.5)
    after = fetching.held(DATASET)
    assert list(after["close"][: len(before["close"])]) == list(before["close"])

    entry = fetching.fetch(DATASET, since_ms=START, until_ms=START + 21 * DAY, again=True)
    assert entry.status == "completed", entry.error
    fetching.assert_held(DATASET, "BTC-USD", START, START + 21 * DAY)
    # The version from before is as it was, and the history says what differs.
    old = load_version(fetching.stage.store, names.PUBLIC_OWNER, DatasetName.parse(DATASET), first.version)
    assert old.manifest.rows == len(before["close"])
    now = fetching.stage.datasets.get("local", DatasetName.parse(DATASET))
    assert now is not None
    assert (now.number, first.number) == (3, 1)
    newest = fetching.stage.datasets.versions(now, limit=1)[0]
    assert (newest.changes.added, newest.changes.changed) == (0, 1)


def test_a_span_before_the_market_s_first_bar_is_not_asked_for(fetching: Fetching) -> None:
    fetching.trade("BTC-USD", START, END)
    entry = fetching.fetch(DATASET, since_ms=parse_time("2015-01-01"), until_ms=END)
    assert entry.total == (END - START) // HOUR
    fetching.assert_held(DATASET, "BTC-USD", START, END)


def test_what_has_no_candles_at_all_says_so(fetching: Fetching) -> None:
    fetching.exchange.book.simulate("BTC-USD", "5m", START, START + DAY)
    entry = fetching.fetch(DATASET, since_ms=START, until_ms=END)
    assert entry.error is not None
    assert "coinbase has no 1h candles of BTC-USD" in entry.error["detail"]
    assert fetching.stage.datasets.held("local") == []


def test_a_symbol_that_is_not_listed_names_the_near_ones(fetching: Fetching) -> None:
    for symbol in ("BTC-USD", "BTC-EUR", "ETH-USD", "WBTC-USD"):
        fetching.trade(symbol, START, START + DAY)
    entry = fetching.fetch("coinbase.BTC-USDT.1h", since_ms=START)
    assert entry.error is not None
    assert entry.error["errors"][0]["path"] == "symbol"
    assert entry.error["detail"].startswith(
        "symbol: coinbase has no market BTC-USDT; near are BTC-USD, BTC-EUR, WBTC-USD"
    )


@pytest.mark.parametrize(
    ("dataset", "since", "message"),
    [
        (
            "kraken.BTC-USD.6h",
            None,
            "kraken publishes no 6h candles; choose one of 1m, 5m, 15m, 30m, 1h, 4h, 1d",
        ),
        ("bitfinex.BTC-USD.1h", None, "is no exchange that is asked; did you mean"),
    ],
)
def test_what_an_exchange_does_not_have_is_refused(
    fetching: Fetching, dataset: str, since: int | None, message: str
) -> None:
    entry = fetching.fetch(dataset, since_ms=since)
    assert entry.error is not None
    assert message in entry.error["detail"]


def test_two_fetches_of_one_dataset_that_end_together_lose_nothing(fetching: Fetching) -> None:
    fetching.trade("BTC-USD", START, END)
    put_version = fetching.stage.datasets.put_version
    other: list[Any] = []

    def raced(entry: Any, replaces: str | None, changes: Any = None) -> Any:
        if not other:
            other.append(None)
            later, _ = fetching.stage.fetches.begin(
                "bob",
                identifiers.fetch_id("bob", DATASET),
                DatasetName.parse(DATASET),
                since_ms=START + 20 * DAY,
                until_ms=END,
                again=False,
                anew=True,
            )
            other[0] = fetching.carry_out(later)
        return put_version(entry, replaces, changes)

    monkeypatched = pytest.MonkeyPatch()
    with monkeypatched.context() as patch:
        patch.setattr(fetching.stage.datasets, "put_version", raced)
        entry = fetching.fetch(DATASET, since_ms=START, until_ms=START + 30 * DAY)
    assert (entry.status, other[0].status) == ("completed", "completed"), (entry.error, other[0].error)
    fetching.assert_held(DATASET, "BTC-USD", START, END)


def test_pieces_that_went_before_they_were_joined_are_said(fetching: Fetching) -> None:
    fetching.trade("BTC-USD", START, END)
    entry = fetching.begin(DATASET, since_ms=START, until_ms=END)
    planned = fetching.plan(entry)
    with pytest.raises(ConflictError, match="went before they were joined; fetch it again"):
        fetching.join(entry, planned)


def test_the_pieces_are_months_of_minutes_and_years_of_hours(fetching: Fetching) -> None:
    book = fetching.exchange.book
    book.simulate("BTC-USD", "1m", START, START + DAY)
    fetching.trade("BTC-USD", START, START + DAY)
    minutes = fetching.plan(fetching.begin("coinbase.BTC-USD.1m", since_ms=START + DAY, until_ms=END))
    assert [(iso(piece["start_ms"]), piece["share"]) for piece in minutes["pieces"]] == [
        ("2021-01-02T00:00:00Z", 2),
        ("2021-02-01T00:00:00Z", 2),
        # The last of an odd number is alone with the exchange's rate limit.
        ("2021-03-01T00:00:00Z", 1),
    ]
    hours = fetching.plan(fetching.begin(DATASET, since_ms=START, until_ms=parse_time("2023-06-01")))
    assert [iso(piece["end_ms"]) for piece in hours["pieces"]] == [
        "2022-02-01T00:00:00Z",
        "2023-03-01T00:00:00Z",
        "2023-06-01T00:00:00Z",
    ]
