"""The payloads of events, as JSON text.

Made only when the column is read, by formatting: numbers are written as Python's shortest repr, which
is JSON for every finite float, and names are quoted once.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.program import compile_program
from engine.strategy import warm_up_bars

if TYPE_CHECKING:
    from engine.machine import Segment
    from engine.plan import Plan
    from engine.state import State


def payloads(plan: Plan, after: State, segment: Segment) -> list[str]:
    """Return one JSON object for each event of the segment, in order."""
    events = segment.ints[L.LOG_EVENTS].tolist()
    details = zip(segment.floats[L.LOG_DETAILS].tolist(), segment.ints[L.LOG_DETAILS].tolist(), strict=True)
    fills = zip(segment.floats[L.LOG_FILLS].tolist(), segment.ints[L.LOG_FILLS].tolist(), strict=True)
    rules = _rule_texts(plan)
    orders = [_order(plan, number) for number in range(len(rules))]
    texts: list[str] = []
    for code, _, _ in events:
        kind = _part(code, L.CODE_TYPE)
        if kind == L.E_FIRED:
            texts.append(rules[_part(code, L.CODE_RULE)])
        elif kind == L.E_SUBMITTED:
            texts.append(orders[_part(code, L.CODE_RULE)])
        elif kind == L.E_FILL:
            texts.append(_fill(*next(fills)))
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


def _fill(f: list[float], i: list[int]) -> str:
    code = i[L.FI_CODE]
    kind = _part(code, L.CODE_TYPE)
    text = (
        f'{{"side":"{"sell" if kind == L.FILL_EXIT else "buy"}","qty":{f[L.FF_QTY]!r},'
        f'"price":{f[L.FF_PRICE]!r},"fee":{f[L.FF_FEE]!r},"slippage":{f[L.FF_SLIPPAGE]!r},'
        f'"reason":"{L.FILL_REASONS[_part(code, L.CODE_REASON)]}","decided_at":"{_iso(i[L.FI_DECIDED])}",'
        f'"set_id":{i[L.FI_SET]},"cash_after":{f[L.FF_CASH]!r}'
    )
    if kind == L.FILL_CASH_BOUND:
        text += f',"cash_bound":true,"wanted_qty":{f[L.FF_WANTED]!r}'
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
            "warm_up_bars": warm_up_bars(plan.strategy),
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
