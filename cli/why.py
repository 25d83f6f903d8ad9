"""`stepfold why`: every condition of every rule at one bar, and what the run decided there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer

from cli.connection import ApiUrl, AsJson, connected
from cli.errors import BadInputError
from cli.examples import examples
from cli.figures import minute, money, number
from cli.find_run import RunArgument, find_run
from cli.output import print_json, print_lines
from shared.responses_why import ConditionAnswer, DecisionAnswer, LimitAnswer, RuleWhy, TriggerWhy, WhyAnswer
from shared.times import parse_time


def register(parent: typer.Typer) -> None:
    parent.command(
        "why",
        epilog=examples(
            "stepfold why last --at 2021-05-19T12:00 --symbol BTC-USDT",
            "stepfold why last --at 2021-05-19T12:00 --trigger ema_cross --json",
        ),
    )(why)


def why(
    run: RunArgument,
    at: Annotated[
        str, typer.Option("--at", help="When the bar opens (UTC).", metavar="TIME", show_default=False)
    ],
    symbol: Annotated[
        str | None,
        typer.Option(help="One of the run's symbols; default: its first.", show_default=False),
    ] = None,
    trigger: Annotated[
        str | None, typer.Option(help="Only this trigger's rules.", metavar="ID", show_default=False)
    ] = None,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show why a trade did or did not happen at a bar: ✓ and ✗ for each condition, with its values."""
    try:
        parse_time(at)
    except ValueError as error:
        raise BadInputError(str(error)) from None
    with connected(api_url) as api:
        path = f"/backtests/{find_run(api, run)}/why"
        answer = api.get(WhyAnswer, path, {"at": at, "symbol": symbol, "trigger": trigger})
    if as_json:
        print_json(answer.raw)
    else:
        print_lines(_lines(answer.value))


def _lines(found: WhyAnswer) -> Iterator[str]:
    bar = found.bar
    yield f"{found.symbol}  {minute(bar.timestamp)} UTC"
    prices = {"open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close}
    yield "  " + "  ".join(f"{name} {number(price)}" for name, price in prices.items())
    yield f"  equity {money(found.equity)}  cash {money(found.cash)}"
    yield f"  {_position(found)}"
    if found.latched_by:
        yield f"  shut for the rest of the day by {found.latched_by}"
    if found.walked_away:
        yield "  the run has walked away with its profit"
    yield from (f"  limit {_limit(limit)}" for limit in found.limits)
    yield ""
    yield from _decision(found.decision)
    for trigger in found.triggers:
        yield ""
        yield from _trigger(trigger)


def _position(found: WhyAnswer) -> str:
    held = found.position
    if held is None:
        return "flat"
    levels = (
        ("stop", held.stop_price),
        ("trailing", held.trailing_price),
        ("target", held.target_price),
        ("liquidation", held.liquidation_price),
    )
    prices = "".join(f", {name} {number(price)}" for name, price in levels if price is not None)
    opened = f"by {held.trigger_id}" if held.trigger_id else "by its allocation"
    return (
        f"{held.side} {number(abs(held.qty))} at {number(held.average_cost)}{prices}, "
        f"opened {opened} {held.bars_held} bars ago"
    )


def _limit(limit: LimitAnswer) -> str:
    value = number(limit.limit) if isinstance(limit.limit, float | int) else str(limit.limit)
    stands = "" if limit.now is None else f" (now {number(limit.now)})"
    return f"{limit.name} {value}{stands}"


def _decision(decision: DecisionAnswer | None) -> Iterator[str]:
    if decision is None:
        yield "No order was decided at this close."
        return
    whose = f"{decision.trigger_id} {decision.rule}" if decision.trigger_id else decision.reason
    yield f"Decided: {whose}, {decision.order} order, {decision.outcome}"
    for fill in decision.fills:
        bound = f", made smaller by {fill.bound_by}" if fill.bound_by not in (None, "own") else ""
        yield f"  {fill.side} {number(fill.qty)} at {number(fill.price)}, {minute(fill.timestamp)} UTC{bound}"
    if decision.block is not None:
        yield from (f"  {line}" for line in _block(decision.block))


def _trigger(trigger: TriggerWhy) -> Iterator[str]:
    kinds = (trigger.direction, trigger.category, trigger.confidence, trigger.timeframe)
    yield f"{trigger.trigger_id}  ({', '.join(str(kind) for kind in kinds if kind)})"
    for rule in trigger.rules:
        yield from _rule(rule)
    entry = trigger.entry
    if entry is None or not any(rule.rule == "entry" and rule.counts for rule in trigger.rules):
        return
    levels = (("stop", entry.stop_price), ("trailing", entry.trailing_price), ("target", entry.target_price))
    prices = "".join(f", {name} {number(price)}" for name, price in levels if price is not None)
    size = "of missing size" if entry.qty is None else number(entry.qty)
    price = "a missing price" if entry.price is None else number(entry.price)
    yield f"  an entry here, before costs and limits: {size} at {price}{prices}"


def _rule(rule: RuleWhy) -> Iterator[str]:
    said = {
        "order": "became the order",
        "waits": "its order rests already",
        "blocked": "blocked",
        "held_back": "true, but does not count",
        "none": "not true" if rule.counts else "does not count",
    }[rule.outcome]
    yield f"  {_mark(rule.truth)} {rule.rule}: {said} ({rule.counts_because})"
    if rule.block is not None:
        yield from (f"      {line}" for line in _block(rule.block))
    if rule.timeframe_closed is not None:
        yield f"      {_mark(rule.timeframe_closed)} a bar of the trigger's timeframe closes here"
    yield from _condition(rule.condition, 3)


def _condition(condition: ConditionAnswer, depth: int) -> Iterator[str]:
    indent = "  " * depth
    meaning = f"  = {condition.definition}" if condition.definition else ""
    if condition.truth is None:
        before = f"  (one bar earlier {_value(condition.before)})" if condition.is_crossing else ""
        if condition.text != _value(condition.value):
            yield f"{indent}{condition.text}  {_value(condition.value)}{before}{meaning}"
    else:
        yield f"{indent}{_mark(condition.truth)} {condition.text}{meaning}"
    yield from _each(condition.parts, depth + 1)


def _each(parts: Iterable[ConditionAnswer], depth: int) -> Iterator[str]:
    for part in parts:
        yield from _condition(part, depth)


def _block(block: dict[str, Any]) -> Iterator[str]:
    """A reason, for how many closes it has held, and its values."""
    count = block.get("count", 1)
    since = f", {count} closes since {minute(block['first'])}" if count > 1 else ""
    yield f"blocked by {str(block['reason']).replace('_', ' ')}{since}"
    values = [
        f"{name.replace('_', ' ')} {number(value) if isinstance(value, float | int) else value}"
        for name, value in block.items()
        if name not in ("reason", "side", "first", "last", "count") and value is not None
    ]
    if values:
        yield f"  {', '.join(values)}"


def _value(value: float | str | None) -> str:
    if value is None:
        return "missing"
    return value if isinstance(value, str) else number(value)


def _mark(truth: bool) -> str:
    return "✓" if truth else "✗"
