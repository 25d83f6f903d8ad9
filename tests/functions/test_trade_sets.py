"""Trade sets of shorts, scale-ins, partial exits, reversals and allocations, from fills put down by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest

from functions.api.tables import rows_of
from functions.api.trade_sets import trade_sets
from shared.reader import RunReader
from shared.responses_trades import TradeSetRow
from shared.schema import TABLES
from shared.writer import RunWriter
from tests.aws import FakeStage

HOUR = 3_600_000
RUN = "bt-" + "a" * 26
NUMBERS = {"int": 0, "float": 0.0, "time": 0, "bool": False, "text": ""}


def fill(
    hour: int, set_id: int, side: str, qty: float, price: float, after: float, **others: Any
) -> dict[str, Any]:
    """One row of the table of fills: what a trade set is made of, and nothing in the other columns."""
    blank = {
        column.name: (np.nan if column.kind == "float" else None) if column.nullable else NUMBERS[column.kind]
        for column in TABLES["fills"]
    }
    own = {"side": side, "qty": qty, "price": price, "position_after": after, "set_id": set_id}
    return {**blank, **own, "timestamp": hour * HOUR, "symbol": "BTC-USDT", **others}


def sets_of(stage: FakeStage, fills: list[dict[str, Any]]) -> list[TradeSetRow]:
    writer = RunWriter(stage.store, RUN, "t", {})
    columns = {name: [row[name] for row in fills] for name in fills[0]}
    writer.append({"fills": {**columns, "timestamp": np.array(columns["timestamp"])}})
    key, _ = writer.finish(
        fingerprint="f", engine_version="1", request={}, metrics={}, report={"monthly": []}
    )
    page = trade_sets(RunReader(stage.store, RUN, key).series("fills"), None, 10)
    wire = orjson.loads(orjson.dumps(rows_of(page.columns)))  # which makes null of what is missing
    return [TradeSetRow.model_validate(row) for row in wire]


def entry(**others: Any) -> dict[str, Any]:
    return {"is_entry": True, "reason": "entry_rule", **others}


def leave(reason: str, fraction: float = 1.0, **others: Any) -> dict[str, Any]:
    return {"is_entry": False, "reason": reason, "exit_fraction": fraction, **others}


def test_a_short_with_a_scale_in_and_a_partial_exit_is_one_set(stage: FakeStage) -> None:
    # Short 1 at 100 and 1 at 110 (cost 105), half covered at 95, the rest stopped at 120.
    (found,) = sets_of(
        stage,
        [
            fill(1, 0, "sell", 1.0, 100.0, -1.0, **entry(average_cost=100.0, fee=0.1, trigger_id="fall")),
            fill(2, 0, "sell", 1.0, 110.0, -2.0, **entry(average_cost=105.0, fee=0.1, trigger_id="fall")),
            fill(
                3, 0, "buy", 1.0, 95.0, -1.0,
                **leave("exit_rule", 0.5, average_cost=105.0, pnl=9.7, fee=0.1, funding=0.1),
            ),
            fill(4, 0, "buy", 1.0, 120.0, 0.0, **leave("stop", pnl=-15.4, fee=0.1, funding=0.2)),
        ],
    )  # fmt: skip
    assert (found.side, found.entries, found.exits) == ("short", 2, 2)
    assert (found.opened_at, found.closed_at) == ("1970-01-01T01:00:00Z", "1970-01-01T04:00:00Z")
    assert (found.average_entry_price, found.average_exit_price) == (105.0, 107.5)
    assert (found.total_qty_entered, found.total_qty_exited) == (2.0, 2.0)
    assert found.total_pnl == pytest.approx(-5.7)
    assert found.total_fees == pytest.approx(0.4)
    assert found.total_funding == pytest.approx(0.3)
    assert found.max_exposure == 220.0  # 2 at 110
    assert (found.entry_trigger, found.exit_trigger) == ("fall", None)  # a stop is nobody's rule
    assert [leg.position_after for leg in found.legs] == [-1.0, -2.0, -1.0, 0.0]
    assert [leg.average_cost_at_fill for leg in found.legs] == [100.0, 105.0, 105.0, 105.0]
    assert [leg.exit_fraction for leg in found.legs] == [None, None, 0.5, 1.0]


def test_a_reversal_ends_one_set_and_opens_the_next_at_one_time(stage: FakeStage) -> None:
    first, second = sets_of(
        stage,
        [
            fill(1, 0, "buy", 1.0, 100.0, 1.0, **entry(average_cost=100.0, trigger_id="up")),
            fill(2, 0, "sell", 1.0, 110.0, 0.0, **leave("reversal", pnl=10.0, trigger_id="down")),
            fill(2, 1, "sell", 2.0, 110.0, -2.0, **entry(average_cost=110.0, trigger_id="down")),
        ],
    )
    assert (first.side, first.closed_at, first.exit_trigger) == ("long", second.opened_at, "down")
    assert (second.side, second.closed_at, second.exits) == ("short", None, 0)
    assert (second.average_exit_price, second.total_pnl) == (None, 0.0)


def test_an_allocation_that_is_sold_in_parts_is_a_long(stage: FakeStage) -> None:
    (found,) = sets_of(
        stage,
        [
            fill(
                1, 0, "buy", 4.0, 50.0, 4.0,
                is_entry=True, reason="initial_allocation", average_cost=50.0,
            ),
            fill(2, 0, "sell", 1.0, 60.0, 3.0, **leave("exit_rule", 0.25, average_cost=50.0, pnl=10.0)),
        ],
    )  # fmt: skip
    assert (found.side, found.entries, found.exits, found.closed_at) == ("long", 1, 1, None)
    assert (found.max_exposure, found.entry_trigger) == (200.0, None)
    assert [leg.average_cost_at_fill for leg in found.legs] == [50.0, 50.0]
