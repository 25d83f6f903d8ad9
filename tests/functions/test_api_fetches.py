"""Fetches over HTTP, the candles that a backtest lacks, and prices; the exchange is on loopback."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import httpx
import pytest

from functions.api.handler import handler
from functions.api.ticks import ticks_answer
from functions.fetch.handler import handler as fetch_handler
from functions.fetch.waiting import await_candles
from functions.ingest.handler import ingest
from functions.plan.plan import plan_run
from functions.settle.failure import Failure
from functions.settle.settle import end_failed, reconcile
from shared import access
from shared.errors import ExchangeError, RunRejectedError
from shared.markets import Tick
from shared.times import iso, now_ms, parse_time
from tests.functions.api_stage import hold
from tests.functions.fetching import Fetching
from tests.functions.gateway import Context, client

START, END = parse_time("2021-01-01"), parse_time("2021-03-01")
HOUR, DAY = 3_600_000, 86_400_000
BODY = {"source": "exchange", "exchange": "coinbase", "symbol": "btc/usd", "timeframe": "1h"}
SPAN = {"since": "2021-01-01", "until": "2021-02-28"}
RUN: dict[str, Any] = {
    "symbols": ["BTC-USD"],
    "timeframe": "1h",
    "exchange": "coinbase",
    "strategy": "ema_cross",
    "start_date": "2021-01-15",
    "end_date": "2021-02-14",
}


@pytest.fixture
def http(fetching: Fetching) -> httpx.Client:
    del fetching  # it is the environment that counts
    return client(handler)


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_a_fetch_is_begun_followed_and_becomes_a_public_dataset(
    fetching: Fetching, http: httpx.Client
) -> None:
    fetching.trade("BTC-USD", START, END)
    answer = http.post("/datasets", json={**BODY, **SPAN})
    begun = ok(answer, 202)
    path = f"/datasets/coinbase.BTC-USD.1h/fetches/{begun['fetch_id']}"
    assert answer.headers["location"] == path
    assert (begun["status"], begun["since"], begun["until"]) == ("queued", iso(START), iso(END))
    # The same request is the same fetch as long as that is at work.
    assert ok(http.post("/datasets", json={**BODY, **SPAN}))["fetch_id"] == begun["fetch_id"]
    entry = access.fetches().get("local", begun["fetch_id"])
    execution = access.workflows().describe_fetch(entry)
    assert execution is not None

    planned = fetching.plan(entry)
    for piece in planned["pieces"]:
        fetching.piece(entry, planned, piece)
    followed = ok(http.get(path))
    assert (followed["status"], followed["processed_candles"], followed["total_candles"]) == (
        "running",
        1416,
        1416,
    )
    assert followed["progress_pct"] == 99.0
    fetching.join(entry, planned)
    done = ok(http.get(path))
    assert (done["status"], done["progress_pct"]) == ("completed", 100.0)
    (held,) = ok(http.get("/datasets"))["datasets"]
    assert (held["dataset_id"], held["public"]) == ("coinbase.BTC-USD.1h", True)
    detail = ok(http.get("/datasets/coinbase.BTC-USD.1h"))
    assert detail["market"] == {
        "listed": iso(START),
        "price_step": 0.01,
        "quantity_step": 1e-8,
        "min_notional": 1.0,
        "taker_fee_bps": 120.0,
        "maker_fee_bps": 60.0,
    }
    workflows = ok(http.get("/workflows"))["workflows"]
    assert [(row["kind"], row["status"]) for row in workflows] == [("fetch", "completed")]
    assert ok(http.get(f"/workflows/{begun['fetch_id']}"))["execution"]["status"] == "RUNNING"
    # Once it has ended the same request is a new fetch, and with a key it is the old one.
    anew = ok(http.post("/datasets", json={**BODY, **SPAN}), 202)
    assert (anew["fetch_id"], anew["status"]) == (begun["fetch_id"], "queued")


def test_an_idempotency_key_is_one_fetch_for_ever(fetching: Fetching, http: httpx.Client) -> None:
    fetching.trade("BTC-USD", START, END)
    key = {"Idempotency-Key": "once"}
    first = ok(http.post("/datasets", json={**BODY, **SPAN}, headers=key), 202)
    entry = access.fetches().get("local", first["fetch_id"])
    assert fetching.carry_out(entry).status == "completed"
    assert ok(http.post("/datasets", json={**BODY, **SPAN}, headers=key))["status"] == "completed"
    other = http.post("/datasets", json={**BODY, "since": "2021-02-01"}, headers=key)
    assert other.status_code == 422
    assert "used for another request" in other.json()["detail"]


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"exchange": "binanse"}, "exchange", "did you mean binance?"),
        ({"exchange": "ftx9"}, "exchange", "choose one of coinbase, binance, kraken, bitstamp"),
        ({"exchange": "kraken", "timeframe": "6h"}, "timeframe", "publishes no 6h candles"),
        ({"symbol": "?"}, "symbol", "is not a symbol"),
        ({"since": "soon"}, "since", "is not a time"),
        ({"since": "2199-01-01"}, "since", "is in the future"),
        ({"since": "2021-02-01", "until": "2021-01-01"}, "until", "is not after since"),
        ({"source": "file"}, "source", "'exchange'"),
        ({"sinse": "2021-01-01"}, "sinse", "is not a field that is known"),
    ],
)
def test_what_cannot_be_fetched_is_refused_with_the_field(
    http: httpx.Client, change: dict[str, Any], path: str, message: str
) -> None:
    answer = http.post("/datasets", json={**BODY, **change})
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["path"] == path
    assert message in error["message"]


def test_a_symbol_that_is_known_not_to_be_listed_is_refused_at_once(
    fetching: Fetching, http: httpx.Client
) -> None:
    fetching.trade("BTC-USD", START, START + DAY)
    fetching.fetch("coinbase.BTC-USD.1h", since_ms=START)
    answer = http.post("/datasets", json={**BODY, "symbol": "BTCUSDT"})
    assert answer.json()["errors"][0]["message"] == "coinbase has no market BTC-USDT; near are BTC-USD"
    answer = http.post("/backtests", json={**RUN, "symbols": ["ETH-USD"]})
    assert answer.json()["errors"][0]["path"] == "symbols[0]"


def test_an_own_import_would_hide_what_is_fetched(fetching: Fetching, http: httpx.Client) -> None:
    hold(fetching.stage, "BTC-USD", exchange="coinbase")
    answer = http.post("/datasets", json=BODY)
    assert answer.status_code == 409
    assert "is an import of yours" in answer.json()["detail"]


def test_others_fetches_are_not_seen_but_their_candles_are(fetching: Fetching, http: httpx.Client) -> None:
    fetching.trade("BTC-USD", START, END)
    begun = ok(http.post("/datasets", json={**BODY, **SPAN}), 202)
    fetching.carry_out(access.fetches().get("local", begun["fetch_id"]))
    assert [dataset.dataset_id for dataset in access.datasets().held("bob")] == ["coinbase.BTC-USD.1h"]
    assert http.get(f"/datasets/coinbase.ETH-USD.1h/fetches/{begun['fetch_id']}").status_code == 404
    assert http.get("/datasets/coinbase.BTC-USD.1h/fetches/fe-x").status_code == 404


def wait_for_candles(fetching: Fetching, run_id: str) -> list[tuple[str, int, int]]:
    """Do what the workflow does until the run has its candles; return the phases that it went through."""
    phases = []
    for _ in range(5):
        answer = await_candles("local", run_id)
        run = access.runs().get("local", run_id)
        phases.append((run.phase, run.processed, run.total))
        if answer["there"]:
            return phases
        for entry in access.fetches().in_work(now_ms() + 60_000):
            fetching.carry_out(entry)
    raise AssertionError(phases)


def test_a_backtest_fetches_the_candles_that_it_lacks(fetching: Fetching, http: httpx.Client) -> None:
    fetching.trade("BTC-USD", START, END)
    run = ok(http.post("/backtests", json=RUN), 202)
    path = f"/backtests/{run['run_id']}/progress"
    assert ok(http.get(path))["progress_pct"] == 0.0
    execution = access.workflows().describe_backtest(access.runs().get("local", run["run_id"]))
    assert execution is not None
    started = access.workflows()._client.describe_execution(executionArn=execution.arn)
    assert json.loads(started["input"])["fetching"] is True
    phases = wait_for_candles(fetching, run["run_id"])
    # The warm-up is fetched with the span.
    assert [phase for phase, *_ in phases] == ["fetching", "fetching"]
    assert phases[-1][1] == phases[-1][2] > 31 * 24
    assert ok(http.get(path))["progress_pct"] == 50.0
    plan_run("local", run["run_id"])
    assert ok(http.get(path))["progress_pct"] == 50.0
    planned = access.runs().get("local", run["run_id"])
    assert (planned.phase, planned.processed, planned.start_date) == ("planned", 0, "2021-01-15T00:00:00Z")
    resolved = access.store().get_json(f"work/{run['run_id']}/plan.json")["run"]
    # The market's facts are the run's defaults.
    assert (resolved["taker_fee_bps"], resolved["maker_fee_bps"]) == (120.0, 60.0)
    assert (resolved["symbols"][0]["quantity_step"], resolved["symbols"][0]["min_notional"]) == (1e-8, 1.0)
    # A run on candles that are there goes straight on; what it says itself stands.
    again = ok(http.post("/backtests", json={**RUN, "costs": {"taker_fee_bps": 5}}), 202)
    assert access.runs().get("local", again["run_id"]).wanted == []
    plan_run("local", again["run_id"])
    resolved = access.store().get_json(f"work/{again['run_id']}/plan.json")["run"]
    assert (resolved["taker_fee_bps"], resolved["maker_fee_bps"]) == (5.0, 60.0)


def test_a_backtest_whose_candles_cannot_be_had_says_what_is_missing_and_how_to_import_it(
    fetching: Fetching, http: httpx.Client
) -> None:
    fetching.exchange.down = True
    run = ok(http.post("/backtests", json=RUN), 202)
    with pytest.raises(RunRejectedError) as caught:
        wait_for_candles(fetching, run["run_id"])
    subject = {"run_id": run["run_id"], "owner": "local"}
    end_failed(subject, Failure.caught("RunRejectedError", str(caught.value)))
    failed = ok(http.get(f"/backtests/{run['run_id']}"))
    assert (failed["status"], failed["error"]["code"]) == ("failed", "exchange_unreachable")
    for said in (
        "1h candles of BTC-USD from coinbase",
        "coinbase cannot be reached",
        "stepfold data import FILE --exchange coinbase --symbol BTC-USD --timeframe 1h",
    ):
        assert said in failed["error"]["detail"]


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        # Where nothing can be fetched the error says how it can.
        ({"exchange": None}, "symbols[0]", "stepfold data fetch EXCHANGE BTC-USD 1h --since 2021-01-15"),
        ({"start_date": None}, "symbols[0]", "stepfold data fetch coinbase BTC-USD 1h --since 2021-01-01"),
        ({"exchange": "other"}, "symbols[0]", "import them with `stepfold data import`"),
        ({"end_date": "2199-01-01"}, "end_date", "has closed yet; end then or earlier"),
        ({"start_date": "2021-02-14", "end_date": "2021-02-14"}, "end_date", "the span holds 24 candles"),
        ({"strategy": "nothing"}, "strategy", "nothing"),
    ],
)
def test_a_backtest_that_cannot_be_run_is_refused_before_anything_is_fetched(
    fetching: Fetching, http: httpx.Client, change: dict[str, Any], path: str, message: str
) -> None:
    answer = http.post("/backtests", json={**RUN, **change})
    assert answer.status_code == 422, answer.text
    assert any(e["path"] == path and message in e["message"] for e in answer.json()["errors"]), answer.text
    assert fetching.exchange.asked == []


def test_only_what_a_run_lacks_is_wanted(fetching: Fetching, http: httpx.Client) -> None:
    fetching.trade("BTC-USD", START, END)
    fetching.fetch("coinbase.BTC-USD.1h", since_ms=START, until_ms=START + 30 * DAY)
    run = ok(http.post("/backtests", json=RUN), 202)
    wait_for_candles(fetching, run["run_id"])
    fetching.assert_held("coinbase.BTC-USD.1h", "BTC-USD", START, parse_time("2021-02-15"))


def test_finer_candles_that_are_held_make_a_run_s_bars_and_nothing_is_fetched(
    fetching: Fetching, http: httpx.Client
) -> None:
    fetching.trade("BTC-USD", START, END, "15m")
    fetching.fetch("coinbase.BTC-USD.15m", since_ms=START, until_ms=END)
    run = ok(http.post("/backtests", json=RUN), 202)
    assert access.runs().get("local", run["run_id"]).wanted == []
    plan_run("local", run["run_id"])
    (symbol,) = access.store().get_json(f"work/{run['run_id']}/plan.json")["run"]["symbols"]
    assert (symbol["made_of"], symbol["min_notional"]) == ("15m", 1.0)


def test_for_bars_that_an_exchange_does_not_publish_shorter_ones_are_fetched(
    fetching: Fetching, http: httpx.Client
) -> None:
    fetching.trade("BTC-USD", START, END, "6h")
    run = ok(http.post("/backtests", json={**RUN, "timeframe": "12h", "end_date": "2021-02-25"}), 202)
    (wanted,) = access.runs().get("local", run["run_id"]).wanted
    assert wanted["dataset_id"] == "coinbase.BTC-USD.6h"
    wait_for_candles(fetching, run["run_id"])
    plan_run("local", run["run_id"])
    (symbol,) = access.store().get_json(f"work/{run['run_id']}/plan.json")["run"]["symbols"]
    assert symbol["made_of"] == "6h"


def test_a_fetch_replaces_resampled_candles_whole_or_says_what_it_takes(
    fetching: Fetching, http: httpx.Client
) -> None:
    fetching.trade("BTC-USD", START, END, "15m")
    fetching.trade("BTC-USD", START, END, "1h")
    fetching.fetch("coinbase.BTC-USD.15m", since_ms=START, until_ms=END)
    entry = ok(http.post("/datasets/coinbase.BTC-USD.15m/resample", json={"timeframe": "1h"}), 202)
    ingest({"owner": "local", "dataset_id": entry["dataset_id"], "import_id": entry["import_id"]})
    held = ok(http.get("/datasets/coinbase.BTC-USD.1h"))
    assert (held["public"], held["made_of"]) == (True, "coinbase.BTC-USD.15m")
    part = fetching.fetch("coinbase.BTC-USD.1h", since_ms=START + 10 * DAY, until_ms=END)
    assert part.status == "failed"
    assert "is resampled from coinbase.BTC-USD.15m" in (part.error or {})["detail"]
    whole = fetching.fetch("coinbase.BTC-USD.1h", since_ms=START, until_ms=END)
    assert whole.status == "completed", whole.error
    fetching.assert_held("coinbase.BTC-USD.1h", "BTC-USD", START, END)
    assert ok(http.get("/datasets/coinbase.BTC-USD.1h"))["made_of"] is None


def test_a_fetch_whose_workflow_ended_without_a_word_is_ended(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = ok(http.post("/datasets", json={**BODY, **SPAN}), 202)
    entry = access.fetches().get("local", begun["fetch_id"])
    later = now_ms() + 120_000
    monkeypatch.setattr("functions.settle.settle.now_ms", lambda: later)
    assert reconcile()["fetches"] == 0  # it is at work
    arn = access.workflows().fetch_arn(entry)
    access.workflows()._client.stop_execution(executionArn=arn)
    assert reconcile()["fetches"] == 1
    ended = ok(http.get(f"/datasets/coinbase.BTC-USD.1h/fetches/{begun['fetch_id']}"))
    assert (ended["status"], ended["error"]["code"]) == ("failed", "stopped")
    # What is told of it late does not end the one that was begun anew.
    anew = ok(http.post("/datasets", json={**BODY, **SPAN}), 202)
    subject = {"owner": "local", "fetch_id": entry.fetch_id, "execution": entry.execution}
    end_failed(subject, Failure("late", "an event that came late"))
    assert ok(http.get(f"/datasets/coinbase.BTC-USD.1h/fetches/{anew['fetch_id']}"))["status"] == "queued"


@dataclass
class FakeLambda:
    """Calls the fetch function's handler as Lambda does."""

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert FunctionName == "stepfold-test-fetch"
        try:
            answer: object = fetch_handler(json.loads(Payload), Context())
        except Exception as error:  # noqa: BLE001 - what Lambda does
            answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return {"FunctionError": "Unhandled", "Payload": BytesIO(json.dumps(answer).encode())}
        return {"Payload": BytesIO(json.dumps(answer).encode())}


