"""Exchanges that are not well: the dataset ends complete and correct, or the fetch says why and keeps all."""

from __future__ import annotations

import pytest

from functions.fetch.patience import LONG, TRIES
from shared.times import iso, parse_time
from tests.exchange.faults import Fault, Kind
from tests.functions.fetching import OPENED, Fetching, Place, every_place

START, END = parse_time("2021-01-01"), parse_time("2021-03-01")
HOUR, DAY = 3_600_000, 86_400_000
DATASET = "coinbase.BTC-USD.1h"
PASSING: list[Kind] = ["rate_limit", "busy", "hang", "drop", "malformed", "no_list", "impossible", "repeat"]


@every_place
@pytest.mark.parametrize("kind", PASSING)
def test_a_fault_that_passes_leaves_a_whole_dataset(fetching: Fetching, place: Place, kind: Kind) -> None:
    fetching.trade_at(place)
    entry = fetching.begin(place.dataset, since_ms=OPENED)
    # The daily candles, which say since when the market trades, where that is asked.
    fetching.exchange.faults += [Fault(kind)] * 2
    planned = fetching.plan(entry)
    fetching.exchange.faults[:] = [Fault(kind)] * 2
    fetching.pieces(entry, planned)
    assert not fetching.exchange.faults
    fetching.join(entry, planned)
    fetching.assert_held(place.dataset, place.symbol, OPENED, place.end_ms, whole=place.whole)


def test_the_other_exchange_s_faults_pass_as_well(fetching: Fetching) -> None:
    fetching.trade("BTC-USDT", START, END, "15m")
    fetching.fetch("binance.BTC-USDT.15m", since_ms=START, until_ms=START + DAY)
    # Each before an answer in disorder, which a page can be made of.
    for kind in PASSING:
        fetching.exchange.faults += [Fault(kind), Fault("reorder")]
    entry = fetching.fetch("binance.BTC-USDT.15m", since_ms=START, until_ms=END)
    assert entry.status == "completed", entry.error
    assert len(fetching.exchange.faults) <= 2
    fetching.assert_held("binance.BTC-USDT.15m", "BTC-USDT", START, END)


@every_place
@pytest.mark.parametrize("kind", ["repeat", "reorder"])
def test_an_exchange_in_lasting_disorder_is_put_in_order(
    fetching: Fetching, place: Place, kind: Kind
) -> None:
    fetching.trade_at(place)
    fetching.exchange.always = Fault(kind)
    entry = fetching.fetch(place.dataset, since_ms=OPENED)
    assert entry.status == "completed", entry.error
    fetching.assert_held(place.dataset, place.symbol, OPENED, place.end_ms, whole=place.whole)


STAYING: list[tuple[Kind, str, str]] = [
    ("rate_limit", "exchange_rate_limited", "asks for fewer requests"),
    ("busy", "exchange_unreachable", "cannot be reached"),
    ("hang", "exchange_timed_out", "did not answer within"),
    ("drop", "exchange_unreachable", "cannot be reached"),
    ("malformed", "exchange_malformed", "answers what cannot be understood: it is no JSON"),
    ("no_list", "exchange_malformed", "it answers no list of candles"),
    ("impossible", "exchange_malformed", "whose high or low contradicts its prices, at 2021-0"),
]


@every_place
@pytest.mark.parametrize(("kind", "code", "reason"), STAYING)
def test_a_fault_that_stays_fails_with_its_reason_and_the_dataset_is_as_it_was(
    fetching: Fetching, place: Place, kind: Kind, code: str, reason: str
) -> None:
    fetching.trade_at(place)
    held_to = OPENED + 10 * DAY
    assert fetching.fetch(place.dataset, since_ms=OPENED, until_ms=held_to).status == "completed"
    # The comparison with what is held goes well.
    fetching.exchange.faults.append(Fault("reorder"))
    fetching.exchange.always = Fault(kind)
    entry = fetching.fetch(place.dataset)
    assert entry.error is not None
    assert entry.error["code"] == code
    assert place.exchange in entry.error["detail"]
    assert reason in entry.error["detail"]
    fetching.assert_held(place.dataset, place.symbol, OPENED, held_to, whole=place.whole)
    fetching.exchange.always = None
    entry = fetching.fetch(place.dataset)
    assert entry.status == "completed", entry.error
    fetching.assert_held(place.dataset, place.symbol, OPENED, place.end_ms, whole=place.whole)


def test_what_came_before_a_fault_that_stays_is_not_fetched_again(fetching: Fetching) -> None:
    fetching.trade("BTC-USD", START, END)
    held = fetching.fetch(DATASET, since_ms=START, until_ms=START + 10 * DAY)
    assert held.status == "completed"
    # Two pages go well: the comparison with what is held, and 300 hours of the piece.
    fetching.exchange.faults += [Fault("reorder")] * 2
    fetching.exchange.always = Fault("busy")
    assert fetching.fetch(DATASET, until_ms=END).status == "failed"
    fetching.assert_held(DATASET, "BTC-USD", START, START + 10 * DAY)

    # Once it is well again the fetch goes on behind the page that it has.
    fetching.exchange.always = None
    before = len(fetching.exchange.candles_asked)
    entry = fetching.fetch(DATASET, until_ms=END)
    assert entry.status == "completed", entry.error
    assert entry.held_before > 0
    fetching.assert_held(DATASET, "BTC-USD", START, END)
    first_new = START + 10 * DAY + entry.held_before * HOUR
    assert f"start={first_new // 1000}" in fetching.exchange.candles_asked[before + 1]


