"""What Kraken and Bitstamp do as no other exchange does: how far back candles go, errors in words."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.api.handler import handler
from functions.exchanges import Exchange
from functions.fetch.waiting import await_candles
from shared.errors import ExchangeError, RunRejectedError
from shared.times import iso
from shared.venues import VENUES
from tests.exchange.faults import Fault
from tests.functions.fetching import HOUR, OPENED, Fetching
from tests.functions.gateway import client

DAY, MINUTE = 24 * HOUR, 60_000
DATASET = "kraken.BTC-USD.1h"
NOW = OPENED + 100 * DAY
# 720 with the one that is open.
OLDEST = NOW - 719 * HOUR
IMPORT = "stepfold data import FILE --exchange kraken --symbol BTC-USD --timeframe 1h"


@pytest.fixture
def kraken(fetching: Fetching) -> Fetching:
    """A market on Kraken that is 100 days old, at the 20th second of an hour."""
    fetching.trade("BTC-USD", OPENED, NOW + HOUR)
    fetching.clock_ms = NOW + 20_000
    return fetching


def move(kraken: Fetching, to_ms: int) -> None:
    """Let time pass: the bar of `to_ms` is open then."""
    kraken.exchange.book.simulate("BTC-USD", "1h", OPENED, to_ms + HOUR)
    kraken.clock_ms = to_ms + 20_000


def detail_of(entry: Any) -> str:
    assert entry.status == "failed", entry.report
    return str(entry.error["detail"])


def test_bars_older_than_the_newest_720_are_refused_with_the_ways_out(kraken: Fetching) -> None:
    detail = detail_of(kraken.fetch(DATASET, since_ms=OPENED))
    assert "kraken publishes its newest 720 bars alone" in detail
    assert f"start then or later (--since {iso(OLDEST + HOUR)})" in detail
    assert "the files that it offers for download: " + IMPORT in detail
    assert kraken.exchange.candles_asked == []
    assert kraken.stage.datasets.held("local") == []
    # What it says is so.
    entry = kraken.fetch(DATASET, since_ms=OLDEST + HOUR)
    assert entry.status == "completed", entry.error
    kraken.assert_held(DATASET, "BTC-USD", OLDEST + HOUR, NOW, whole=True)


def test_without_a_start_all_that_will_last_as_long_as_the_fetch_is_taken(kraken: Fetching) -> None:
    assert kraken.fetch(DATASET).status == "completed"
    kraken.assert_held(DATASET, "BTC-USD", OLDEST + HOUR, NOW, whole=True)
    # The very oldest one may be asked for all the same.
    assert kraken.fetch(DATASET, since_ms=OLDEST).status == "completed"
    kraken.assert_held(DATASET, "BTC-USD", OLDEST, NOW, whole=True)


def test_a_market_that_is_younger_than_that_is_fetched_from_its_first_bar(fetching: Fetching) -> None:
    fetching.trade("SOL-USD", NOW - 10 * DAY, NOW + HOUR)
    fetching.clock_ms = NOW + 20_000
    assert fetching.fetch("kraken.SOL-USD.1h").status == "completed"
    fetching.assert_held("kraken.SOL-USD.1h", "SOL-USD", NOW - 10 * DAY, NOW, whole=True)


def test_a_bar_that_falls_out_of_reach_while_it_is_fetched_is_not_taken_for_a_gap(kraken: Fetching) -> None:
    held_from = OLDEST + 700 * HOUR
    assert kraken.fetch(DATASET, since_ms=held_from).status == "completed"
    entry = kraken.begin(DATASET, since_ms=OLDEST)
    planned = kraken.plan(entry)
    move(kraken, NOW + 2 * HOUR)
    # The exchange let us wait two hours between the plan and the piece.
    with pytest.raises(Exception, match="no more; start later or import them") as caught:
        kraken.pieces(entry, planned)
    assert f"those from {iso(OLDEST)} to {iso(OLDEST + HOUR)} no more" in str(caught.value)
    kraken.assert_held(DATASET, "BTC-USD", held_from, NOW, whole=True)


def test_what_is_held_of_older_bars_is_gone_on_with_over_a_gap_or_not_at_all(kraken: Fetching) -> None:
    since = OLDEST + 600 * HOUR
    assert kraken.fetch(DATASET, since_ms=since).status == "completed"
    later = NOW + 60 * DAY
    move(kraken, later)
    oldest = later - 719 * HOUR
    # Nobody said that a gap is wanted.
    for again in (False, True):
        detail = detail_of(kraken.fetch(DATASET, again=again))
        assert f"--since {iso(oldest + HOUR)} goes on there and leaves a gap behind" in detail
        assert f"behind what is held, from {iso(NOW)} on" in detail
        assert IMPORT in detail
    kraken.assert_held(DATASET, "BTC-USD", since, NOW, whole=True)

    entry = kraken.fetch(DATASET, since_ms=oldest + HOUR)
    assert entry.status == "completed", entry.error
    assert (entry.total, entry.processed) == (718, 718)
    assert entry.report is not None
    # What is not published any more has not changed.
    assert entry.report["changed"] == []
    assert entry.report["missing_bars"] == 0  # in what was asked for
    times = list(kraken.held(DATASET)["timestamp"])
    assert times == [*range(since, NOW, HOUR), *range(oldest + HOUR, later, HOUR)]
    dataset = kraken.stage.datasets.held("local")[0]
    assert (dataset.gaps, dataset.missing_bars) == (1, (oldest + HOUR - NOW) // HOUR)
    # From there on it goes on as ever.
    move(kraken, later + 3 * HOUR)
    assert kraken.fetch(DATASET).total == 3


def test_a_fetch_again_of_what_is_in_reach_keeps_what_is_not(kraken: Fetching) -> None:
    since = OLDEST + 600 * HOUR
    kraken.fetch(DATASET, since_ms=since)
    later = NOW + 28 * DAY
    move(kraken, later)
    kraken.fetch(DATASET)
    oldest = later - 719 * HOUR
    assert since < oldest < NOW
    kraken.exchange.book.rewrite("BTC-USD", "1h", oldest + 9 * HOUR, 1.5)
    kraken.exchange.book.rewrite("BTC-USD", "1h", since, 1.5)  # which nobody is told of any more
    assert "start then or later" in detail_of(kraken.fetch(DATASET, again=True))
    entry = kraken.fetch(DATASET, since_ms=oldest + HOUR, again=True)
    assert entry.status == "completed", entry.error
    assert entry.report is not None
    assert [entry.report[count] for count in ("rows", "replaced", "withdrawn")] == [0, 1, 0]
    assert list(kraken.held(DATASET)["timestamp"]) == list(range(since, later, HOUR))


def test_only_bars_that_are_still_published_are_compared(kraken: Fetching) -> None:
    kraken.fetch(DATASET, since_ms=OLDEST + 600 * HOUR)
    # Of the ten newest held bars five are in reach, one of them only just.
    move(kraken, NOW + 714 * HOUR)
    kraken.exchange.book.rewrite("BTC-USD", "1h", NOW - 2 * HOUR, 1.5)
    entry = kraken.fetch(DATASET)
    assert entry.status == "completed", entry.error
    assert entry.report is not None
    assert [bar["timestamp"] for bar in entry.report["changed"]] == [iso(NOW - 2 * HOUR)]


def test_a_backtest_of_older_bars_says_why_and_how_to_import_them(kraken: Fetching) -> None:
    http = client(handler)
    request = {
        "symbols": ["BTC-USD"],
        "timeframe": "1h",
        "exchange": "kraken",
        "strategy": "ema_cross",
        "start_date": iso(OPENED + 10 * DAY),
        "end_date": iso(OPENED + 40 * DAY),
    }
    run_id = http.post("/backtests", json=request).json()["run_id"]
    await_candles("local", run_id)
    (entry,) = kraken.stage.fetches.in_work(NOW * 2)
    kraken.carry_out(entry)
    with pytest.raises(RunRejectedError) as caught:
        await_candles("local", run_id)
    # Once each: not as the reason and again as the way out.
    for said in ("kraken publishes its newest 720 bars alone", IMPORT):
        assert str(caught.value).count(said) == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("EGeneral:Too many requests", "exchange_rate_limited"),
        ("EAPI:Rate limit exceeded", "exchange_rate_limited"),
        ("EService:Throttled", "exchange_rate_limited"),
        ("EService:Busy", "exchange_unreachable"),
        ("EService:Deadline elapsed", "exchange_unreachable"),
        ("EGeneral:Internal error:1634", "exchange_unreachable"),
        ("EService:Market in cancel_only mode", "exchange_unreachable"),
    ],
)
def test_words_of_kraken_s_in_an_answer_of_200_are_understood(
    kraken: Fetching, words: str, code: str
) -> None:
    fault = Fault("said", body={"error": [words]})
    kraken.exchange.faults += [fault] * 2
    entry = kraken.fetch(DATASET)
    assert entry.status == "completed", entry.error
    kraken.exchange.always = fault
    move(kraken, NOW + HOUR)
    entry = kraken.fetch(DATASET)
    assert entry.error is not None
    assert (entry.error["code"], words in entry.error["detail"]) == (code, True)


def test_a_moment_that_kraken_names_is_waited_for(kraken: Fetching) -> None:
    until = NOW // 1000 + 20 + 30
    kraken.exchange.faults.append(Fault("said", body={"error": [f"EService:Throttled: {until}"]}))
    assert kraken.fetch(DATASET).status == "completed"
    assert max(kraken.waits) == 30


def test_what_kraken_refuses_is_not_asked_for_again(kraken: Fetching) -> None:
    kraken.exchange.faults.append(Fault("said", body={"error": ["EQuery:Unknown asset pair"]}))
    entry = kraken.fetch(DATASET)
    assert entry.error is not None
    assert entry.error["code"] == "exchange_refused"
    assert len(kraken.exchange.candles_asked) == 1


def test_bitstamp_s_words_for_too_many_requests_are_understood_whatever_their_status(
    fetching: Fetching,
) -> None:
    fetching.trade("BTC-USD", OPENED, NOW)
    fetching.fetch("bitstamp.BTC-USD.1h", since_ms=OPENED, until_ms=OPENED + DAY)
    body = {"status": "error", "reason": "Request rate limit exceeded.", "response_code": "400.002"}
    fetching.exchange.always = Fault("said", body=body, status=400)
    entry = fetching.fetch("bitstamp.BTC-USD.1h", until_ms=OPENED + 2 * DAY)
    assert entry.error is not None
    assert entry.error["code"] == "exchange_rate_limited"


def test_bitstamp_is_asked_for_as_many_bars_as_there_are_times_to_the_end(fetching: Fetching) -> None:
    # It counts back from the end: a bar too many at the end is one too few at the beginning.
    fetching.trade("BTC-USD", OPENED, NOW)
    entry = fetching.fetch("bitstamp.BTC-USD.1h", since_ms=OPENED, until_ms=NOW)
    assert entry.status == "completed", entry.error
    fetching.assert_held("bitstamp.BTC-USD.1h", "BTC-USD", OPENED, NOW, whole=True)
    asked = [parse_qs(urlsplit(path).query) for path in fetching.exchange.candles_asked if "3600" in path]
    spans = [
        tuple(int(query[name][0]) for name in ("start", "end", "limit"))
        for query in asked
        if query["step"] == ["3600"]
    ]
    assert [limit for _, _, limit in spans] == [1000, 1000, 400]
    assert all((end + 1 - start) // 3600 == limit for start, end, limit in spans)


def test_a_list_of_markets_that_was_wrong_is_asked_for_anew_at_once(fetching: Fetching) -> None:
    bitstamp = Exchange(VENUES["bitstamp"])
    with pytest.raises(ExchangeError, match="it lists no markets"):
        bitstamp.markets()
    fetching.trade("BTC-USD", OPENED, OPENED + DAY)
    assert [market.symbol for market in bitstamp.markets()] == ["BTC-USD"]
