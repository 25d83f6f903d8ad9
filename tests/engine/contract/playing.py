"""Play a document on hand-made hours, by the engine or by the plain reckoning, to one kind of outcome."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import ModuleType
from typing import Any, Protocol

import numpy as np
import pytest

import engine
from engine import Bars, Market, Plan, finish, initial_state, join, parse_strategy, simulate
from engine.columns import Table
from engine.plan import Funding
from tests.engine.market import rows
from tests.reckoning import Bar, Fill, Row, Setup, Trade, reckon
from tests.reckoning.documents import read_document
from tests.reckoning.settings import HOUR_MS as HOUR_MS

BUY, SELL, IDLE = 1.0, 2.0, 10.0
"""Volumes that mark the hours whose close decides, so that prices are free to be round."""
ON_BUY, ON_SELL = f"volume == {BUY:g}", f"volume == {SELL:g}"


def near(value: Any, rel: float | None = None, abs: float | None = None) -> Any:  # noqa: A002 - pytest's name
    """`pytest.approx`, which may stand inside a tuple beside texts."""
    return pytest.approx(value, rel=rel, abs=abs)


def hours(*candles: Sequence[float], at: Sequence[int] | int = 0) -> list[Bar]:
    """Candles (open, high, low, close[, volume]), an hour apart from hour `at`, or at these hours."""
    times = range(at, at + len(candles)) if isinstance(at, int) else at
    return [
        Bar(hour * HOUR_MS, candle[0], candle[1], candle[2], candle[3], (*candle, IDLE)[4])
        for hour, candle in zip(times, candles, strict=True)
    ]


def flat(price: float, volume: float = IDLE) -> tuple[float, float, float, float, float]:
    """A candle that does not move."""
    return price, price, price, price, volume


def trigger(**fields: Any) -> dict[str, Any]:
    """Trigger `t`, which enters on BUY and leaves on SELL unless told otherwise (None: never)."""
    merged = {"id": "t", "entry": ON_BUY, "exit": ON_SELL} | fields
    return {key: value for key, value in merged.items() if value is not None}


def document(*triggers: dict[str, Any], fraction: float = 0.5, **fields: Any) -> dict[str, Any]:
    return {
        "name": "case",
        "triggers": list(triggers) or [trigger()],
        "sizing": {"mode": "fraction", "fraction": fraction},
        **fields,
    }


@dataclass(frozen=True)
class Span:
    """A block that stood for `count` bars of its symbol, the first and the last of them at these times."""

    symbol: str
    trigger: str | None
    rule: str
    reason: str
    first: int
    last: int
    count: int = 1


@dataclass(frozen=True)
class Outcome:
    """What came of a run. Times are epoch ms."""

    fills: list[Fill]
    spans: list[Span]
    equity: list[Row]
    trades: list[Trade]

    @property
    def reasons(self) -> list[tuple[int, str | None, str]]:
        """(hour, trigger, reason) of each time a decision was blocked, by time."""
        blocked = [
            (hour, span.trigger, span.reason)
            for span in self.spans
            for hour in range(span.first // HOUR_MS, span.last // HOUR_MS + 1)
        ]
        assert len(blocked) == sum(span.count for span in self.spans), "a block skipped an hour"
        return sorted(blocked, key=lambda found: found[0])

    @property
    def legs(self) -> list[tuple[int, str, float, float, str]]:
        """(hour, side, quantity, price, reason) of each fill, rounded to nine digits."""
        return [
            (fill.time // HOUR_MS, fill.side, round(fill.qty, 9), round(fill.price, 9), fill.reason)
            for fill in self.fills
        ]

    @property
    def equities(self) -> list[float]:
        return [round(row.equity, 8) for row in self.equity]


class Play(Protocol):
    def __call__(
        self, document: Mapping[str, Any], markets: Mapping[str, Sequence[Bar]] | Sequence[Bar], **run: Any
    ) -> Outcome:
        """Run the document; `run` are fields of `tests.reckoning.Setup`."""
        ...


def by_reckoning(
    document: Mapping[str, Any], markets: Mapping[str, Sequence[Bar]] | Sequence[Bar], **run: Any
) -> Outcome:
    result = reckon(setup_of(document, markets, **run))
    spans = [Span(b.symbol, b.trigger, b.rule, b.reason, b.time, b.time) for b in result.blocks]
    return Outcome(result.fills, spans, result.equity, result.trades)


def by_engine(
    document: Mapping[str, Any], markets: Mapping[str, Sequence[Bar]] | Sequence[Bar], **run: Any
) -> Outcome:
    return engine_outcome(document, setup_of(document, markets, **run))


def setup_of(
    document: Mapping[str, Any], markets: Mapping[str, Sequence[Bar]] | Sequence[Bar], **run: Any
) -> Setup:
    named = markets if isinstance(markets, Mapping) else {"A": markets}
    return read_document(document, named, run.pop("step_ms", HOUR_MS), **run)


def engine_outcome(document: Mapping[str, Any], setup: Setup, *, kernel: ModuleType | None = None) -> Outcome:
    """Play a setup by the engine; `document` is what the setup was read from."""
    first = min(bars[0].time for bars in setup.markets.values() if bars)
    last = max(bars[-1].time for bars in setup.markets.values() if bars)
    needs_funding = setup.leverage > 1.0 or any(t.direction == "short" for t in setup.triggers)
    finer_ms = min(
        (after.time - one.time for bars in setup.finer.values() for one, after in pairwise(bars)),
        default=setup.step_ms // 4,
    )
    plan = Plan(
        parse_strategy(document),
        tuple(Market(symbol, setup.quantity_step, setup.min_notional) for symbol in setup.markets),
        setup.step_ms,
        first if setup.start_ms is None else setup.start_ms,
        last + setup.step_ms,
        initial_cash=setup.cash,
        allocations=tuple(setup.allocations.get(symbol, 0.0) for symbol in setup.markets),
        costs=engine.Costs(**vars(setup.costs)),
        record_indicators=False,
        risk=setup.risk,
        behaviour=setup.behaviour,
        leverage=setup.leverage,
        maintenance_margin_pct=100.0 * setup.maintenance,
        funding=tuple(
            funding_of(setup.funding.get(symbol, ())) if needs_funding or symbol in setup.funding else None
            for symbol in setup.markets
        ),
        finer_ms=finer_ms if setup.finer else None,
    )
    state, folded = simulate(
        plan,
        initial_state(plan),
        {symbol: columns(bars) for symbol, bars in setup.markets.items()},
        finer={symbol: columns(bars) for symbol, bars in setup.finer.items()},
        kernel=kernel,
    )
    closed = finish(plan, state, kernel=kernel)[1].tables
    tables = {name: join([table, closed[name]]) for name, table in folded.tables.items()}
    return Outcome(
        [fill_of(row) for row in rows(tables["fills"])],
        spans_of(tables["events"], setup),
        [Row(r["timestamp"], r["equity"], r["cash"], r["exposure"]) for r in rows(tables["equity"])],
        [trade_of(row) for row in rows(tables["trades"])],
    )


def columns(bars: Sequence[Bar]) -> Bars:
    return Bars(
        np.array([bar.time for bar in bars], dtype=np.int64),
        *(
            np.array([getattr(bar, name) for bar in bars], dtype=np.float64)
            for name in ("open", "high", "low", "close", "volume")
        ),
    )


def candles_of(bars: Bars) -> list[Bar]:
    """The way back: a market's columns as candles."""
    values = (bars.timestamp, bars.open, bars.high, bars.low, bars.close, bars.volume)
    return [Bar(*row) for row in zip(*(column.tolist() for column in values), strict=True)]


