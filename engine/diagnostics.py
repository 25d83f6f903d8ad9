"""What became of each rule: how often it was asked, fired, filled, and what blocked it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.program import Rule, rules_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.plan import Plan
    from engine.strategy import Strategy
    from engine.triggers import Trigger


def rule_counts(plans: Sequence[Plan], ints: NDArray[np.int64]) -> list[list[dict[str, object]]]:
    """Return for each run one mapping for each entry and exit rule, in the order of the kernel's rules.

    `ints` are those of the runs' states, one column for each; the plans differ in parameters alone.

    trigger_id, rule (entry or exit); evaluated: closes at which the rule counted (flat for an entry, in a
    position for an exit) over all its markets; fired: those at which it was true; executed: its fills;
    blocked: reason → closes or orders that were blocked.
    """
    found: list[list[dict[str, object]]] = [[] for _ in plans]
    alike: dict[int, list[int]] = {}
    for row, plan in enumerate(plans):
        alike.setdefault(id(plan.strategy.like or plan.strategy), []).append(row)
    for rows in alike.values():
        for row, counts in zip(rows, _counts(plans[rows[0]], ints[:, rows]), strict=True):
            found[row] = counts
    return found


def _counts(plan: Plan, ints: NDArray[np.int64]) -> list[list[dict[str, object]]]:
    """The counts of runs that differ in nodes alone."""
    import numpy as np

    # Which rules there are does not depend on parameters.
    strategy, markets = plan.strategy.like or plan.strategy, plan.markets
    rules = _rules(strategy)
    counters = L.GI_SIZE + len(markets) * (L.SI_SIZE + len(rules) * L.NI_SIZE)
    found: list[list[dict[str, object]]] = [[] for _ in range(ints.shape[1])]
    for number, rule in enumerate(rules):
        if rule.kind == "hold":
            continue
        trigger = strategy.triggers[rule.trigger]
        at = counters + number * L.TI_SIZE
        evaluated = np.zeros(ints.shape[1], dtype=np.int64)
        for place, market in enumerate(markets):
            if not trigger.symbols or market.symbol in trigger.symbols:
                evaluated += _evaluated(trigger, rule.is_exit, ints[L.GI_SIZE + place * L.SI_SIZE :])
        columns = zip(
            evaluated.tolist(),
            ints[at + L.TI_FIRED].tolist(),
            ints[at + L.TI_EXECUTED].tolist(),
            _reasons(ints[at + L.TI_BLOCKED : at + L.TI_BLOCKED + L.R_SIZE]),
            strict=True,
        )
        for counts, (asked, fired, executed, blocked) in zip(found, columns, strict=True):
            counts.append(
                {
                    "trigger_id": trigger.id,
                    "rule": rule.kind,
                    "evaluated": asked,
                    "fired": fired,
                    "executed": executed,
                    "blocked": blocked,
                }
            )
    return found


def _reasons(blocked: NDArray[np.int64]) -> list[dict[str, int]]:
    """The reasons that each run had, and how often."""
    found: list[dict[str, int]] = [{} for _ in range(blocked.shape[1])]
    for reason, row in zip(*(places.tolist() for places in blocked.nonzero()), strict=True):
        found[row][L.REASONS[reason]] = int(blocked[reason, row])
    return found


@lru_cache(maxsize=64)
def _rules(strategy: Strategy) -> tuple[Rule, ...]:
    return rules_of(strategy)[0]


def _evaluated(trigger: Trigger, is_exit: bool, market: NDArray[np.int64]) -> NDArray[np.int64]:
    rows = [L.SI_FLAT_ROWS]
    own, other = L.SI_LONG_ROWS, L.SI_SHORT_ROWS
    if trigger.direction == "short":
        own, other = other, own
    if is_exit:
        rows = [own, other] if trigger.direction == "both" else [own]
    else:
        # Against a position of the other direction an entry is a conflict; with one of its own it may add.
        rows += [other, own] if trigger.scale_in > 1 else [other]
    found: NDArray[np.int64] = market[rows].sum(axis=0)
    return found


def exit_counts(ints: NDArray[np.int64]) -> list[dict[str, int]]:
    """Return for each run how many exits each reason had, of the ints of their states, a column for each."""
    names, places = zip(*_EXITS, strict=True)
    return [dict(zip(names, times, strict=True)) for times in ints[list(places)].T.tolist()]


_EXITS = tuple(
    (name, L.GI_EXITS + at)
    for at, name in enumerate(L.FILL_REASONS)
    if at not in (L.FR_ENTRY, L.FR_ALLOCATION)
)
