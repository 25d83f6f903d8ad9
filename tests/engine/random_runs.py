"""Runs drawn at random: every feature of documents, limits and plans, on ragged markets."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from engine.limits import Behaviour, Risk
from tests.reckoning import Bar, Costs, Setup
from tests.reckoning.documents import read_document
from tests.reckoning.settings import HOUR_MS

QUARTERS = 4
QUARTER_MS = HOUR_MS // QUARTERS

RARE = ("volume > 46", "volume < 2.5", "close > open * 1.03", "close < open * 0.97")
"""Rules that leave most bars alone."""
ENTRIES = (
    *RARE,
    "close > open", "close < open", "volume < 12", "volume > 38", "high - low > close * 0.015",
    "position == 'flat' and volume < 20", "stop_hit", "target_hit or volume < 3",
    "entries < 2 and close > open",
)  # fmt: skip
EXITS = (
    *RARE,
    "close < open", "volume > 45", "volume < 5", "high - low > close * 0.02", "pnl_pct > 1", "pnl < -4",
    "age >= 3", "age_hours > 5 and close < open", "current_r > 0.5", "mfe_r > 1 and close < open",
    "mae_r < -0.3", "exposure > 0.8", "equity > 1010", "cash < 300",
)  # fmt: skip
HOLDS = ("close > open", "volume > 25", "age < 3", "pnl > 0", "age_hours < 4")
CATEGORIES = (
    "trend_continuation", "reversal", "risk_reduce", "risk_off", "emergency_exit", "other",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A document, and the setup that the reckoning reads it into."""

    document: Mapping[str, Any]
    setup: Setup


def maybe(values: st.SearchStrategy[Any], often: int = 3) -> st.SearchStrategy[Any]:
    """A value once in `often` times, else None."""
    return st.integers(1, often).flatmap(lambda drawn: values if drawn == 1 else st.none())


PERCENT = st.sampled_from([0.5, 1.0, 1.7, 3.0, 6.0])
DISTANCE = st.sampled_from(["high - low", "close * 0.01", "2 * abs(close - open)", "atr(5)"])
STOPS: dict[int, Any] = {
    sign: st.one_of(
        st.builds(lambda v: {"percent": v}, PERCENT),
        st.builds(lambda v: {"distance": v}, DISTANCE),
        st.builds(lambda v: {"atr": v, "period": 5}, st.sampled_from([0.7, 1.5, 3.0])),
        st.just({"price": f"close * {1 - sign * 0.02!r}"}),
    )
    for sign in (1, -1)
}
TARGETS: dict[int, Any] = {
    sign: st.one_of(
        st.builds(lambda v: {"percent": v}, PERCENT),
        st.builds(lambda v: {"distance": v}, DISTANCE),
        st.just({"price": f"close * {1 + sign * 0.03!r}"}),
    )
    for sign in (1, -1)
}
# No percentage of a stop is among them: of two levels that differ in their last bit either may be named.
APART = st.sampled_from([0.6, 1.3, 2.0, 4.0])
TRAILINGS = st.one_of(
    st.builds(lambda v: {"percent": v}, APART),
    st.builds(lambda v: {"distance": v}, st.sampled_from(["(high + low) / 150", "1.1 * atr(5)"])),
    st.builds(lambda v: {"step_percent": v}, APART),
)


KEPT = ("id", "category", "entry", "exit", "exit_fraction", "direction", "symbols")


@st.composite
def triggers(draw: st.DrawFn, number: int, symbols: tuple[str, ...], is_plain: bool) -> dict[str, Any]:
    """A trigger; a plain one has at most two of the fields that protect, time or multiply its entry."""
    found = draw(full_triggers(number, symbols))
    more = [key for key in found if key not in KEPT]
    if not is_plain or not more:
        return found
    kept = {*KEPT, *draw(st.lists(st.sampled_from(more), max_size=2))}
    if found.get("direction") == "short" and "entry" in found:
        kept |= {"stop", "trailing"}
    if not kept & {"stop", "trailing"}:
        kept -= {"min_reward_to_risk"} | ({"target"} if "r" in found.get("target", {}) else set())
    if "min_reward_to_risk" in kept:
        kept |= {"stop", "trailing", "target"}
    if "r" in found.get("target", {}) and "target" in kept:
        kept |= {"stop", "trailing"}
    return {key: value for key, value in found.items() if key in kept}


