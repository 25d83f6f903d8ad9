"""The market: who listens is sent prices, and exchanges are polled while somebody listens and no longer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from functions.ticker.ticker import EVERY_SECONDS, WORKS_SECONDS, poll
from shared import access
from shared.errors import ExchangeError, InvalidInputError, Issue
from shared.markets import Tick
from shared.times import now_ms
from tests.aws import FakeStage
from tests.functions.sockets import FakeSockets, fake_sockets, happened
from tests.functions.test_socket import said as heard

SUBSCRIBE = {"action": "subscribe", "symbols": ["btc/usdt", "ETH-USDT"], "exchange": "binance"}


class Market:
    """Exchanges whose prices rise by one each time they are asked; counts the pollers that are started."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.down: set[str] = set()
        self.price = 100.0
        self.started: list[dict[str, Any]] = []
        self.now = 0.0

    def latest_prices(self, exchange: str, symbols: Sequence[str]) -> dict[str, Tick]:
        self.asked.append((exchange, tuple(symbols)))
        if exchange in self.down:
            raise ExchangeError(exchange, "unreachable", f"{exchange} is not reached")
        if unknown := [symbol for symbol in symbols if symbol.startswith("DOGE")]:
            raise InvalidInputError([Issue("symbols", f"{exchange} has no market {unknown[0]}")])
        self.price += 1
        fetched = int(self.price)
        return {name: Tick(exchange, name, self.price, None, None, None, fetched) for name in symbols}

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> None:  # noqa: N803
        assert (FunctionName, InvocationType) == ("stepfold-test-ticker", "Event")
        self.started.append(json.loads(Payload))

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def poll(self, rounds: int | None = None, holder: str | None = None) -> dict[str, Any]:
        """Poll until it ends, or everybody hangs up after so many rounds."""

        def sleep(seconds: float) -> None:
            nonlocal rounds
            self.sleep(seconds)
            if rounds is not None and (rounds := rounds - 1) <= 0:
                for connection in access.connections().of_market():
                    access.connections().close(connection)

        return poll(holder, sleep=sleep, clock=lambda: self.now)


@pytest.fixture
def sockets(stage: FakeStage, monkeypatch: pytest.MonkeyPatch) -> FakeSockets:
    del stage
    return fake_sockets(monkeypatch)


@pytest.fixture
def market(stage: FakeStage, monkeypatch: pytest.MonkeyPatch) -> Market:
    del stage
    market = Market()
    for module in ("functions.socket.listening", "functions.ticker.ticker"):
        monkeypatch.setattr(f"{module}.latest_prices", market.latest_prices)
    for module in ("functions.socket.polling", "functions.ticker.ticker"):
        monkeypatch.setattr(f"{module}.lambda_", lambda: market)
    return market


def said(sockets: FakeSockets, body: object, connection_id: str = "c1") -> list[dict[str, Any]]:
    return heard(sockets, body, connection_id, stage="market")


def connect(connection_id: str = "c1") -> None:
    assert happened("CONNECT", connection_id, stage="market") == 200


def test_the_first_prices_come_with_the_answer_and_somebody_asks_for_the_next(
    sockets: FakeSockets, market: Market
) -> None:
    connect()
    subscribed, tick = said(sockets, SUBSCRIBE)
    assert subscribed == {"type": "subscribed", "exchange": "binance", "symbols": ["BTC-USDT", "ETH-USDT"]}
    assert [(row["symbol"], row["price"]) for row in tick["ticks"]] == [
        ("BTC-USDT", 101.0),
        ("ETH-USDT", 101.0),
    ]
    assert market.started == [{}]


def test_while_a_poller_is_at_work_no_other_is_started(sockets: FakeSockets, market: Market) -> None:
    connect()
    assert access.ticker_lease().take("somebody")
    said(sockets, SUBSCRIBE)
    said(sockets, {"action": "ping"})
    assert market.started == []
    assert poll(sleep=market.sleep)["ended"] == "another polls"


