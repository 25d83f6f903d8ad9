"""Whether anything in a run could see the future, and whether its warm-up is long enough.

The language cannot look ahead, and any cut of the bars gives the same bits: this shows it for one document
on one market instead of asking to be believed. The run over all bars is compared with runs that end earlier,
right after decisions and between them: up to its end each must say the same, in every condition and operand
of every rule, every decision, every fill and the equity. And rules are evaluated over bars that begin later:
from the recorded warm-up on they must be true at the same bars.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from engine.bars import Bars
from engine.columns import Coded, Table
from engine.conditions import Part, observable, read_parts
from engine.fold import simulate
from engine.observation import Observer
from engine.plan_arrays import program_of
from engine.prospects import nodes_of
from engine.state import initial_state
from engine.strategy import warm_up_bars
from engine.why import rule_text

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

    from engine.fold import Output
    from engine.plan import Plan

CUTS = 40
"""Runs that end earlier: half of them at decisions, half spread over the span."""
STARTS = 8
"""Beginnings from which the warm-up is tried, spread over the bars."""

_COMPARED = ("fills", "events", "equity")


@dataclass(frozen=True)
class Finding:
    """The first bar at which less data gave something else, and what gave it. Times are epoch ms."""

    kind: str
    """lookahead or warm_up"""
    symbol: str | None
    at: int
    """Open of the bar."""
    data_until: int | None
    """Open of the last bar of the run that ended earlier; None of a warm-up."""
    data_from: int | None
    """Open of the first bar of the later beginning; None of a lookahead."""
    trigger_id: str | None
    rule: str | None
    part: str | None
    """The innermost condition or operand that differs."""
    whole: float | None
    """Its value with all bars (1 and 0 of a condition), None is missing."""
    less: float | None
    """Its value with fewer."""
    what: str
    """In words."""


@dataclass(frozen=True)
class CheckReport:
    passed: bool
    bars: int
    rules: int
    cuts: int
    decisions: int
    fills: int
    warm_up_bars: int
    starts: int
    """Beginnings tried; 0 where there are no more bars than the warm-up takes."""
    findings: list[Finding]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class _Rule:
    trigger_id: str
    kind: str
    part: Part


def check(
    plan: Plan,
    bars: Mapping[str, Bars],
    *,
    finer: Mapping[str, Bars] | None = None,
    cuts: int = CUTS,
    starts: int = STARTS,
    kernel: ModuleType | None = None,
) -> CheckReport:
    """Compare a run with runs over fewer bars; `bars` with what comes before the start for its warm-up.

    It costs about `cuts` + `starts` runs. Raise BarsError.
    """
    return _Check(plan, bars, finer, kernel).report(cuts, starts)


class _Check:
    def __init__(
        self,
        plan: Plan,
        bars: Mapping[str, Bars],
        finer: Mapping[str, Bars] | None,
        kernel: ModuleType | None,
    ) -> None:
        self._plan, self._bars, self._finer, self._kernel = plan, bars, finer, kernel
        self._graph = plan.strategy.graph.extended()
        self._rules = [
            _Rule(
                plan.strategy.triggers[rule.trigger].id,
                rule.kind,
                read_parts(
                    rule_text(plan.strategy.triggers[rule.trigger], rule),
                    plan.strategy,
                    self._graph,
                    plan.strategy.triggers[rule.trigger].timeframe,
                ),
            )
            for rule in program_of(plan).rules
        ]
        self._levels = {
            trigger.id: nodes_of(plan, trigger, self._graph)
            for trigger in plan.strategy.triggers
            if trigger.entry_node is not None
        }
        wanted = set[int]().union(*(rule.part.nodes() for rule in self._rules))
        self._nodes = observable(self._graph, wanted).union(*self._levels.values())
        self._warm_up = warm_up_bars(plan.strategy, plan.timeframe_ms, needs_atr=plan.needs_atr)

    def report(self, cuts: int, starts: int) -> CheckReport:
        whole = self._folded(self._bars)
        values = {symbol: self._observed(found) for symbol, found in self._bars.items()}
        decided = self._decided(whole)
        tried = list(self._cuts(decided, cuts))
        ahead = [found for cut in tried for found in [self._compare_cut(whole, values, cut)] if found]
        beginnings = {symbol: self._starts(len(found), starts) for symbol, found in self._bars.items()}
        early = [
            found
            for symbol, places in beginnings.items()
            for place in places
            for found in [self._compare_start(symbol, values[symbol], place)]
            if found
        ]
        # The first in time tells most: what differs later may follow from it.
        findings = [min(found, key=lambda one: one.at) for found in (ahead, early) if found]
        return CheckReport(
            passed=not findings,
            bars=sum(map(len, self._bars.values())),
            rules=len(self._rules),
            cuts=len(tried),
            decisions=len(decided),
            fills=whole.tables["fills"].rows,
            warm_up_bars=self._warm_up,
            starts=sum(map(len, beginnings.values())),
            findings=findings,
        )

    # --- runs over some of the bars ----------------------------------------------------------

    def _folded(self, bars: Mapping[str, Bars]) -> Output:
        _, output = simulate(
            self._plan, initial_state(self._plan), bars, finer=self._finer, kernel=self._kernel
        )
        return output

    def _observed(self, bars: Bars) -> NDArray[np.float64]:
        """Every node's value at every bar: nodes × bars."""
        return self._observer().take(bars)

    def _observer(self) -> Observer:
        return Observer(self._graph, self._nodes, self._plan.timeframe_ms, self._kernel)

    def _decided(self, whole: Output) -> list[int]:
        """Times of the bars at whose close something fired, each once."""
        events = whole.tables["events"]
        fired = zip(events["timestamp"].tolist(), events["type"].tolist(), strict=True)
        return sorted({at for at, kind in fired if kind in ("trigger_fired", "order_submitted")})

    def _cuts(self, decided: Sequence[int], count: int) -> Iterator[int]:
        """The last bars of the runs to compare with."""
        plan = self._plan
        stamps = sorted(
            {
                at
                for found in self._bars.values()
                for at in found.between(plan.start_ms, plan.end_ms).timestamp.tolist()
            }
        )
        chosen = {*_spread(decided, (count + 1) // 2), *_spread(stamps[:-1], count // 2)}
        yield from sorted(chosen)

    def _starts(self, bars: int, count: int) -> list[int]:
        """Places of first bars that trade, each with a whole warm-up and something more before it."""
        return [] if bars <= self._warm_up + 1 else _spread(range(self._warm_up + 1, bars), count)

    # --- comparing ---------------------------------------------------------------------------

    def _compare_cut(
        self, whole: Output, values: Mapping[str, NDArray[np.float64]], cut: int
    ) -> Finding | None:
        part = {symbol: found.rows(0, _count(found, cut)) for symbol, found in self._bars.items()}
        found = [
            finding
            for symbol, fewer in part.items()
            for finding in [self._compare_values(symbol, fewer, values[symbol], cut)]
            if finding is not None
        ]
        if found:
            return min(found, key=lambda one: one.at)
        output = self._folded(part)
        tables = [
            finding
            for name in _COMPARED
            for finding in [_compare_tables(name, whole.tables[name], output.tables[name], cut)]
            if finding is not None
        ]
        return min(tables, key=lambda one: one.at) if tables else None

    def _compare_values(
        self, symbol: str, fewer: Bars, whole: NDArray[np.float64], cut: int
    ) -> Finding | None:
        import numpy as np

        less = self._observed(fewer)
        same = whole[:, : len(fewer)]
        differs = (same != less) & ~(np.isnan(same) & np.isnan(less))
        if not differs.any():
            return None
        bar = int(differs.any(axis=0).argmax())
        nodes = {node for node, is_so in zip(self._order, differs[:, bar], strict=True) if is_so}
        trigger, rule, part = self._cause(nodes)
        row = self._order.index(part.node if part and part.node in nodes else min(nodes))
        text = "a level or the size" if part is None else part.text
        return Finding(
            kind="lookahead",
            symbol=symbol,
            at=int(fewer.timestamp[bar]),
            data_until=cut,
            data_from=None,
            trigger_id=trigger,
            rule=rule,
            part=text,
            whole=_number(same[row, bar]),
            less=_number(less[row, bar]),
            what=f"the {rule} rule of '{trigger}' looks ahead: `{text}` was something else before later bars "
            "came",
        )

    def _compare_start(self, symbol: str, whole: NDArray[np.float64], place: int) -> Finding | None:
        """Compare the truth of rules from the bar `place` on, when data begins a warm-up before it."""
        begin = place - self._warm_up
        bars = self._bars[symbol]
        less = self._observed(bars.rows(begin, len(bars)))[:, self._warm_up :]
        same = whole[:, place:]
        first: tuple[int, _Rule, set[int]] | None = None
        for rule in self._rules:
            # A rule that does not look at the position is its truth; of others, the conditions that do not.
            root = rule.part.node
            wanted = (
                {part.node for part in _conditions(rule.part) if not self._graph.is_state(part.node)}
                if self._graph.is_state(root)
                else {root}
            )
            rows = [self._order.index(node) for node in wanted]
            differs = ((same[rows] > 0.0) != (less[rows] > 0.0)).any(axis=0)
            if differs.any() and (first is None or int(differs.argmax()) < first[0]):
                bar = int(differs.argmax())
                at_bar = (same[:, bar] > 0.0) != (less[:, bar] > 0.0)
                conditions = {part.node for part in _conditions(rule.part)}
                nodes = {
                    node for node, so in zip(self._order, at_bar, strict=True) if so and node in conditions
                }
                first = bar, rule, nodes
        if first is None:
            return None
        bar, rule, nodes = first
        part = _innermost(rule.part, nodes) or rule.part
        row = self._order.index(part.node)
        return Finding(
            kind="warm_up",
            symbol=symbol,
            at=int(bars.timestamp[place + bar]),
            data_until=None,
            data_from=int(bars.timestamp[begin]),
            trigger_id=rule.trigger_id,
            rule=rule.kind,
            part=part.text,
            whole=_number(same[row, bar]),
            less=_number(less[row, bar]),
            what=f"the {rule.kind} rule of '{rule.trigger_id}' is not settled after {self._warm_up} bars: "
            f"`{part.text}` depends on how much came before them",
        )

    @property
    def _order(self) -> tuple[int, ...]:
        """The nodes in the order of the matrices' rows."""
        return tuple(sorted(self._nodes))

    def _cause(self, nodes: Collection[int]) -> tuple[str | None, str | None, Part | None]:
        """The first rule with a part that differs, and the innermost such part."""
        for rule in self._rules:
            part = _innermost(rule.part, nodes)
            if part is not None:
                return rule.trigger_id, rule.kind, part
        for trigger, levels in self._levels.items():
            if levels & set(nodes):
                return trigger, "entry", None
        return None, None, None


def _innermost(part: Part, nodes: Collection[int]) -> Part | None:
    """A part among `nodes` none of whose own parts is; the first one of the text."""
    for inner in part.parts:
        found = _innermost(inner, nodes)
        if found is not None:
            return found
    return part if part.node in nodes else None


def _conditions(part: Part) -> Iterator[Part]:
    if part.is_condition:
        yield part
    for inner in part.parts:
        yield from _conditions(inner)


def _compare_tables(name: str, whole: Table, less: Table, cut: int) -> Finding | None:
    """The first row up to the cut that only one of two runs has, or that is another."""
    stamps = whole["timestamp"]
    known = int(stamps.searchsorted(cut, side="right"))
    shared = min(known, less.rows)
    # A payload is text made of the other columns' numbers, and slow to make forty times over.
    row = min(_first_difference(whole[c], less[c], shared) for c in whole if c != "payload")
    if row == shared and known == less.rows:
        return None
    table = whole if row < known else less
    at = int(table["timestamp"][row])
    names = {column: table[column].tolist()[row] for column in ("symbol", "trigger_id") if column in table}
    return Finding(
        kind="lookahead",
        symbol=names.get("symbol"),
        at=at,
        data_until=cut,
        data_from=None,
        trigger_id=names.get("trigger_id"),
        rule=None,
        part=None,
        whole=None,
        less=None,
        what=f"row {row} of {name} was another before later bars came",
    )


def _first_difference(whole: Any, less: Any, rows: int) -> int:
    """The first of `rows` rows that differ in a column, or `rows`."""
    import numpy as np

    if isinstance(whole, list):
        if whole[:rows] == less[:rows]:
            return rows
        return next(row for row in range(rows) if whole[row] != less[row])
    first, second = (np.asarray(c.codes if isinstance(c, Coded) else c)[:rows] for c in (whole, less))
    same = first == second
    if first.dtype.kind == "f":
        same |= np.isnan(first) & np.isnan(second)
    return rows if bool(np.all(same)) else int(np.argmin(same))


def _spread(found: Sequence[int], count: int) -> list[int]:
    """At most `count` of them, the first and the last among them, at equal distances."""
    if len(found) <= count:
        return list(found)
    if count < 2:
        return list(found[-1:]) if count else []
    return [found[round(n * (len(found) - 1) / (count - 1))] for n in range(count)]


def _count(bars: Bars, last: int) -> int:
    return int(bars.timestamp.searchsorted(last, side="right"))


def _number(value: float) -> float | None:
    return float(value) if value == value else None
