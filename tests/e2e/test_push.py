"""What is pushed, on the deployed stack: the journey of a run, lost workers, lost clients, locked doors."""

from __future__ import annotations

import os
import re
import signal
from itertools import pairwise
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from cli.main import execute
from tests.e2e.client import import_candles, ok, start, wait, wait_until
from tests.e2e.listener import Message, ended, listening
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import SLOW_CROSS, simulated_file
from tests.exchange.stand_in import StandIn

# Ten months of minutes: some seconds of work.
LONG: dict[str, Any] = {
    "symbols": ["BTC-USDT"],
    "timeframe": "1m",
    "exchange": "pushed",
    "strategy": SLOW_CROSS,
}
SHORT: dict[str, Any] = {**LONG, "timeframe": "1h"}


@pytest.fixture(scope="module")
def http(stack: LocalStack) -> httpx.Client:
    http = stack.http()
    for timeframe, end in (("1m", "2020-11-01"), ("1h", "2020-06-01")):
        body = simulated_file("BTC-USDT", timeframe, "2020-01-01", end)
        assert import_candles(http, body, "pushed", "BTC-USDT", timeframe)["status"] == "completed"
    return http


def rises(messages: list[Message]) -> bool:
    return all(one["sequence"] < other["sequence"] for one, other in pairwise(messages))


def test_a_run_is_told_from_its_first_word_to_its_results(stack: LocalStack, http: httpx.Client) -> None:
    with listening(stack.deployment.live_url) as listener:
        listener.say(action="subscribe", all=True)
        assert listener.next()["type"] == "subscribed"
        run_id = start(http, LONG)["run_id"]
        listener.until(ended(run_id))
        listener.until(
            lambda each: (
                each["type"] == "workflow" and (each["run_id"], each["status"]) == (run_id, "SUCCEEDED")
            )
        )
    messages = listener.of_run(run_id)
    assert rises(messages)
    assert [m["status"] for m in messages if m["type"] == "status"] == ["queued", "running", "completed"]
    percent = [m["progress_pct"] for m in messages if m["type"] == "progress"]
    assert percent == sorted(percent)
    assert percent[-1] == 100.0
    assert any(0 < value < 99 for value in percent)
    # What was pushed as provisional is what is published.
    rows = {row["seq"]: row for row in _pushed(messages, "fill", "fills")}
    assert rows
    published = ok(http.get(f"/backtests/{run_id}/trades", params={"limit": 1_000}))["trades"]
    for seq, row in rows.items():
        if seq < len(published):
            assert row == {name: published[seq][name] for name in row}
    assert _pushed(messages, "event", "events")
    assert any("candles" in line for m in messages if m["type"] == "log" for line in m["lines"])
    token = _item(stack, run_id).get("token", {}).get("S", "no token")
    assert token not in str(listener.heard)


def test_a_lost_attempt_is_taken_back_and_the_run_goes_on(stack: LocalStack, http: httpx.Client) -> None:
    run_id = start(http, LONG)["run_id"]
    with listening(stack.deployment.live_url) as listener:
        listener.say(action="subscribe", runs={run_id: None})
        listener.until(lambda each: each["type"] == "fill")
        for pid in stack.workers("simulate"):
            os.kill(pid, signal.SIGKILL)
        listener.until(ended(run_id), 180)
    messages = listener.of_run(run_id)[1:]
    retracted = [number for number, each in enumerate(messages) if each["type"] == "retracted"]
    assert [messages[number]["attempt"] for number in retracted] == [1]
    before, after = messages[: retracted[0]], messages[retracted[0] :]
    assert {each["attempt"] for each in before if "attempt" in each} == {1}
    assert {each["attempt"] for each in after[1:] if "attempt" in each} == {2}
    assert after[-1]["status"] == "completed"


def test_who_comes_back_gets_what_was_missed(stack: LocalStack, http: httpx.Client) -> None:
    with listening(stack.deployment.live_url) as listener:
        run_id = start(http, LONG)["run_id"]
        listener.say(action="subscribe", runs={run_id: None})
        last = listener.until(
            lambda each: each["type"] == "progress" and each["current_phase"] == "simulating"
        )
        first = listener.of_run(run_id)
    assert wait(http, run_id)["status"] == "completed"
    with listening(stack.deployment.live_url) as again:
        again.say(action="subscribe", runs={run_id: last["sequence"]})
        subscribed = again.next()
        assert subscribed["runs"][0]["status"] == "completed"
        again.until(ended(run_id))
    assert "gap" not in [each["type"] for each in again.heard]
    messages = first + again.of_run(run_id)
    numbered = [each for each in messages if each["type"] != "subscribed"]
    assert rises(numbered)
    assert [m["status"] for m in numbered if m["type"] == "status"] == ["queued", "running", "completed"]


