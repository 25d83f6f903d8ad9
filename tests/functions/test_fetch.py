"""Fetches, step by step, with the real client over HTTP against an exchange on loopback."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared import identifiers
from shared.errors import ConflictError
from shared.names import DatasetName
from shared.times import iso, now_ms, parse_time
from tests.functions.fetching import Fetching

START, END = parse_time("2021-01-01"), parse_time("2021-04-01")
HOUR, DAY = 3_600_000, 86_400_000
DATASET = "coinbase.BTC-USD.1h"


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


def test_an_exchange_whose_clock_is_behind_decides_what_has_closed(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = now_ms()
    open_bar = now - now % HOUR
    fetching.trade("BTC-USD", open_bar - 100 * HOUR, open_bar + HOUR)
    monkeypatch.setattr("functions.exchanges._behind_ms", lambda _headers: 2 * HOUR)
    fetching.fetch(DATASET, since_ms=open_bar - 100 * HOUR)
    assert fetching.held(DATASET)["timestamp"][-1] == open_bar - 3 * HOUR


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
