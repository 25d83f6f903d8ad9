"""The same fetches on every exchange that is configured, in its own shape: bars, facts, names, prices."""

from __future__ import annotations

from typing import Any

import pytest

from functions.api.handler import handler
from functions.fetch.handler import fetch
from shared import names
from shared.candles import load_version
from shared.manifest import DatasetManifest
from shared.markets import MarketFacts
from shared.names import DatasetName
from shared.times import iso
from shared.venues import VENUES
from tests.exchange.faults import Fault
from tests.functions.fetching import HOUR, OPENED, PLACES, Fetching, Place, every_place
from tests.functions.gateway import client

DAY = 24 * HOUR


def manifest_of(fetching: Fetching, dataset: str) -> DatasetManifest:
    name = DatasetName.parse(dataset)
    held = fetching.stage.datasets.get(names.PUBLIC_OWNER, name)
    assert held is not None
    return load_version(fetching.stage.store, held.owner, name, held.version).manifest


def test_every_exchange_that_is_configured_is_tested() -> None:
    assert [place.exchange for place in PLACES] == list(VENUES)


@every_place
def test_a_span_is_fetched_whole_and_an_outage_is_what_the_exchange_makes_of_it(
    fetching: Fetching, place: Place
) -> None:
    fetching.trade_at(place)
    # On Coinbase a whole page and more, so that one is empty in the middle of the market's life.
    first, last = OPENED + 290 * HOUR, OPENED + 610 * HOUR
    fetching.exchange.book.remove(place.symbol, "1h", first, last)
    entry = fetching.fetch(place.dataset, since_ms=OPENED, until_ms=place.end_ms)
    assert entry.status == "completed", entry.error
    fetching.assert_held(place.dataset, place.symbol, OPENED, place.end_ms, whole=place.whole)
    assert (entry.processed, entry.total, entry.progress_pct) == (place.hours, place.hours, 100.0)
    assert entry.report is not None
    assert entry.report["rows"] == len(fetching.held(place.dataset)["timestamp"])
    assert list(fetching.stage.store.keys("work/")) == []
    manifest = manifest_of(fetching, place.dataset)
    assert manifest.audit is not None
    if place.whole:
        # It has a flat bar without volume for every hour; these are said, and no gap.
        assert manifest.gaps == ()
        quiet = [flag for flag in manifest.audit.flags if flag.kind == "zero_volume"]
        assert any((flag.from_ms, flag.count) == (first, 321) for flag in quiet)
    else:
        assert max(gap.missing for gap in manifest.gaps) == 321


@every_place
def test_a_fetch_again_appends_the_new_bars_and_never_the_open_one(fetching: Fetching, place: Place) -> None:
    fetching.trade_at(place)
    since, end = OPENED + 100 * HOUR, place.end_ms
    fetching.fetch(place.dataset, since_ms=since)
    fetching.assert_held(place.dataset, place.symbol, since, end, whole=place.whole)
    # Two hours later the exchange has two bars more, and the one that was open is another one by its close.
    fetching.exchange.book.simulate(place.symbol, "1h", OPENED, end + 3 * HOUR)
    fetching.clock_ms = end + 2 * HOUR + HOUR // 2
    entry = fetching.fetch(place.dataset)
    assert (entry.status, entry.total) == ("completed", 2)
    fetching.assert_held(place.dataset, place.symbol, since, end + 2 * HOUR, whole=place.whole)


@every_place
def test_a_bar_is_closed_some_seconds_after_its_end(fetching: Fetching, place: Place) -> None:
    fetching.trade_at(place)
    fetching.clock_ms = place.end_ms + 3_000
    fetching.fetch(place.dataset, since_ms=OPENED + 100 * HOUR)
    assert fetching.held(place.dataset)["timestamp"][-1] == place.end_ms - 2 * HOUR