def funding_of(payments: Sequence[tuple[int, float]]) -> Funding:
    return Funding(
        np.array([time for time, _ in payments], dtype=np.int64),
        np.array([rate for _, rate in payments], dtype=np.float64),
    )


def known(value: Any) -> Any:
    """None for a missing number."""
    return None if isinstance(value, float) and math.isnan(value) else value


def fill_of(row: Mapping[str, Any]) -> Fill:
    is_entry = row["reason"] in ("entry_rule", "initial_allocation")
    return Fill(
        time=row["timestamp"],
        symbol=row["symbol"],
        side=row["side"],
        qty=row["qty"],
        price=row["price"],
        fee=row["fee"],
        reason=row["reason"],
        liquidity=row["liquidity"],
        trigger=row["trigger_id"],
        decided_at=row["decided_at"],
        position_after=row["position_after"],
        cash_after=row["cash_after"],
        margin_after=row["margin_after"],
        pnl=row["pnl"],
        funding=row["funding"],
        exit_fraction=None if is_entry else known(row["exit_fraction"]),
        r_multiple=known(row["r_multiple"]),
        bound_by=row["bound_by"],
        risk_used=known(row["risk_used_abs"]),
        actual_risk=known(row["actual_risk_at_stop"]),
        stop_distance=known(row["stop_distance"]),
        allocated_risk=known(row["allocated_risk_abs"]),
        multiplier=known(row["profile_multiplier"]),
    )


def trade_of(row: Mapping[str, Any]) -> Trade:
    return Trade(
        symbol=row["symbol"],
        side=row["side"],
        entry_time=row["entry_timestamp"],
        exit_time=row["exit_timestamp"],
        qty=row["qty"],
        entry_price=row["entry_price"],
        exit_price=row["exit_price"],
        pnl=row["pnl"],
        funding=row["funding"],
        reason=row["exit_reason"],
        entry_trigger=row["entry_trigger"],
        exit_trigger=row["exit_trigger"],
        bars=row["bars"],
        risk=known(row["risk"]),
        r_multiple=known(row["r_multiple"]),
        mfe=row["mfe"],
        mae=row["mae"],
    )


def spans_of(events: Table, setup: Setup) -> list[Span]:
    """The blocks of an events table. Its side tells an entry from an exit."""
    directions = {found.id: found.direction for found in setup.triggers}
    found: list[Span] = []
    for event in rows(events):
        if event["type"] != "trade_blocked":
            continue
        payload = json.loads(event["payload"])
        identity = event["trigger_id"]
        opens = "sell" if directions.get(identity) == "short" else "buy"
        first, last = _ms(payload["first"]), _ms(payload["last"])
        rule = "system" if identity is None else "entry" if payload["side"] == opens else "exit"
        found.append(Span(event["symbol"], identity, rule, payload["reason"], first, last, payload["count"]))
    return found


def _ms(text: str) -> int:
    return int(np.datetime64(text.removesuffix("Z"), "ms").astype(np.int64))
