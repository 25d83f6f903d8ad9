"""The payloads of events, as JSON text.

Made only when the column is read, by formatting: numbers are written as Python's shortest repr, which
is JSON for every finite float, and names are quoted once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.columns import Coded
from engine.logs import Log
from engine.program import compile_program
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

    def repeat(self, column: NDArray[np.int64]) -> NDArray[np.int64]:
        """A column of the log with the entries that are two events doubled."""
        import numpy as np

        return np.repeat(column, self._times)

    def repeat_text(self, column: Coded) -> Coded:
        return Coded(self.repeat(column.codes.astype("int64")).astype("int32"), column.names)

    @cached_property
    def _times(self) -> NDArray[np.int64]:
        times: NDArray[np.int64] = 1 + (self.log.code(L.CODE_TYPE) == L.E_DECIDED).astype("int64")
        return times


def payloads(plan: Plan, after: State, segment: Segment, events: Events) -> list[str]:
    """Return one JSON object for each event of the segment, in order."""
    codes = events.repeat(events.log.whole(L.EI_CODE)).tolist()
    numbers = events.repeat(events.log.code(L.CODE_RULE)).tolist()
    details = _entries(segment, L.LOG_DETAILS)
    fills = _entries(segment, L.LOG_FILLS)
    rules = _rule_texts(plan)
    orders = [_order(plan, number) for number in range(len(rules))]
    texts: list[str] = []
    for kind, rule, code in zip(events.types.tolist(), numbers, codes, strict=True):
        if kind == L.E_FILL:
            texts.append(_fill(*next(fills), details))
        elif kind == L.E_FIRED:
            texts.append(rules[rule])
        elif kind == L.E_SUBMITTED:
            texts.append(orders[rule])
        elif kind == L.E_BLOCKED:
            texts.append(_blocked(plan, code, *next(details)))
        elif kind == L.E_GAP:
            _, (first, last, count) = next(details)
            texts.append(f'{{"from":"{_iso(first)}","to":"{_iso(last)}","missing_bars":{count}}}')
        elif kind == L.E_PLAN:
            texts.append(_plan(plan))
        else:
            texts.append(_completed(after))
    return texts


Entry = tuple[list[float], list[int]]


def _entries(segment: Segment, log: int) -> Iterator[Entry]:
    """The entries of a log one by one: floats and ints."""
    for floats, ints in zip(segment.floats[log], segment.ints[log], strict=True):
        yield from zip(floats.tolist(), ints.tolist(), strict=True)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _iso(ms: int) -> str:
    """Write a time as payloads do: ISO 8601 in UTC, for people and for the API alike."""
    moment = _EPOCH + timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds" if ms % 1000 else "seconds").replace("+00:00", "Z")


def _part(code: int, part: int) -> int:
    """One part of a packed code, -1 for none (see engine.layout)."""
    return ((code >> part) & ((1 << L.CODE_BITS[part]) - 1)) - 1


def _order(plan: Plan, rule: int) -> str:
    side = "sell" if _is_exit(plan, rule) else "buy"
    return f'{{"order":"market","side":"{side}","fills_at":"next open"}}'


def _fill(f: list[float], i: list[int], details: Iterator[Entry]) -> str:
    code = i[L.FI_CODE]
    kind = _part(code, L.CODE_TYPE)
    text = (
        f'{{"side":"{"sell" if kind == L.FILL_EXIT else "buy"}","qty":{f[L.FF_QTY]!r},'
        f'"price":{f[L.FF_PRICE]!r},"fee":{f[L.FF_FEE]!r},"slippage":{f[L.FF_SLIPPAGE]!r},'
        f'"reason":"{L.FILL_REASONS[_part(code, L.CODE_REASON)]}","decided_at":"{_iso(i[L.FI_DECIDED])}",'
        f'"set_id":{i[L.FI_SET]},"cash_after":{f[L.FF_CASH]!r}'
    )
    if kind == L.FILL_CASH_BOUND:
        (wanted, _), _ = next(details)
        text += f',"cash_bound":true,"wanted_qty":{wanted!r}'
    if kind == L.FILL_EXIT:
        text += f',"pnl":{f[L.FF_PNL]!r}'
    return text + "}"


def _blocked(plan: Plan, code: int, values: list[float], span: list[int]) -> str:
    reason = _part(code, L.CODE_REASON)
    first, second = values
    details: dict[str, object] = {}
    if reason == L.R_OUTRANKED:
        details = {"winner": _trigger_id(plan, int(first))}
    elif reason == L.R_INSUFFICIENT_CASH:
        details = {"wanted": first, "cash": second}
    elif reason == L.R_MIN_NOTIONAL:
        details = {"notional": first, "min_notional": second}
    return json.dumps(
        {
            "reason": L.REASONS[reason],
            "side": "sell" if _is_exit(plan, _part(code, L.CODE_RULE)) else "buy",
            "first": _iso(span[L.DI_FIRST]),
            "last": _iso(span[L.DI_LAST]),
            "count": span[L.DI_COUNT],
            **details,
        },
        separators=(",", ":"),
    )


def _plan(plan: Plan) -> str:
    return json.dumps(
        {
            "strategy": plan.strategy.name,
            "parameters": dict(plan.strategy.parameters),
            "symbols": plan.symbols,
            "start": _iso(plan.start_ms),
            "end": _iso(plan.end_ms),
            "warm_up_bars": warm_up_bars(plan.strategy, plan.timeframe_ms),
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
    for rule in compile_program(plan.strategy, plan.record_indicators).rules:
        trigger = plan.strategy.triggers[rule.trigger]
        kind, expression = ("exit", trigger.exit) if rule.is_exit else ("entry", trigger.entry)
        texts.append(json.dumps({"rule": kind, "expression": expression}, separators=(",", ":")))
    return texts


def _is_exit(plan: Plan, rule: int) -> bool:
    return compile_program(plan.strategy, plan.record_indicators).rules[rule].is_exit


def _trigger_id(plan: Plan, rule: int) -> str:
    program = compile_program(plan.strategy, plan.record_indicators)
    return plan.strategy.triggers[program.rules[rule].trigger].id
