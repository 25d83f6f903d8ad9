"""What became of each rule: how often it was asked, fired, filled, and what blocked it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.program import rules_of

if TYPE_CHECKING:
    from engine.plan import Plan
    from engine.state import State
    from engine.triggers import Trigger


def rule_counts(plan: Plan, state: State) -> list[dict[str, object]]:
    """Return one mapping for each entry and exit rule, in the order of the kernel's rules.

    trigger_id, rule (entry or exit); evaluated: closes at which the rule counted (flat for an entry, in a
    position for an exit) over all its markets; fired: those at which it was true; executed: its fills;
    blocked: reason → closes or orders that were blocked.
    """
    ints = state.ints.tolist()
    rules_here, _ = rules_of(plan.strategy)
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
                "blocked": {L.REASONS[reason]: times for reason, times in enumerate(blocked) if times > 0},
            }
        )
    return found


def _evaluated(trigger: Trigger, is_exit: bool, market: list[int]) -> int:
    flat, long, short = (market[n] for n in (L.SI_FLAT_ROWS, L.SI_LONG_ROWS, L.SI_SHORT_ROWS))
    own, other = (short, long) if trigger.direction == "short" else (long, short)
    if is_exit:
        return own + other if trigger.direction == "both" else own
    # Against a position of the other direction an entry is a conflict; with one of its own it may add.
    return flat + other + (own if trigger.scale_in > 1 else 0)


def exit_counts(state: State) -> dict[str, int]:
    """Return how many exits each reason had."""
    ints = state.ints.tolist()
    none = (L.FR_ENTRY, L.FR_ALLOCATION)
    return {n: ints[L.GI_EXITS + at] for at, n in enumerate(L.FILL_REASONS) if at not in none}
