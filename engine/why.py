"""Why or why not: every condition of every rule at one bar, and what the run decided there.

Nothing of it is stored. A run is deterministic, so it is folded again to the bar, and the rules' parts are
evaluated beside it over the same bars, so that both hold the same bits. That costs what the run did up to
there, about 20 ms for a million bars: no checkpoint would be worth its keep.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.bars import Bars
from engine.columns import Coded, Table
from engine.conditions import Part, at_bar, observable, part_values, read_parts
from engine.errors import BarsError, Issue, PlanError
from engine.events import block_payload
from engine.explanation import Bar, Decision, Event, Explanation, RuleExplanation, TriggerExplanation
from engine.fold import simulate
from engine.machine import state_values
from engine.observation import Observer
from engine.plan_arrays import counts_for, program_of
from engine.prospects import nodes_of, prospect
from engine.standing import Standing
from engine.state import initial_state
from engine.strategy import warm_up_bars

if TYPE_CHECKING:
    from types import ModuleType

    from engine.fold import Output
    from engine.plan import Plan
    from engine.program import Rule
    from engine.state import State
    from engine.triggers import Trigger

MAX_FOLLOWED = 1_000
"""Bars after the decision in which the fill of a resting order is looked for."""

_AT_CLOSE = frozenset(
    {
        L.R_OUTRANKED, L.R_HOLD_RULE, L.R_MIN_HOLD, L.R_BINDING, L.R_WALKED_AWAY, L.R_LATCHED, L.R_MIN_FLAT,
        L.R_CONFLICT_IGNORED, L.R_CONFLICT_DEFERRED, L.R_MIN_MOVE, L.R_REWARD, L.R_PRICE_MISSING,
    }
)  # fmt: skip
"""Reasons that block a rule at a close; all others block an order at its fill."""


def explain(
    plan: Plan,
    bars: Mapping[str, Bars],
    symbol: str,
    at_ms: int,
    *,
    trigger: str | None = None,
    finer: Mapping[str, Bars] | None = None,
    kernel: ModuleType | None = None,
) -> Explanation:
    """Explain the bar of `symbol` that opens at `at_ms`; `bars` and `finer` are those of the run.

    `trigger` leaves all others out. Raise BarsError where there is no such bar in the span, PlanError for a
    symbol or trigger that the plan does not have.
    """
    explainer = Explainer(plan, symbol, at_ms, trigger=trigger, kernel=kernel)
    explainer.take(bars, finer)
    return explainer.explanation()


class Explainer:
    """Takes a run's bars segment after segment, as the run did, until it knows what became of one bar."""

    def __init__(
        self,
        plan: Plan,
        symbol: str,
        at_ms: int,
        *,
        trigger: str | None = None,
        kernel: ModuleType | None = None,
    ) -> None:
        _check(plan, symbol, trigger)
        # The indicators' columns are not looked at; without them the fold has less to write.
        self._plan = plan = replace(plan, record_indicators=False)
        self._symbol, self._at, self._kernel = symbol, at_ms, kernel
        self._state = initial_state(plan)
        self._graph = plan.strategy.graph.extended()
        self._triggers = [t for t in plan.strategy.triggers if trigger in (None, t.id)]
        self._rules: list[tuple[int, Rule, Part]] = [
            (number, rule, self._parts_of(rule))
            for number, rule in enumerate(program_of(plan).rules)
            if plan.strategy.triggers[rule.trigger] in self._triggers
        ]
        self._closing = {
            t.timeframe: self._graph.timeframe_closed(t.timeframe) for t in self._triggers if t.timeframe
        }
        wanted = set(self._closing.values()).union(*(part.nodes() for _, _, part in self._rules))
        self._wanted = wanted
        seen = observable(self._graph, wanted)
        for found in self._triggers:
            if found.entry_node is not None:
                seen |= nodes_of(plan, found, self._graph)
        self._observer = Observer(self._graph, seen, plan.timeframe_ms, kernel)
        self._nearest: int | None = None
        self._bar: Bar | None = None
        self._values: dict[int, float] = {}
        self._state_names: tuple[float, ...] = ()
        self._here: tuple[State, Output] | None = None
        self._after: list[Output] = []
        self._left = 1

    @property
    def needs_more(self) -> bool:
        """Whether the bars that follow still tell something."""
        return self._here is None or self._left > 0

    def take(self, bars: Mapping[str, Bars], finer: Mapping[str, Bars] | None = None) -> None:
        """Take the next bars of all symbols; those of later calls come after them. Raise BarsError."""
        self._take(bars, finer, 0, self._at)
        self._take(bars, finer, self._at, self._at + 1)
        if self._here is None:
            own = bars.get(self._symbol)
            if own is not None and len(own) and own.timestamp[-1] >= self._at:
                raise BarsError(self._no_bar())
            return
        if self._left > 0:
            following = bars.get(self._symbol, Bars.empty()).between(self._at + 1, self._plan.end_ms)
            if len(following):
                last = min(self._left, len(following))
                self._left -= last
                self._take(bars, finer, self._at + 1, int(following.timestamp[last - 1]) + 1)

    def explanation(self) -> Explanation:
        """Return what was found. Raise BarsError if the bar did not come."""
        if self._here is None or self._bar is None:
            raise BarsError(self._no_bar())
        state, output = self._here
        plan, now = self._plan, Standing(self._plan, state, self._symbol)
        return Explanation(
            symbol=self._symbol,
            bar=self._bar,
            closes_at=self._at + plan.timeframe_ms,
            warm_up_bars=warm_up_bars(plan.strategy, plan.timeframe_ms, needs_atr=plan.needs_atr),
            cash=now.account_float(L.GF_CASH),
            equity=now.account_float(L.GF_EQUITY),
            position=now.position(),
            latched_by=now.latched_by(),
            walked_away=now.account_int(L.GI_WALKED) != 0,
            limits=now.limits(self._at),
            triggers=[self._explained(trigger, now) for trigger in self._triggers],
            decision=self._decision(now),
            events=[
                Event(row["timestamp"], row["type"], row["trigger_id"], json.loads(row["payload"]))
                for row in _rows(output.tables["events"])
                if row["symbol"] == self._symbol
            ],
        )

    # --- folding -----------------------------------------------------------------------------

    def _take(self, bars: Mapping[str, Bars], finer: Mapping[str, Bars] | None, first: int, end: int) -> None:
        """Fold what opens in [first, end)."""
        part = {symbol: found.between(first, end) for symbol, found in bars.items()}
        if not any(map(len, part.values())):
            return
        step = self._plan.timeframe_ms
        inside = {symbol: found.between(first - step, end + step) for symbol, found in (finer or {}).items()}
        self._state, output = simulate(
            self._plan, self._state, part, finer=inside or None, kernel=self._kernel
        )
        own = part.get(self._symbol, Bars.empty())
        if first > self._at:
            self._after.append(output)
            return
        if len(own):
            values = self._observer.take(own, keep=1)[:, 0]
            self._nearest = int(own.timestamp[-1])
        if first == self._at and len(own) and self._plan.start_ms <= self._at < self._plan.end_ms:
            self._bar = Bar(*(column[0].item() for column in own.columns))
            self._values = dict(zip(self._observer.nodes, map(float, values), strict=True))
            self._here = self._state, output
            number = self._plan.symbols.index(self._symbol)
            self._state_names = state_values(self._plan, self._state, number, self._kernel)
            resting = Standing(self._plan, self._state, self._symbol)
            if resting.market_int(L.SI_RESTING) and resting.market_int(L.SI_RESTING_SINCE) == self._at:
                self._left = min(resting.market_int(L.SI_RESTING_LEFT), MAX_FOLLOWED)

    def _no_bar(self) -> str:
        start, end = self._plan.start_ms, self._plan.end_ms
        if not start <= self._at < end:
            return f"{self._at} lies outside this run's span, from {start} to before {end}"
        before = "there is none before" if self._nearest is None else f"the nearest before is {self._nearest}"
        return f"{self._symbol} has no bar at {self._at} in this run's span; {before}"

    # --- the rules ---------------------------------------------------------------------------

    def _parts_of(self, rule: Rule) -> Part:
        trigger = self._plan.strategy.triggers[rule.trigger]
        return read_parts(rule_text(trigger, rule), self._plan.strategy, self._graph, trigger.timeframe)

    def _explained(self, trigger: Trigger, now: Standing) -> TriggerExplanation:
        rules = [
            self._rule(number, rule, part, now)
            for number, rule, part in self._rules
            if self._plan.strategy.triggers[rule.trigger] is trigger
        ]
        close = self._bar.close if self._bar else float("nan")
        equity = now.account_float(L.GF_EQUITY)
        return TriggerExplanation(
            trigger_id=trigger.id,
            direction=trigger.direction,
            category=trigger.category,
            confidence=trigger.confidence,
            timeframe=trigger.timeframe,
            rules=rules,
            entry=None
            if trigger.entry_node is None
            else prospect(self._plan, trigger, self._graph, close, equity, self._values),
        )

    def _rule(self, number: int, rule: Rule, part: Part, now: Standing) -> RuleExplanation:
        trigger = self._plan.strategy.triggers[rule.trigger]
        values = part_values(self._graph, self._wanted, self._values, self._state_names)
        condition = at_bar(part, self._graph, values)
        closed = None
        if trigger.timeframe is not None and rule.kind != "hold":
            closed = values[self._closing[trigger.timeframe]] > 0.0
        truth = bool(condition.truth) and closed is not False
        counts, because = self._counts(number, rule, trigger, now, truth)
        outcome, block = self._outcome(number, now, truth)
        return RuleExplanation(
            rule=rule.kind,
            expression=rule_text(trigger, rule),
            counts=counts,
            counts_because=because,
            truth=truth,
            condition=condition,
            timeframe_closed=closed,
            outcome=outcome,
            block=block,
        )

    def _counts(
        self, number: int, rule: Rule, trigger: Trigger, now: Standing, truth: bool
    ) -> tuple[bool, str]:
        """Whether a rule means anything at this close, and why."""
        held = {0: "flat", 1: "in a long position", -1: "in a short position"}[now.sign]
        if trigger.symbols and self._symbol not in trigger.symbols:
            return False, f"the trigger is for {', '.join(trigger.symbols)}"
        if rule.kind == "hold":
            own = now.opener is not None and now.opener == rule.trigger
            return own, "it opened the position" if own else "the position is not this trigger's" if (
                now.sign
            ) else held
        if self._rests(number, now):
            return False, "its order rests already"
        if not counts_for(trigger, rule, now.sign):
            return False, f"{held}: {'exits' if rule.is_exit else 'entries of its direction'} do not count"
        if not rule.is_exit and now.sign and trigger.direction == {1: "long", -1: "short"}[now.sign]:
            entries = now.market_int(L.SI_ENTRIES)
            room = entries < trigger.scale_in
            return room, f"{held} of {entries} entries, of which it may have {trigger.scale_in}"
        if rule.is_exit and (
            now.sign == 0 or not counts_for(replace(trigger, category="other"), rule, now.sign)
        ):
            return False, f"{held}: a risk-off exit only shuts the symbol for the day"
        if rule.is_exit and truth and now.intention(number, L.NI_DONE):
            return False, "it has closed its share already, and counts again once it was false"
        if not rule.is_exit and now.sign:
            return True, f"{held}: an entry against it"
        return True, held

    def _rests(self, number: int, now: Standing) -> bool:
        return (
            now.market_int(L.SI_RESTING) != 0
            and now.market_int(L.SI_RESTING_RULE) == number
            and now.market_int(L.SI_RESTING_SINCE) < self._at
        )

    def _outcome(self, number: int, now: Standing, truth: bool) -> tuple[str, dict[str, Any] | None]:
        if self._ordered(now) == number:
            return "order", None
        block = self._block(number, now, _AT_CLOSE)
        if block is not None and now.intention(number, L.NI_LAST) == self._at:
            return "blocked", block
        if truth and self._rests(number, now):
            return "waits", None
        return ("held_back" if truth else "none"), None

    def _block(self, number: int, now: Standing, reasons: frozenset[int]) -> dict[str, Any] | None:
        reason = now.intention(number, L.NI_REASON)
        if reason not in reasons:
            return None
        span = [now.intention(number, name) for name in (L.NI_FIRST, L.NI_LAST, L.NI_COUNT)]
        return block_payload(self._plan, number, reason, now.block_values(number), span)

    # --- the decision ------------------------------------------------------------------------

    def _ordered(self, now: Standing) -> int | None:
        """The rule whose order was decided at this close; −1 for the run's own order."""
        if now.market_int(L.SI_PENDING) and now.market_int(L.SI_DECIDED) == self._at:
            return now.market_int(L.SI_PENDING_RULE)
        if now.market_int(L.SI_RESTING) and now.market_int(L.SI_RESTING_SINCE) == self._at:
            return now.market_int(L.SI_RESTING_RULE)
        return None

    def _decision(self, now: Standing) -> Decision | None:
        number = self._ordered(now)
        if number is None:
            return None
        own = number < 0
        rests = not now.market_int(L.SI_PENDING)
        reason = L.FR_ENTRY
        if not rests and now.market_int(L.SI_PENDING_REASON) >= 0:
            reason = now.market_int(L.SI_PENDING_REASON)
        decision = now.market_int(L.SI_PENDING_ID) if own else now.intention(number, L.NI_ID)
        fills, block = self._became(number, f"d{decision}")
        if fills:
            outcome = "filled"
        elif block:
            outcome = "blocked"
        else:
            outcome = "resting" if rests and self._after else "waiting"
        rule = None if own else program_of(self._plan).rules[number]
        return Decision(
            trigger_id=now.trigger_of(number),
            rule=None if rule is None else rule.kind,
            reason=L.FILL_REASONS[reason],
            order=L.ORDERS[now.market_int(L.SI_RESTING)] if rests else "market",
            outcome=outcome,
            fills=fills,
            block=block,
        )

    def _became(self, number: int, name: str) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        """The fills of a decision, or what blocked it."""
        fills = [
            {key: value for key, value in row.items() if key not in ("seq", "correlation_id")}
            for output in self._after
            for row in _rows(output.tables["fills"])
            if row["correlation_id"] == name and row["symbol"] == self._symbol
        ]
        if fills:
            return fills, None
        for output in self._after:
            for row in _rows(output.tables["events"]):
                if row["type"] == "trade_blocked" and row["correlation_id"] == name:
                    block: dict[str, Any] = json.loads(row["payload"])
                    if L.REASONS.index(block["reason"]) not in _AT_CLOSE:
                        return [], block
        if self._after and number >= 0:
            later = Standing(self._plan, self._state, self._symbol)
            if f"d{later.intention(number, L.NI_ID)}" == name:
                return [], self._block(number, later, frozenset(range(L.R_SIZE)) - _AT_CLOSE)
        return [], None


def _check(plan: Plan, symbol: str, trigger: str | None) -> None:
    if symbol not in plan.symbols:
        message = f"{symbol} is not in this run; its symbols are {', '.join(plan.symbols)}"
        raise PlanError((Issue("symbol", message, symbol),))
    known = [found.id for found in plan.strategy.triggers]
    if trigger is not None and trigger not in known:
        message = f"there is no trigger '{trigger}'; the document has {', '.join(known)}"
        raise PlanError((Issue("trigger", message, trigger),))


def rule_text(trigger: Trigger, rule: Rule) -> str:
    """The expression of a trigger's rule."""
    return {"entry": trigger.entry, "exit": trigger.exit, "hold": trigger.hold}[rule.kind] or ""


def _rows(table: Table) -> list[dict[str, Any]]:
    """The rows of a short table, NaN as None."""
    columns = {
        name: values.tolist() if isinstance(values, Coded) or hasattr(values, "tolist") else values
        for name, values in table.items()
    }
    return [
        {name: None if values[row] != values[row] else values[row] for name, values in columns.items()}
        for row in range(table.rows)
    ]