def test_a_ping_starts_a_poller_in_the_place_of_one_that_died(
    sockets: FakeSockets, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    assert access.ticker_lease().take("somebody")
    said(sockets, SUBSCRIBE)
    later = now_ms() + 31_000
    monkeypatch.setattr("shared.ticker_lease.now_ms", lambda: later)
    (pong,) = said(sockets, {"action": "ping"})
    assert pong["type"] == "pong"
    assert market.started == [{}]
    assert access.ticker_lease().take("another")


def test_everybody_is_told_what_they_listen_to_and_an_exchange_is_asked_once_for_all(
    sockets: FakeSockets, market: Market
) -> None:
    for name in ("c1", "c2"):
        connect(name)
    said(sockets, SUBSCRIBE, "c1")
    said(sockets, {**SUBSCRIBE, "symbols": ["ETH-USDT", "SOL-USDT"]}, "c2")
    connect("deaf")
    market.asked.clear()
    assert market.poll(rounds=2) == {"rounds": 2, "ended": "nobody listens"}
    assert market.asked == [("binance", ("BTC-USDT", "ETH-USDT", "SOL-USDT"))] * 2
    first, second = sockets.said_to("c1")
    assert [row["symbol"] for row in first["ticks"]] == ["BTC-USDT", "ETH-USDT"]
    assert second["ticks"][0]["price"] > first["ticks"][0]["price"]
    assert [row["symbol"] for row in sockets.said_to("c2")[0]["ticks"]] == ["ETH-USDT", "SOL-USDT"]
    assert sockets.said_to("deaf") == []
    assert not access.ticker_lease().held()


def test_a_price_is_sent_once(sockets: FakeSockets, market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    connect()
    said(sockets, SUBSCRIBE)
    tick = {"BTC-USDT": Tick("binance", "BTC-USDT", 5.0, None, None, None, 7)}
    monkeypatch.setattr("functions.ticker.ticker.latest_prices", lambda *_: tick)
    market.poll(rounds=3)
    assert len(sockets.said_to("c1")) == 1


def test_the_first_price_was_sent_twice(
    sockets: FakeSockets, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    _, first = said(sockets, {**SUBSCRIBE, "symbols": ["BTC-USDT"]})
    prices = [101, 101, 107]  # the first is kept for some seconds for all who ask

    def kept(*_: object) -> dict[str, Tick]:
        fetched = prices.pop(0)
        return {"BTC-USDT": Tick("binance", "BTC-USDT", float(fetched), None, None, None, fetched)}

    monkeypatch.setattr("functions.ticker.ticker.latest_prices", kept)
    market.poll(rounds=3)
    assert first["ticks"][0]["price"] == 101
    assert [tick["ticks"][0]["price"] for tick in sockets.said_to("c1")] == [107]


def test_a_poller_goes_on_as_another_before_its_time_is_over(sockets: FakeSockets, market: Market) -> None:
    connect()
    said(sockets, SUBSCRIBE)
    market.started.clear()
    ended = market.poll()
    assert ended == {"rounds": WORKS_SECONDS / EVERY_SECONDS + 1, "ended": "another goes on"}
    (payload,) = market.started
    # Nobody else can come between: the lease is handed on.
    assert poll(sleep=market.sleep)["ended"] == "another polls"
    assert market.poll(rounds=1, holder=payload["holder"])["ended"] == "nobody listens"


def test_who_subscribes_while_the_poller_ends_is_not_left_without_one(
    sockets: FakeSockets, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = access.ticker_lease()
    release = lease.release
    came = False

    def late(holder: str) -> None:
        nonlocal came
        if not came:
            came = True
            connect()
            said(sockets, SUBSCRIBE)  # the lease is held still: it starts nobody
            assert market.started == []
        release(holder)

    monkeypatch.setattr(lease, "release", late)
    assert market.poll(rounds=1) == {"rounds": 1, "ended": "nobody listens"}
    assert len(sockets.said_to("c1")) == 1


def test_a_silent_exchange_or_a_symbol_that_is_gone_costs_the_others_nothing(
    sockets: FakeSockets, market: Market
) -> None:
    connect()
    said(sockets, SUBSCRIBE)
    said(sockets, {**SUBSCRIBE, "exchange": "kraken", "symbols": ["BTC-USD"]})
    (connection,) = access.connections().of_market()
    gone = [*connection.symbols, "binance:DOGE-USDT"]
    access.connections().change(connection, lambda known: _with_symbols(known, gone))
    market.down.add("kraken")
    market.poll(rounds=1)
    (tick,) = sockets.said_to("c1")
    assert (tick["exchange"], len(tick["ticks"])) == ("binance", 2)


def _with_symbols(known: Any, symbols: Sequence[str]) -> Any:
    from dataclasses import replace

    return replace(known, symbols=symbols)


def test_an_exchange_that_is_silent_at_first_is_listened_to_all_the_same(
    sockets: FakeSockets, market: Market
) -> None:
    connect()
    market.down.add("binance")
    subscribed, error = said(sockets, SUBSCRIBE)
    assert (subscribed["type"], error["code"]) == ("subscribed", "exchange_unreachable")
    market.down.clear()
    market.poll(rounds=1)
    assert len(sockets.said_to("c1")) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"symbols": ["DOGE-USDT"]}, "binance has no market DOGE-USDT"),
        ({"symbols": ["?"]}, "symbols: '?' is not a symbol"),
        ({"symbols": []}, "symbols: List should have at least 1 item"),
        ({"exchange": "mtgox"}, "is no exchange that is asked"),
        ({"exchange": "?!"}, "exchange: '?!' is not an exchange"),
        ({"runs": {}}, "runs: Extra inputs"),
    ],
)
def test_symbols_that_there_are_not_are_refused(
    sockets: FakeSockets, market: Market, changes: dict[str, object], words: str
) -> None:
    connect()
    (error,) = said(sockets, {**SUBSCRIBE, **changes})
    assert (error["type"], error["code"]) == ("error", "invalid_input")
    assert words in error["detail"]
    assert access.connections().of_market() == []
    assert market.started == []


def test_a_connection_listens_to_so_many_symbols(sockets: FakeSockets, market: Market) -> None:
    del market
    connect()
    said(sockets, {**SUBSCRIBE, "symbols": [f"C{number}-USDT" for number in range(20)]})
    (error,) = said(sockets, {**SUBSCRIBE, "symbols": ["C20-USDT"]})
    assert "listens to 20 symbols" in error["detail"]


def test_a_client_can_stop_listening(sockets: FakeSockets, market: Market) -> None:
    connect()
    said(sockets, SUBSCRIBE)
    assert said(sockets, {"action": "unsubscribe"}) == []
    assert market.poll() == {"rounds": 0, "ended": "nobody listens"}