@every_place
def test_history_that_has_changed_is_reported_and_replaced_only_when_asked(
    fetching: Fetching, place: Place
) -> None:
    fetching.trade_at(place)
    start, held_to, end = OPENED + 2 * DAY, OPENED + 20 * DAY, OPENED + 21 * DAY
    fetching.fetch(place.dataset, since_ms=start, until_ms=held_to)
    name = DatasetName.parse(place.dataset)
    first = fetching.stage.datasets.get("local", name)
    assert first is not None
    before = fetching.held(place.dataset)
    fetching.exchange.book.rewrite(place.symbol, "1h", held_to - 3 * HOUR, 1.5)
    entry = fetching.fetch(place.dataset, until_ms=end)
    assert entry.report is not None
    (changed,) = entry.report["changed"]
    assert changed["timestamp"] == iso(held_to - 3 * HOUR)
    assert changed["exchange"] == pytest.approx(changed["held"] * 1.5)
    after = fetching.held(place.dataset)
    assert list(after["close"][: len(before["close"])]) == list(before["close"])

    entry = fetching.fetch(place.dataset, since_ms=start, until_ms=end, again=True)
    assert entry.status == "completed", entry.error
    assert entry.report is not None
    assert [entry.report[count] for count in ("rows", "replaced", "withdrawn")] == [0, 1, 0]
    fetching.assert_held(place.dataset, place.symbol, start, end, whole=place.whole)
    # The version from before is as it was, and the history says what differs.
    old = load_version(fetching.stage.store, names.PUBLIC_OWNER, name, first.version)
    assert old.manifest.rows == len(before["close"])
    now = fetching.stage.datasets.get("local", name)
    assert now is not None
    assert (now.number, first.number) == (3, 1)
    newest = fetching.stage.datasets.versions(now, limit=1)[0]
    assert (newest.changes.added, newest.changes.changed) == (0, 1)


COINBASE, BINANCE, KRAKEN, BITSTAMP = PLACES
FACTS = [
    # No date is published of a spot market: it is the day of the first candle, where these go back so far.
    (COINBASE, MarketFacts(iso(OPENED), 0.01, 1e-8, 1.0, 120.0, 60.0)),
    (BINANCE, MarketFacts(iso(OPENED), 0.01, 1e-5, 5.0, 10.0, 10.0)),
    (KRAKEN, MarketFacts(None, 0.1, 1e-8, 0.5, 40.0, 25.0)),
    # Its fees are in no public answer; these are of the lowest tier that ccxt knows.
    (BITSTAMP, MarketFacts(iso(OPENED), 1.0, 1e-8, 10.0, 40.0, 30.0)),
]


@pytest.mark.parametrize(("place", "facts"), FACTS, ids=lambda value: getattr(value, "exchange", ""))
def test_the_market_s_facts_stay_with_the_candles(
    fetching: Fetching, place: Place, facts: MarketFacts
) -> None:
    fetching.trade_at(place)
    fetching.trade(f"{place.symbol}-PERP", OPENED, OPENED + DAY)  # whose facts are other ones
    fetching.fetch(place.dataset, since_ms=OPENED, until_ms=OPENED + 3 * DAY)
    assert manifest_of(fetching, place.dataset).market == facts


def test_a_perpetual_s_facts_are_its_own(fetching: Fetching) -> None:
    fetching.trade("BTC-USDT-PERP", OPENED, OPENED + DAY)
    fetching.fetch("binance.BTC-USDT-PERP.1h", since_ms=OPENED, until_ms=OPENED + DAY)
    market = manifest_of(fetching, "binance.BTC-USDT-PERP.1h").market
    assert market is not None
    assert (market.listed, market.taker_fee_bps, market.maker_fee_bps) == ("2019-09-08T00:00:00Z", 5.0, 2.0)


@every_place
@pytest.mark.parametrize("between", ["-", "/", ""])
def test_a_symbol_has_one_name_however_it_is_written(fetching: Fetching, place: Place, between: str) -> None:
    fetching.trade_at(place)
    body = {
        "source": "exchange",
        "exchange": place.exchange,
        "symbol": place.symbol.replace("-", between).lower(),
        "timeframe": "1h",
        "since": iso(place.end_ms - 50 * HOUR),
    }
    begun = client(handler).post("/datasets", json=body).json()
    assert begun["dataset_id"] == place.dataset
    entry = fetching.carry_out(fetching.stage.fetches.get("local", begun["fetch_id"]))
    assert entry.status == "completed", entry.error
    fetching.assert_held(
        place.dataset, place.symbol, place.end_ms - 50 * HOUR, place.end_ms, whole=place.whole
    )


NEAR = [
    ("coinbase", "BTC-USDT", "BTC-USD, BTC-EUR"),
    ("binance", "BTC-USDT", "BTC-USD, BTC-EUR"),
    ("kraken", "BTC-USDT", "BTC-USD, BTC-EUR"),
    # What Kraken itself calls bitcoin.
    ("kraken", "XBT-USD", "BTC-USD"),
    ("kraken", "XDG-USD", "DOGE-USD"),
    ("bitstamp", "BTC-USDT", "BTC-USD, BTC-EUR"),
]


