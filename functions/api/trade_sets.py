"""Fills grouped from flat to flat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from functions.api.tables import Page, rows_of, wire_columns
from functions.api.windows import row_cursor, row_of

if TYPE_CHECKING:
    from shared.series_reader import SeriesReader

_COLUMNS = (
    "timestamp",
    "symbol",
    "side",
    "qty",
    "price",
    "fee",
    "pnl",
    "trigger_id",
    "category",
    "reason",
    "is_entry",
    "exit_fraction",
    "position_after",
    "average_cost",
    "funding",
    "set_id",
)

Row = Mapping[str, Any]


def trade_sets(fills: SeriesReader, cursor: str | None, limit: int) -> Page:
    """Return a page of trade sets in the order in which they were opened."""
    import numpy as np

    ids = fills.slice(0, fills.rows, ["set_id"]).column("set_id").to_numpy()
    known = np.unique(ids)
    first = row_of(cursor, 0)
    wanted = known[first : first + limit]
    # Sets of several symbols lie among each other: read from the first fill of the page to its last.
    rows = np.flatnonzero(np.isin(ids, wanted))
    found: dict[int, list[Row]] = {int(set_id): [] for set_id in wanted}
    if len(rows):
        start = int(rows[0])
        table = fills.slice(start, int(rows[-1]) + 1, _COLUMNS).take(rows - start)
        for row in rows_of(wire_columns(table)):
            found[row["set_id"]].append(row)
    sets = [_trade_set(set_id, legs) for set_id, legs in found.items()]

    def following(count: int) -> str | None:
        return row_cursor(first + count) if first + count < len(known) else None

    names = list(sets[0]) if sets else ["set_id"]
    return Page({name: [entry[name] for entry in sets] for name in names}, following)


def _trade_set(set_id: int, fills: Sequence[Row]) -> dict[str, Any]:
    entries = [fill for fill in fills if fill["is_entry"]]
    exits = [fill for fill in fills if not fill["is_entry"]]
    closed = fills[-1]["position_after"] == 0
    # A set that began as an allocation at the start has no entry fill: its first exit tells the side.
    opens_with_buy = (fills[0]["side"] == "buy") == fills[0]["is_entry"]
    return {
        "set_id": set_id,
        "symbol": fills[0]["symbol"],
        "side": "long" if opens_with_buy else "short",
        "opened_at": fills[0]["timestamp"],
        "closed_at": fills[-1]["timestamp"] if closed else None,
        "legs": _legs(fills),
        "total_pnl": sum(fill["pnl"] for fill in fills),
        "total_fees": sum(fill["fee"] for fill in fills),
        # Fills from before there was funding have none, NaN.
        "total_funding": sum(fill["funding"] for fill in fills if fill["funding"] == fill["funding"]),
        "total_qty_entered": sum(fill["qty"] for fill in entries),
        "total_qty_exited": sum(fill["qty"] for fill in exits),
        "entries": len(entries),
        "exits": len(exits),
        "average_entry_price": _average_price(entries),
        "average_exit_price": _average_price(exits),
        "max_exposure": max(abs(fill["position_after"]) * fill["price"] for fill in fills),
        "entry_trigger": entries[0]["trigger_id"] if entries else None,
        "exit_trigger": exits[-1]["trigger_id"] if closed and exits else None,
    }


def _legs(fills: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the legs; an exit does not change the average cost, so its cost is that of the leg before."""
    legs = []
    before: float | None = None
    for number, fill in enumerate(fills):
        after = fill["average_cost"] or None
        legs.append(
            {
                "leg_id": number,
                "side": fill["side"],
                "qty": fill["qty"],
                "price": fill["price"],
                "fees": fill["fee"],
                "timestamp": fill["timestamp"],
                "trigger_id": fill["trigger_id"],
                "category": fill["category"],
                "reason": fill["reason"],
                "is_entry": fill["is_entry"],
                "exit_fraction": fill["exit_fraction"],
                "average_cost_at_fill": after if fill["is_entry"] else before or after,
                "realised_pnl": fill["pnl"],
                "position_after": fill["position_after"],
            }
        )
        before = after
    return legs


def _average_price(fills: Sequence[Row]) -> float | None:
    qty = sum(fill["qty"] for fill in fills)
    return sum(fill["qty"] * fill["price"] for fill in fills) / qty if qty else None