@st.composite
def full_triggers(draw: st.DrawFn, number: int, symbols: tuple[str, ...]) -> dict[str, Any]:
    has_entry = number == 0 or draw(st.integers(0, 3)) > 0
    found: dict[str, Any] = {"id": f"t{number}", "category": draw(st.sampled_from(CATEGORIES))}
    found["symbols"] = draw(maybe(st.just([draw(st.sampled_from(symbols))]), 4))
    if not has_entry or draw(st.integers(0, 2)) > 0:
        found["exit"] = draw(st.sampled_from(EXITS))
        found["exit_fraction"] = draw(maybe(st.sampled_from([0.25, 0.5, 0.7]), 4))
    if not has_entry:
        found["direction"] = draw(st.sampled_from(["long", "short", "both"]))
        return without_none(found)
    sign = draw(st.sampled_from([1, -1]))
    found |= {"entry": draw(st.sampled_from(ENTRIES)), "direction": "long" if sign > 0 else "short"}
    found["stop"] = draw(maybe(STOPS[sign], 2))
    found["trailing"] = draw(maybe(TRAILINGS))
    if sign < 0 and found["stop"] is None and found["trailing"] is None:
        found["stop"] = draw(STOPS[sign])
    protected = found["stop"] is not None or found["trailing"] is not None
    found["target"] = draw(maybe(TARGETS[sign]))
    if protected and found["target"] is None:
        found["target"] = draw(maybe(st.builds(lambda v: {"r": v}, st.sampled_from([0.5, 1.0, 2.5]))))
    if protected and found["target"] is not None:
        found["min_reward_to_risk"] = draw(maybe(st.sampled_from([0.55, 1.45])))
    kind = draw(maybe(st.sampled_from(["limit", "stop"])))
    if kind is not None:
        away = 1 - sign * 0.004 if kind == "limit" else 1 + sign * 0.004
        prices = [f"close * {away!r}", "(high + low) / 2", "close - atr(5)", "open"]
        found["order"] = {kind: draw(st.sampled_from(prices)), "valid_for": draw(st.integers(1, 4))}
    found["hold"] = draw(maybe(st.sampled_from(HOLDS), 4))
    found["max_bars"] = draw(maybe(st.integers(1, 6), 4))
    found["scale_in"] = draw(maybe(st.integers(2, 4), 2))
    found["confidence"] = draw(maybe(st.sampled_from(["A", "B", "C"]), 2))
    return without_none(found)


def without_none(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if value is not None}


SIZINGS = st.one_of(
    st.builds(lambda v: {"mode": "fraction", "fraction": v}, st.sampled_from([0.1, 0.3, 0.95, 2.0])),
    st.builds(lambda v: {"mode": "risk", "risk_pct": v}, st.sampled_from([0.2, 1.0, 3.0])),
    st.builds(lambda v: {"mode": "notional", "notional": v}, st.sampled_from([50.0, 300.0])),
    st.builds(
        lambda v: {"mode": "volatility_target", "target_pct": v, "period": 6}, st.sampled_from([10.0, 60.0])
    ),
)
PROFILES = st.one_of(st.none(), st.just({"A": 1.5, "B": 0.7}), st.just({"C": 0.25}))

RISKS = st.builds(
    Risk,
    max_position_risk_pct=maybe(st.sampled_from([0.2, 1.0]), 4),
    max_symbol_exposure_pct=maybe(st.sampled_from([20.0, 60.0])),
    max_portfolio_exposure_pct=maybe(st.sampled_from([40.0, 120.0])),
    max_daily_loss_pct=maybe(st.sampled_from([1.0, 3.0]), 5),
    max_daily_risk_budget_pct=maybe(st.sampled_from([1.0, 3.0]), 5),
    max_trades_per_day=maybe(st.integers(1, 6), 5),
    max_triggers_per_symbol_per_day=maybe(st.integers(1, 4), 5),
)
BEHAVIOURS = st.builds(
    Behaviour,
    min_price_move_pct=maybe(st.sampled_from([0.3, 1.0]), 6),
    min_hold_hours=maybe(st.sampled_from([1.0, 2.0, 5.0]), 4),
    min_flat_hours=maybe(st.sampled_from([1.0, 2.0, 5.0]), 4),
    confidence_override=maybe(st.sampled_from(["A", "B", "C"]), 2),
    conflicting_signals=st.sampled_from(["ignore", "exit", "reverse", "defer"]),
    exit_binding=st.sampled_from(["none", "none", "category", "exact"]),
    walk_away_profit_pct=maybe(st.sampled_from([1.0, 5.0]), 7),
    flatten_daily=st.sampled_from([False, False, True]),
)
COSTS = st.builds(
    Costs,
    taker_fee_bps=st.sampled_from([0.0, 10.0]),
    maker_fee_bps=st.sampled_from([0.0, 4.0]),
    slippage_bps=st.sampled_from([0.0, 2.0, 30.0]),
    slippage_range_fraction=st.sampled_from([0.0, 0.0, 0.05]),
    slippage_volume_share=st.sampled_from([0.0, 0.0, 0.02]),
)


