"""The payloads of events, as JSON text.

Made only when the column is read, by formatting: numbers are written as Python's shortest repr, which
is JSON for every finite float, and names are quoted once.
"""

from __future__ import annotations

import json
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
    values = segment.floats[L.LOG_EVENTS].tolist()
    fill_floats = segment.floats[L.LOG_FILLS].tolist()
    fill_ints = segment.ints[L.LOG_FILLS].tolist()
    rules = _rule_texts(plan)
    texts: list[str] = []
    fill = 0
    for event, value in zip(events, values, strict=True):
        kind = event[L.EI_TYPE]
        if kind == L.E_FIRED:
            texts.append(rules[event[L.EI_RULE]])
        elif kind == L.E_SUBMITTED:
            side = "sell" if _is_exit(plan, event[L.EI_RULE]) else "buy"
            texts.append(f'{{"order":"market","side":"{side}","fills_at":"next open"}}')
        elif kind == L.E_FILL:
            texts.append(_fill(fill_floats[fill], fill_ints[fill]))
            fill += 1
        elif kind == L.E_BLOCKED:
            texts.append(_blocked(plan, event, value))
        elif kind == L.E_GAP:
            texts.append(
                f'{{"from":{event[L.EI_FIRST]},"to":{event[L.EI_LAST]},"missing_bars":{event[L.EI_COUNT]}}}'
            )
        elif kind == L.E_PLAN:
            texts.append(_plan(plan))
        else:
            texts.append(_completed(after))
    return texts


def _fill(f: list[float], i: list[int]) -> str:
    text = (
        f'{{"side":"{"buy" if i[L.FI_ENTRY] else "sell"}","qty":{f[L.FF_QTY]!r},"price":{f[L.FF_PRICE]!r},'
        f'"fee":{f[L.FF_FEE]!r},"slippage":{f[L.FF_SLIPPAGE]!r},"reason":"{L.FILL_REASONS[i[L.FI_REASON]]}",'
        f'"decided_at":{i[L.FI_DECIDED]},"set_id":{i[L.FI_SET]},"cash_after":{f[L.FF_CASH]!r}'
    )
    if i[L.FI_CASH_BOUND]:
        text += f',"cash_bound":true,"wanted_qty":{f[L.FF_WANTED]!r}'
    if not i[L.FI_ENTRY]:
        text += f',"pnl":{f[L.FF_PNL]!r}'
    return text + "}"


def _blocked(plan: Plan, event: list[int], value: list[float]) -> str:
    reason = event[L.EI_REASON]
    first, second = value
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
            "side": "sell" if _is_exit(plan, event[L.EI_RULE]) else "buy",
            "first": event[L.EI_FIRST],
            "last": event[L.EI_LAST],
            "count": event[L.EI_COUNT],
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
            "start": plan.start_ms,
            "end": plan.end_ms,
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