@pytest.mark.parametrize(("exchange", "symbol", "near"), NEAR)
def test_a_symbol_that_is_not_listed_names_the_near_ones(
    fetching: Fetching, exchange: str, symbol: str, near: str
) -> None:
    for listed in ("BTC-USD", "BTC-EUR", "ETH-USD", "DOGE-USD", "SOL-EUR"):
        fetching.trade(listed, OPENED, OPENED + DAY)
    entry = fetching.fetch(f"{exchange}.{symbol}.1h", since_ms=OPENED)
    assert entry.error is not None
    assert entry.error["errors"][0]["path"] == "symbol"
    assert entry.error["detail"].startswith(f"symbol: {exchange} has no market {symbol}; near are {near}")


@every_place
def test_prices_are_the_latest_of_those_asked_for(fetching: Fetching, place: Place) -> None:
    other = place.symbol.replace("BTC", "ETH")
    for symbol in (place.symbol, other, place.symbol.replace("BTC", "SOL")):
        fetching.trade(symbol, OPENED, OPENED + DAY)
    answer: dict[str, Any] = fetch(
        {"step": "ticks", "exchange": place.exchange, "symbols": [place.symbol, other]}
    )
    book = fetching.exchange.book
    assert {(tick["exchange"], tick["symbol"], tick["price"]) for tick in answer["ticks"]} == {
        (place.exchange, symbol, book.last_price(symbol)) for symbol in (place.symbol, other)
    }


@pytest.mark.parametrize("place", [COINBASE, BINANCE], ids=lambda place: place.exchange)
def test_a_bar_that_the_exchange_has_withdrawn_goes_when_it_is_fetched_again(
    fetching: Fetching, place: Place
) -> None:
    fetching.trade_at(place)
    fetching.fetch(place.dataset, since_ms=OPENED)
    name = DatasetName.parse(place.dataset)
    first = fetching.stage.datasets.get("local", name)
    assert first is not None
    gone = OPENED + 40 * DAY, OPENED + 40 * DAY + 2 * HOUR
    fetching.exchange.book.remove(place.symbol, "1h", *gone)
    # A span without them keeps them, and so does one that is not fetched again.
    fetching.fetch(place.dataset, since_ms=OPENED + 41 * DAY, again=True)
    fetching.fetch(place.dataset)
    assert gone[0] in fetching.held(place.dataset)["timestamp"]
    entry = fetching.fetch(place.dataset, since_ms=OPENED + 39 * DAY, again=True)
    assert entry.report is not None
    assert [entry.report[count] for count in ("rows", "replaced", "withdrawn")] == [0, 0, 3]
    fetching.assert_held(place.dataset, place.symbol, OPENED, place.end_ms)
    now = fetching.stage.datasets.get("local", name)
    assert now is not None
    (newest,) = fetching.stage.datasets.versions(now, limit=1)
    assert (newest.changes.removed, newest.changes.ranges) == (3, ((*gone, 3),))
    assert first.rows == now.rows + 3


def test_a_month_that_is_withdrawn_goes_and_an_exchange_without_any_bar_is_not_believed(
    fetching: Fetching,
) -> None:
    fetching.trade_at(COINBASE)
    fetching.fetch(COINBASE.dataset, since_ms=OPENED)
    book = fetching.exchange.book
    book.remove("BTC-USD", "1h", OPENED, OPENED + 31 * DAY - 1)
    entry = fetching.fetch(COINBASE.dataset, since_ms=OPENED, again=True)
    assert entry.status == "completed", entry.error
    fetching.assert_held(COINBASE.dataset, "BTC-USD", OPENED, COINBASE.end_ms)
    held = fetching.held(COINBASE.dataset)["timestamp"]
    assert held[0] == OPENED + 31 * DAY
    fetching.exchange.always = Fault("empty")
    entry = fetching.fetch(COINBASE.dataset, since_ms=OPENED, again=True)
    assert entry.error is not None
    assert "coinbase has no 1h candles of BTC-USD" in entry.error["detail"]
    assert list(fetching.held(COINBASE.dataset)["timestamp"]) == list(held)