def test_a_connection_that_is_gone_is_forgotten(stack: LocalStack, http: httpx.Client) -> None:
    key = {"pk": {"S": "CONNECTIONS#live#local"}, "sk": {"S": "CONNECTION#gone"}}
    with listening(stack.deployment.live_url) as listener:
        listener.say(action="subscribe", all=True)
        listener.next()
        # Not one of an earlier test that is being closed.
        mine = next(row for row in _connections(stack) if row["all"]["BOOL"])
        # As one whose end was told to nobody.
        stack.dynamodb().put_item(
            TableName=stack.deployment.table, Item={**mine, **key, "connection_id": {"S": "gone"}}
        )
        run_id = start(http, SHORT)["run_id"]
        listener.until(ended(run_id))
    wait_until(lambda: _connections(stack), lambda rows: rows == [], 20)


def test_the_command_line_listens(
    stack: LocalStack,
    http: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("STEPFOLD_API_URL", stack.api_url)
    monkeypatch.setenv("COLUMNS", "80")
    run_id = start(http, LONG)["run_id"]
    assert execute(("watch", run_id, "--fills")) == 0
    said = capsys.readouterr()
    assert re.search(r"2020-\d\d-\d\d \d\d:\d\d  BTC-USDT  buy [\d.]+ at [\d,.]+", said.err)
    assert "Final equity" in said.out


def test_a_door_with_a_lock_opens_on_a_ticket_once(login_stack: LocalStack) -> None:
    live = login_stack.deployment.live_url
    for ticket in (None, "nonsense"):
        with pytest.raises(InvalidStatus) as refused, listening(live, ticket):
            pass
        assert refused.value.response.status_code in (401, 403)
    ann, bob = (
        login_stack.http(Authorization=f"Bearer {login_stack.sign_up(f'{name}@push.example.com')}")
        for name in ("ann", "bob")
    )
    assert login_stack.http().post("/live/tickets").status_code == 401
    body = simulated_file("BTC-USDT", "1d", "2020-01-01", "2021-01-01")
    assert import_candles(ann, body, "pushed", "BTC-USDT", "1d")["status"] == "completed"
    tickets = [ok(client.post("/live/tickets"), 201)["ticket"] for client in (ann, bob)]
    with listening(live, tickets[0]) as mine, listening(live, tickets[1]) as theirs:
        mine.say(action="subscribe", all=True)
        mine.next()
        run_id = start(ann, {**SHORT, "timeframe": "1d"})["run_id"]
        theirs.say(action="subscribe", all=True)
        theirs.next()
        theirs.say(action="subscribe", runs={run_id: None})
        error, subscribed = theirs.next(), theirs.next()
        assert (error["type"], error["code"], subscribed["runs"]) == ("error", "not_found", [])
        mine.until(ended(run_id))
        theirs.say(action="ping")
        theirs.until(lambda each: each["type"] == "pong")
    assert [each["type"] for each in theirs.heard] == ["subscribed", "error", "subscribed", "pong"]
    with pytest.raises(InvalidStatus) as refused, listening(live, tickets[0]):
        pass
    assert refused.value.response.status_code == 403


def test_ticks_come_while_somebody_listens(stack: LocalStack, listed: StandIn) -> None:
    with listening(stack.deployment.market_url) as listener:
        listener.say(action="subscribe", symbols=["LTC-USD"], exchange="coinbase")
        assert listener.next()["type"] == "subscribed"
        first = listener.next()
        assert first["ticks"][0]["price"] == listed.book.last_price("LTC-USD")
        # Prices are shared for five seconds: the next ones are asked for by the poller.
        asked = first["ticks"][0]["timestamp"]
        listener.until(lambda each: each["type"] == "tick" and each["ticks"][0]["timestamp"] > asked, 30)
        assert _lease_is_held(stack)
        listener.say(action="subscribe", symbols=["DOGE-USD"], exchange="coinbase")
        assert listener.until(lambda each: each["type"] == "error")["code"] == "invalid_input"
    # Nobody listens: the poller ends, and with it the asking.
    wait_until(lambda: _lease_is_held(stack), lambda held: not held, 30)


def _pushed(messages: list[Message], kind: str, field: str) -> list[dict[str, Any]]:
    return [row for message in messages if message["type"] == kind for row in message[field]]


def _item(stack: LocalStack, run_id: str) -> dict[str, Any]:
    key = {"pk": {"S": "OWNER#local"}, "sk": {"S": f"RUN#{run_id}"}}
    answer: dict[str, Any] = dict(stack.dynamodb().get_item(TableName=stack.deployment.table, Key=key))
    return answer["Item"]  # type: ignore[no-any-return]


def _connections(stack: LocalStack) -> list[dict[str, Any]]:
    return stack.dynamodb().query(
        TableName=stack.deployment.table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "CONNECTIONS#live#local"}},
        ConsistentRead=True,
    )["Items"]


def _lease_is_held(stack: LocalStack) -> bool:
    key = {"pk": {"S": "TICKER"}, "sk": {"S": "LEASE"}}
    item: Any = stack.dynamodb().get_item(TableName=stack.deployment.table, Key=key, ConsistentRead=True)
    return "Item" in item and item["Item"]["until_ms"]["N"] != "0"