def test_an_exchange_that_asks_to_wait_is_waited_for(fetching: Fetching) -> None:
    fetching.trade("BTC-USD", START, END)
    fetching.fetch(DATASET, since_ms=START, until_ms=START + DAY)
    fetching.waits.clear()
    fetching.exchange.faults += [
        Fault("reorder"),
        Fault("rate_limit", seconds=3),
        Fault("rate_limit", seconds=40),
    ]
    entry = fetching.fetch(DATASET, until_ms=END)
    assert entry.status == "completed", entry.error
    # A short wait inside the function, a long one in the state machine.
    assert LONG > fetching.waits[0] >= 3
    assert fetching.waits[1] == 40


def test_a_wait_that_is_too_long_ends_the_fetch_at_once(fetching: Fetching) -> None:
    fetching.trade("BTC-USD", START, END)
    fetching.fetch(DATASET, since_ms=START, until_ms=START + DAY)
    fetching.exchange.faults += [Fault("reorder"), Fault("rate_limit", seconds=7_200)]
    entry = fetching.fetch(DATASET, until_ms=END)
    assert entry.error is not None
    assert entry.error["code"] == "exchange_rate_limited"


def test_an_exchange_gets_so_many_tries_and_each_waits_longer(fetching: Fetching) -> None:
    fetching.trade("BTC-USD", START, END)
    fetching.fetch(DATASET, since_ms=START, until_ms=START + DAY)
    fetching.waits.clear()
    fetching.exchange.faults.append(Fault("reorder"))
    fetching.exchange.always = Fault("busy")
    before = len(fetching.exchange.candles_asked)
    assert fetching.fetch(DATASET, until_ms=END).status == "failed"
    assert len(fetching.exchange.candles_asked) == before + 1 + TRIES
    waited = [wait for wait in fetching.waits if wait]
    assert waited == sorted(waited)
    assert sum(waited) > 30


def test_an_exchange_that_is_not_there_is_said_after_a_few_tries(fetching: Fetching) -> None:
    fetching.exchange.down = True
    entry = fetching.fetch(DATASET, since_ms=START, until_ms=END)
    assert entry.error is not None
    assert entry.error["code"] == "exchange_unreachable"
    assert fetching.stage.datasets.held("local") == []


def test_an_empty_page_is_believed_only_when_it_comes_twice(fetching: Fetching) -> None:
    fetching.trade("BTC-USD", START, END)
    fetching.fetch(DATASET, since_ms=START, until_ms=START + DAY)
    fetching.exchange.faults += [Fault("reorder"), Fault("empty")]
    entry = fetching.fetch(DATASET, until_ms=END)
    assert entry.status == "completed", entry.error
    fetching.assert_held(DATASET, "BTC-USD", START, END)


def test_a_worker_that_is_lost_in_the_middle_is_replaced(fetching: Fetching) -> None:
    fetching.trade("BTC-USD", START, END)
    entry = fetching.begin(DATASET, since_ms=START, until_ms=END)
    planned = fetching.plan(entry)
    (piece,) = planned["pieces"]
    lost = pytest.MonkeyPatch()
    with lost.context() as patch:
        patch.setattr("functions.fetch.piece._Piece._tell", _die)
        with pytest.raises(MemoryError):
            fetching.piece(entry, planned, piece)
    reached = fetching.stage.fetches.get(entry.owner, entry.fetch_id).progress_pct
    assert reached > 0
    # Step Functions tries the same step again; what the first one kept is taken as it is.
    fetching.piece(entry, planned, {**piece, "end_ms": START + HOUR})
    assert fetching.stage.fetches.get(entry.owner, entry.fetch_id).progress_pct == reached
    while not piece.get("done"):
        piece = fetching.piece(entry, planned, piece)
    fetching.join(entry, planned)
    fetching.assert_held(DATASET, "BTC-USD", START, END)


def _die(_piece: object) -> None:
    raise MemoryError


def test_history_that_changes_in_the_middle_of_a_fetch_is_what_it_was_when_it_was_read(
    fetching: Fetching,
) -> None:
    symbol = "BTC-USD"
    book = fetching.exchange.book
    fetching.trade(symbol, START, END)
    before = float(book.held[symbol, "1h"]["close"][5])
    entry = fetching.begin(DATASET, since_ms=START, until_ms=END)
    planned = fetching.plan(entry)
    (piece,) = planned["pieces"]
    first = {**piece, "end_ms": piece["start_ms"] + 300 * HOUR}
    fetching.piece(entry, planned, first)
    book.rewrite(symbol, "1h", START + 5 * HOUR, 2.0)
    fetching.piece(entry, planned, {**piece, "start_ms": first["end_ms"]})
    fetching.join(entry, planned)
    held = fetching.held(DATASET)
    assert iso(int(held["timestamp"][5])) == iso(START + 5 * HOUR)
    assert held["close"][5] == before
    assert len(held["timestamp"]) == len(book.held[symbol, "1h"]["timestamp"])
