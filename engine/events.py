"""The payloads of events, as JSON text.

Made only when the column is read, by formatting: numbers are written as Python's shortest repr, which
is JSON for every finite float, and names are quoted once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.columns import Coded, Table
from engine.logs import Log
from engine.plan_arrays import program_of
from engine.strategy import warm_up_bars

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.machine import Segment
    from engine.plan import Plan
    from engine.state import State


class Events:
    """The log of events, in which one entry may stand for two events."""

    def __init__(self, plan: Plan, segment: Segment) -> None:
        self.log = Log(plan, segment, L.LOG_EVENTS)

    @cached_property
    def types(self) -> NDArray[np.int64]:
        """Types of events: a decision is a rule that fired and an order that was submitted."""
        import numpy as np

        kinds = self.repeat(self.log.code(L.CODE_TYPE))
        decided = kinds == L.E_DECIDED
        # Of each pair the first fired; pairs never touch another's, so every second one was submitted.
        second = np.cumsum(decided) % 2 == 0
        kinds[decided] = np.where(second[decided], L.E_SUBMITTED, L.E_FIRED)
        return kinds

    def repeat(self, column: NDArray[Any]) -> NDArray[Any]:
        """A column of the log with the entries that are two events doubled."""
        import numpy as np

        return np.repeat(column, self._times)

    def repeat_text(self, column: Coded) -> Coded:
        return Coded(self.repeat(column.codes.astype("int64")).astype("int32"), column.names)

    @cached_property
    def _times(self) -> NDArray[np.int64]:
        times: NDArray[np.int64] = 1 + (self.log.code(L.CODE_TYPE) == L.E_DECIDED).astype("int64")
        return times


_DETAILED = (L.E_BLOCKED, L.E_GAP, L.E_FUNDING, L.E_WALKED)
"""Events that have an entry in the log of details, as fills have that something made smaller."""


def build_blocks(plan: Plan, segment: Segment) -> Table:
    """Return one row for each `trade_blocked`: `first` (epoch ms, of the first decision), `reason`, `count`.

    The same stands in the payloads of the events; here no text has to be written and read for it.
    """
    import numpy as np

    events, fills = Log(plan, segment, L.LOG_EVENTS), Log(plan, segment, L.LOG_FILLS)
    details = Log(plan, segment, L.LOG_DETAILS)

    @cache
    def entries() -> NDArray[np.int64]:
        """Places in the log of details, which lie in the order of their events."""
        used = np.isin(kinds, _DETAILED)
        used[kinds == L.E_FILL] = fills.code(L.CODE_TYPE) == L.FILL_BOUND
        places: NDArray[np.int64] = (np.cumsum(used) - 1)[blocked]
        return places

    if not len(details):
        # A block has details: without any, no event needs to be looked at.
        none = np.empty(0, dtype=np.int64)
        return Table(0, {"first": none, "reason": Log.text(none, L.REASONS), "count": none})
    kinds = events.code(L.CODE_TYPE)
    blocked = kinds == L.E_BLOCKED
    return Table(
        int(blocked.sum()),
        {
            "first": lambda: details.whole(L.DI_FIRST)[entries()],
            "reason": lambda: Log.text(events.code(L.CODE_REASON)[blocked], L.REASONS),
            "count": lambda: details.whole(L.DI_COUNT)[entries()],
        },
    )


def payloads(plan: Plan, after: State, segment: Segment, events: Events) -> list[str]:
    """Return one JSON object for each event of the segment, in order."""
    codes = events.repeat(events.log.whole(L.EI_CODE)).tolist()
    numbers = events.repeat(events.log.code(L.CODE_RULE)).tolist()
    details = _entries(segment, L.LOG_DETAILS)
    fills = _entries(segment, L.LOG_FILLS)
    extras = (row for rows in segment.floats[L.LOG_EXTRAS] for row in rows.T.tolist())
    rules = _rule_texts(plan)
    orders = [_order(plan, number) for number in range(len(rules))]
    texts: list[str] = []
    for kind, rule, code in zip(events.types.tolist(), numbers, codes, strict=True):
        if kind == L.E_FILL:
            texts.append(_fill(*next(fills), details, next(extras, None)))
        elif kind == L.E_FIRED:
            texts.append(rules[rule])
        elif kind == L.E_SUBMITTED:
            texts.append(orders[rule] if rule >= 0 else _system_order(code))
        elif kind == L.E_BLOCKED:
            rule, reason = _part(code, L.CODE_RULE), _part(code, L.CODE_REASON)
            texts.append(_json(block_payload(plan, rule, reason, *next(details))))
        elif kind == L.E_GAP:
            _, (first, last, count) = next(details)
            texts.append(f'{{"from":"{_iso(first)}","to":"{_iso(last)}","missing_bars":{count}}}')
        elif kind == L.E_FUNDING:
            (paid, rate), (first, last, count) = next(details)
            texts.append(
                f'{{"paid":{paid!r},"rate":{rate!r},"first":"{_iso(first)}","last":"{_iso(last)}",'
                f'"count":{count}}}'
            )
        elif kind == L.E_LATCHED:
            texts.append(rules[rule])
        elif kind == L.E_WALKED:
            (equity, level), _ = next(details)
            texts.append(f'{{"equity":{equity!r},"walk_away_at":{level!r}}}')
        elif kind == L.E_PLAN:
            texts.append(_plan(plan))
        else:
            texts.append(_completed(after))
    return texts


Entry = tuple[list[float], list[int]]


def _entries(segment: Segment, log: int) -> Iterator[Entry]:
    """The entries of a log one by one: floats and ints."""
    for floats, ints in zip(segment.floats[log], segment.ints[log], strict=True):
        yield from zip(floats.T.tolist(), ints.T.tolist(), strict=True)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _iso(ms: int) -> str:
    """Write a time as payloads do: ISO 8601 in UTC, for people and for the API alike."""
    moment = _EPOCH + timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds" if ms % 1000 else "seconds").replace("+00:00", "Z")


def _part(code: int, part: int) -> int:
    """One part of a packed code, -1 for none (see engine.layout)."""
    return ((code >> part) & ((1 << L.CODE_BITS[part]) - 1)) - 1


def _order(plan: Plan, number: int) -> str:
    rule = program_of(plan).rules[number]
    trigger = plan.strategy.triggers[rule.trigger]
    found: dict[str, object] = {"order": "market", "side": _side(plan, number), "fills_at": "next open"}
    if rule.is_exit:
        found["exit_fraction"] = trigger.exit_fraction
    elif trigger.order.type != "market":
        found |= {"order": trigger.order.type, "fills_at": "its price", "valid_for": trigger.order.valid_for}
    return json.dumps(found, separators=(",", ":"))


def _system_order(code: int) -> str:
    reason = L.FILL_REASONS[_part(code, L.CODE_REASON)]
    return f'{{"order":"market","reason":"{reason}","fills_at":"next open"}}'


def _fill(f: list[float], i: list[int], details: Iterator[Entry], extra: list[float] | None) -> str:
    code = i[L.FI_CODE]
    kind = _part(code, L.CODE_TYPE)
    text = (
        f'{{"side":"{"sell" if _part(code, L.CODE_SIDE) & 1 else "buy"}","qty":{f[L.FF_QTY]!r},'
        f'"price":{f[L.FF_PRICE]!r},"fee":{f[L.FF_FEE]!r},"slippage":{f[L.FF_SLIPPAGE]!r},'
        f'"reason":"{L.FILL_REASONS[_part(code, L.CODE_REASON)]}","decided_at":"{_iso(i[L.FI_DECIDED])}",'
        f'"set_id":{i[L.FI_SET]},"cash_after":{f[L.FF_CASH]!r}'
    )
    if kind == L.FILL_BOUND:
        (wanted, allowed), _ = next(details)
        bound = L.BOUNDS[_part(code, L.CODE_BOUND)]
        text += f',"bound_by":"{bound}","wanted_qty":{wanted!r},"allowed_qty":{allowed!r}'
    if kind == L.FILL_EXIT:
        text += f',"pnl":{f[L.FF_PNL]!r}'
    if extra is not None:
        for name, place in (("stop_distance", L.XF_STOP_DISTANCE), ("actual_risk_at_stop", L.XF_RISK)):
            if not math.isnan(extra[place]):
                text += f',"{name}":{extra[place]!r}'
        if not math.isnan(extra[L.XF_INSIDE]):
            text += f',"inside_at":"{_iso(int(extra[L.XF_INSIDE]))}"'
        if extra[L.XF_COVERED] > 0.0:
            text += f',"covered":{extra[L.XF_COVERED]!r}'
    return text + "}"


_VALUES = {
    L.R_INSUFFICIENT_CASH: ("wanted", "cash"),
    L.R_MIN_NOTIONAL: ("notional", "min_notional"),
    L.R_DAILY_LOSS: ("equity", "floor"),
    L.R_TRADES_PER_DAY: ("trades", "limit"),
    L.R_TRIGGERS_PER_DAY: ("triggers", "limit"),
    L.R_DAILY_BUDGET: ("wanted", "allowed"),
    L.R_POSITION_RISK: ("wanted", "allowed"),
    L.R_SYMBOL_EXPOSURE: ("wanted", "allowed"),
    L.R_PORTFOLIO_EXPOSURE: ("wanted", "allowed"),
    L.R_STOP_MISSING: ("level", "price"),
    L.R_STOP_BEYOND: ("level", "price"),
    L.R_TARGET_BEYOND: ("level", "price"),
    L.R_REWARD: ("reward_to_risk", "minimum"),
    L.R_MIN_HOLD: ("hours_held", "min_hold_hours"),
    L.R_MIN_FLAT: ("hours_flat", "min_flat_hours"),
    L.R_MIN_MOVE: ("move_pct", "min_price_move_pct"),
    L.R_CONFLICT_IGNORED: ("position",),
    L.R_CONFLICT_DEFERRED: ("position",),
    L.R_CONFLICT: ("price", "position"),
    L.R_WALKED_AWAY: ("equity", "walk_away_at"),
    L.R_REPLACED: ("price", "valid_for"),
    L.R_EXPIRED: ("price", "valid_for"),
    L.R_POSITION_CLOSED: ("price", "valid_for"),
}
"""What the two values of a block are, by its reason."""
_TRIGGERS = {L.R_HOLD_RULE: "held_by", L.R_BINDING: "bound_to", L.R_LATCHED: "latched_by"}
"""Reasons whose first value is a rule."""


def block_payload(
    plan: Plan, rule: int, reason: int, values: Sequence[float], span: Sequence[int]
) -> dict[str, object]:
    """What a block says: its reason with the two values of the log, and the span of closes it lasted."""
    first = values[0]
    details: dict[str, object] = {}
    if reason == L.R_OUTRANKED:
        # A negative winner is none of the rules: the run's own order.
        winner = int(first)
        details = {"winner": _trigger_id(plan, winner) if winner >= 0 else L.FILL_REASONS[-1 - winner]}
    elif reason in _TRIGGERS:
        details = {_TRIGGERS[reason]: _trigger_id(plan, int(first))}
    else:
        names = _VALUES.get(reason, ())
        details = {
            name: None if math.isnan(value) else value for name, value in zip(names, values, strict=False)
        }
    return {
        "reason": L.REASONS[reason],
        "side": _side(plan, rule) if rule >= 0 else None,
        "first": _iso(span[L.DI_FIRST]),
        "last": _iso(span[L.DI_LAST]),
        "count": span[L.DI_COUNT],
        **details,
    }


def _json(payload: Mapping[str, object]) -> str:
    return json.dumps(payload, separators=(",", ":"))


def _plan(plan: Plan) -> str:
    return json.dumps(
        {
            "strategy": plan.strategy.name,
            "parameters": dict(plan.strategy.parameters),
            "symbols": plan.symbols,
            "start": _iso(plan.start_ms),
            "end": _iso(plan.end_ms),
            "warm_up_bars": warm_up_bars(plan.strategy, plan.timeframe_ms, needs_atr=plan.needs_atr),
        },
        separators=(",", ":"),
    )


def _completed(state: State) -> str:
    return json.dumps(
        {"final_equity": state.equity, "bars": state.rows, "fills": state.fills, "trades": state.trades},
        separators=(",", ":"),
    )


def _rule_texts(plan: Plan) -> list[str]:
    texts: list[str] = []
    for rule in program_of(plan).rules:
        trigger = plan.strategy.triggers[rule.trigger]
        expression = {"entry": trigger.entry, "exit": trigger.exit, "hold": trigger.hold}[rule.kind]
        texts.append(json.dumps({"rule": rule.kind, "expression": expression}, separators=(",", ":")))
    return texts


def _side(plan: Plan, number: int) -> str | None:
    """What the rule's order does; None for an exit that leaves whatever there is."""
    rule = program_of(plan).rules[number]
    direction = plan.strategy.triggers[rule.trigger].direction
    if direction == "both":
        return None
    return "buy" if (direction == "long") != rule.is_exit else "sell"


def _trigger_id(plan: Plan, rule: int) -> str:
    return plan.strategy.triggers[program_of(plan).rules[rule].trigger].id
