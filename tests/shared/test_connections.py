"""Connections and tickets: found by owner, changed without loss, let in once, gone in time."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from shared import names
from shared.connections import Connection, ConnectionIndex
from shared.errors import NotFoundError
from shared.tickets import TicketIndex
from tests.aws import FakeStage


def connection(connection_id: str = "c1", owner: str = "ann", stage: str = "live") -> Connection:
    return Connection(stage, owner, connection_id, "api")


@pytest.fixture
def index(stage: FakeStage) -> ConnectionIndex:
    return ConnectionIndex(stage.table)


def test_connections_are_found_by_their_owner(index: ConnectionIndex) -> None:
    for each in (
        connection("c1"),
        connection("c2"),
        connection("c3", "bob"),
        connection("c4", stage="market"),
    ):
        index.open(each)
    assert [found.connection_id for found in index.of_owner("ann")] == ["c1", "c2"]
    assert [found.owner for found in index.of_owner("bob")] == ["bob"]
    index.close(connection("c1"))
    index.close(connection("c1"))
    assert [found.connection_id for found in index.of_owner("ann")] == ["c2"]


def test_only_those_that_listen_are_of_the_market(index: ConnectionIndex) -> None:
    deaf, listening = connection("c1", stage="market"), connection("c2", "bob", "market")
    index.open(deaf)
    index.open(listening)
    index.change(listening, lambda known: replace(known, symbols=["binance:BTC-USDT"]))
    assert [found.connection_id for found in index.of_market()] == ["c2"]


def test_two_changes_at_once_are_both_made(index: ConnectionIndex) -> None:
    index.open(connection())
    raced = False

    def first(known: Connection) -> Connection:
        nonlocal raced
        if not raced:
            raced = True
            index.change(connection(), lambda known: replace(known, runs=[*known.runs, "other"]))
        return replace(known, runs=[*known.runs, "mine"])

    index.change(connection(), first)
    assert list(index.get(connection()).runs) == ["other", "mine"]


def test_a_connection_that_is_gone_is_not_changed(index: ConnectionIndex) -> None:
    with pytest.raises(NotFoundError):
        index.change(connection(), lambda known: replace(known, all=True))
    assert index.of_owner("ann") == []


def test_an_expired_connection_is_not_listed(
    index: ConnectionIndex, stage: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.open(connection())
    item = stage.table.get(names.connections_key("live", "ann"), names.connection_key("c1"))
    assert item is not None
    later = item["expires_at"] + 1
    assert later - time.time() > 2 * 3600  # longer than a gateway lets a connection live
    monkeypatch.setattr("shared.connections.time.time", lambda: later)
    assert index.of_owner("ann") == []


def test_what_a_connection_wants() -> None:
    named = replace(connection(), runs=["bt-1"])
    assert named.wants("bt-1", "fill")
    assert not named.wants("bt-2", "fill")
    assert not named.wants(None, "workflow")
    everything = replace(connection(), all=True)
    assert everything.wants("bt-2", "fill")
    assert everything.wants(None, "workflow")
    some = replace(named, all=True, only=["status"])
    assert some.wants("bt-2", "status")
    assert not some.wants("bt-2", "fill")
    assert some.wants("bt-1", "fill")


def test_a_ticket_lets_one_in(stage: FakeStage) -> None:
    index = TicketIndex(stage.table)
    ticket, expires_at = index.draw("ann")
    assert 0 < expires_at - time.time() <= 60
    assert index.consume(ticket) == "ann"
    assert index.consume(ticket) is None
    assert index.consume("another") is None


def test_a_ticket_is_over_after_a_minute(stage: FakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    index = TicketIndex(stage.table)
    ticket, expires_at = index.draw("ann")
    monkeypatch.setattr("shared.tickets.time.time", lambda: expires_at + 1)
    assert index.consume(ticket) is None


def test_the_index_does_not_hold_what_lets_somebody_in(stage: FakeStage) -> None:
    ticket, _ = TicketIndex(stage.table).draw("ann")
    rows = stage.table._client.scan(TableName=stage.table.name)["Items"]
    assert len(rows) == 1
    assert ticket not in str(rows)