def walk(rows: int, seed: int, holes: float, first_hour: int, wildness: float) -> tuple[list[Bar], list[Bar]]:
    """A random walk by quarters of an hour and by hours; `holes` is the share of hours that are missing.

    Some quarters are missing where their hour is not: those hours must be resolved without them.
    """
    chance = random.Random(seed)
    hours: list[Bar] = []
    quarters: list[Bar] = []
    price = 100.0
    for hour in range(first_hour, first_hour + rows):
        if chance.random() < 0.03:
            price *= 1 + chance.gauss(0.0, 8 * wildness)
        drawn: list[Bar] = []
        for part in range(QUARTERS):
            open_ = price * (1 + chance.gauss(0.0, wildness / 10))
            price = open_ * (1 + chance.gauss(0.0, wildness))
            high = max(open_, price) * (1 + abs(chance.gauss(0.0, wildness / 2)))
            low = min(open_, price) * (1 - abs(chance.gauss(0.0, wildness / 2)))
            volume = 0.0 if chance.random() < 0.05 else chance.random() * 12.5
            drawn.append(Bar(hour * HOUR_MS + part * QUARTER_MS, open_, high, low, price, volume))
        if chance.random() < holes:
            continue
        hours.append(
            Bar(
                drawn[0].time,
                drawn[0].open,
                max(bar.high for bar in drawn),
                min(bar.low for bar in drawn),
                drawn[-1].close,
                sum(bar.volume for bar in drawn),
            )
        )
        quarters += [bar for bar in drawn if chance.random() >= 0.02]
    return hours, quarters


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """A run of one to three symbols over up to a week of hours; half of them plain, without limits."""
    symbols = ("A", "B", "C")[: draw(st.integers(1, 3))]
    rows = draw(st.integers(16, 160))
    first = 24 * 365 + draw(st.integers(0, 23))
    wildness = draw(st.sampled_from([0.002, 0.006, 0.02]))
    holes = draw(st.sampled_from([0.0, 0.05, 0.3]))
    seed = draw(st.integers(0, 2**32))
    walks = {symbol: walk(rows, seed + n, holes, first, wildness) for n, symbol in enumerate(symbols)}
    markets = {symbol: hours for symbol, (hours, _) in walks.items()}
    is_plain = draw(st.booleans())
    document: dict[str, Any] = {
        "name": "drawn",
        "triggers": [draw(triggers(number, symbols, is_plain)) for number in range(draw(st.integers(1, 5)))],
        "sizing": without_none(draw(SIZINGS) | {"profile": draw(PROFILES)}),
    }
    funding = {}
    if draw(st.booleans()):
        every = draw(st.sampled_from([1, 8])) * HOUR_MS + draw(st.sampled_from([0, 0, QUARTER_MS]))
        chance = random.Random(seed)
        funding = {
            symbol: [
                (time, chance.gauss(0.0, 0.002))
                for time in range((first - 3) * HOUR_MS, (first + rows + 3) * HOUR_MS, every)
            ]
            for symbol in symbols
        }
    uses_finer = draw(st.booleans())
    setup = read_document(
        document,
        markets,
        HOUR_MS,
        start_ms=(first + draw(st.sampled_from([0, 0, 5]))) * HOUR_MS,
        cash=1000.0,
        allocations=draw(maybe(st.just({symbols[-1]: 200.0}), 4)) or {},
        costs=draw(COSTS),
        risk=Risk() if is_plain else draw(RISKS),
        behaviour=Behaviour() if is_plain else draw(BEHAVIOURS),
        leverage=draw(st.sampled_from([1.0, 1.0, 3.0, 20.0])),
        funding=funding,
        finer={symbol: quarters for symbol, (_, quarters) in walks.items()} if uses_finer else {},
        quantity_step=draw(st.sampled_from([0.0, 1e-8, 0.001, 0.25])),
        # Without a step, what is left of cash after a purchase may buy a speck, or not, by its last bit.
        min_notional=draw(st.sampled_from([0.01, 20.0])),
    )
    return Run(document, setup)
