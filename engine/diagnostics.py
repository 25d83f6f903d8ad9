"""What became of each rule: how often it was asked, fired, filled, and what blocked it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.program import Rule, rules_of

if TYPE_CHECKING:
    from engine.plan import Plan
    from engine.strategy import Strategy
    from engine.triggers import Trigger


def rule_counts(plan: Plan, ints: list[int]) -> list[dict[str, object]]:
    """Return one mapping for each entry and exit rule, in the order of the kernel's rules.

    `ints` are those of the run's state.

    trigger_id, rule (entry or exit); evaluated: closes at which the rule counted (flat for an entry, in a
    position for an exit) over all its markets; fired: those at which it was true; executed: its fills;
    blocked: reason → closes or orders that were blocked.
    """
    # Which rules there are does not depend on parameters.
    rules_here = _rules(plan.strategy.like or plan.strategy)
    count, rules = len(plan.markets), len(rules_here)
    counters = L.GI_SIZE + count * (L.SI_SIZE + rules * L.NI_SIZE)
    found: list[dict[str, object]] = []
    for number, rule in enumerate(rules_here):
        if rule.kind == "hold":
            continue
        trigger = plan.strategy.triggers[rule.trigger]
        at = counters + number * L.TI_SIZE
        blocked = ints[at + L.TI_BLOCKED : at + L.TI_BLOCKED + L.R_SIZE]
        found.append(
            {
                "trigger_id": trigger.id,
                "rule": rule.kind,
                "evaluated": sum(
                    _evaluated(trigger, rule.is_exit, ints[begin : begin + L.SI_SIZE])
                    for begin in (L.GI_SIZE + n * L.SI_SIZE for n in range(count))
                    if not trigger.symbols
                    or plan.markets[(begin - L.GI_SIZE) // L.SI_SIZE].symbol in trigger.symbols
                ),
                "fired": ints[at + L.TI_FIRED],
                "executed": ints[at + L.TI_EXECUTED],
                "blocked": (
                    {L.REASONS[reason]: times for reason, times in enumerate(blocked) if times > 0}
                    if any(blocked)
                    else {}
                ),
            }
        )
    return found


@lru_cache(maxsize=64)
def _rules(strategy: Strategy) -> tuple[Rule, ...]:
    return rules_of(strategy)[0]


def _evaluated(trigger: Trigger, is_exit: bool, market: list[int]) -> int:
    flat, long, short = (market[n] for n in (L.SI_FLAT_ROWS, L.SI_LONG_ROWS, L.SI_SHORT_ROWS))
    own, other = (short, long) if trigger.direction == "short" else (long, short)
    if is_exit:
        return own + other if trigger.direction == "both" else own
    # Against a position of the other direction an entry is a conflict; with one of its own it may add.
    return flat + other + (own if trigger.scale_in > 1 else 0)


def exit_counts(ints: list[int]) -> dict[str, int]:
    """Return how many exits each reason had, of the ints of the run's state."""
    return {name: ints[at] for name, at in _EXITS}


_EXITS = tuple(
    (name, L.GI_EXITS + at)
    for at, name in enumerate(L.FILL_REASONS)
    if at not in (L.FR_ENTRY, L.FR_ALLOCATION)
)