@pytest.fixture
def asks(fetching: Fetching, monkeypatch: pytest.MonkeyPatch) -> Fetching:
    monkeypatch.setattr("shared.latest_prices.lambda_", FakeLambda)
    for symbol in ("BTC-USD", "ETH-USD"):
        fetching.trade(symbol, START, START + DAY)
    return fetching


def prices_asked(fetching: Fetching) -> list[str]:
    return [path for path in fetching.exchange.asked if "product_ids" in path]


def test_prices_are_shared_for_a_few_seconds(
    asks: Fetching, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ok(http.get("/market/ticks", params={"symbols": "btc/usd,ETH-USD"}))["ticks"]
    assert [(row["symbol"], row["exchange"]) for row in rows] == [
        ("BTC-USD", "coinbase"),
        ("ETH-USD", "coinbase"),
    ]
    assert rows[0]["price"] == asks.exchange.book.last_price("BTC-USD")
    assert ok(http.get("/market/ticks", params={"symbols": "BTC-USD"}))["ticks"] == rows[:1]
    assert len(prices_asked(asks)) == 1
    later = now_ms() + 6_000
    monkeypatch.setattr("shared.ticks.now_ms", lambda: later)
    ok(http.get("/market/ticks", params={"symbols": "BTC-USD"}))
    assert len(prices_asked(asks)) == 2


def test_while_one_caller_asks_the_exchange_the_others_wait_for_its_answer(asks: Fetching) -> None:
    index = access.ticks()
    assert index.claim("coinbase")
    assert not index.claim("coinbase")
    tick = Tick("coinbase", "BTC-USD", 12.5, None, None, None, now_ms())
    answer = ticks_answer("local", "BTC-USD", "coinbase", sleep=lambda _seconds: index.put([tick]))
    assert [row.price for row in answer.ticks] == [12.5]
    assert prices_asked(asks) == []


def test_a_caller_waits_so_long_for_another_and_asks_once_that_is_over(
    asks: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert access.ticks().claim("coinbase")
    with pytest.raises(ExchangeError, match="has not answered yet"):
        ticks_answer("local", "BTC-USD", "coinbase", sleep=lambda _seconds: None)
    later = now_ms() + 11_000
    monkeypatch.setattr("shared.ticks.now_ms", lambda: later)
    ticks_answer("local", "BTC-USD", "coinbase")
    assert len(prices_asked(asks)) == 1


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"symbols": "DOGE-USD"}, "coinbase has no market DOGE-USD"),
        ({"symbols": ","}, "name 1 to 20"),
        ({"symbols": "?"}, "is not a symbol"),
        ({"symbols": "BTC-USD", "exchange": "mtgox"}, "is no exchange that is asked"),
    ],
)
def test_prices_that_there_are_not_are_refused(
    asks: Fetching, http: httpx.Client, query: dict[str, str], message: str
) -> None:
    del asks
    answer = http.get("/market/ticks", params=query)
    assert answer.status_code == 422, answer.text
    assert message in answer.json()["detail"]


def test_an_exchange_that_does_not_answer_is_503_and_says_when_to_come_again(
    asks: Fetching, http: httpx.Client
) -> None:
    asks.exchange.down = True
    answer = http.get("/market/ticks", params={"symbols": "BTC-USD"})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["type"].endswith("exchange_unreachable")
