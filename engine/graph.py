"""The expressions of a document as one graph of nodes, each computed once.

Building a node that already exists returns the existing one, so `ema(close, 20)` written in three
rules is one node (common sub-expressions are shared). Constants are folded here.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from engine import instructions as I  # noqa: N812 - a short name for what stands on every line
from engine.names import TEXT_NAMES, TIMEFRAMES, WEEK_OFFSET_MS, timeframe_name

MAX_NODES = 2_000
MAX_HISTORY = 2_000_000
"""Bars that all rolling windows of one document may remember together (16 MB a market)."""

BOOLEAN_OPS = frozenset(
    {"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "cross_above", "cross_below", "true", "closed"}
)
BOOLEAN_STATES = frozenset({I.STATE_STOP_HIT, I.STATE_TARGET_HIT})

WINDOWS = frozenset(
    {
        "sma", "sum", "wma", "stddev", "variance", "highest", "lowest", "deviation", "percentile", "quantile",
        "correlation", "covariance",
    }
)  # fmt: skip
"""Nodes that look at the last `period` values."""

UNBOUNDED = frozenset({"supertrend", "psar", "since", "when"})
"""Nodes that remember something that may have happened any number of bars ago."""

UNBOUNDED_WARM_UP = 500
"""Bars that are read for them before the start."""

MISSING = math.nan


class GraphTooLargeError(Exception):
    """The document needs more nodes, or more history, than one run may hold."""


class TimeframeError(Exception):
    """A rule cannot be computed on the bars of another timeframe."""


class Node(NamedTuple):
    """One operation. `period` is a number of bars, or which of its kinds it is; `value` and `second` are
    constants: a smoothing factor, the length and the offset of a timeframe, …"""

    op: str
    inputs: tuple[int, ...] = ()
    period: int = 0
    value: float = 0.0
    second: float = 0.0


@dataclass
class Graph:
    """Nodes in an order in which every input stands before its user."""

    nodes: list[Node] = field(default_factory=list)
    _index: dict[tuple[object, ...], int] = field(default_factory=dict)
    _state: list[bool] = field(default_factory=list)
    _clocks: list[int | None] = field(default_factory=list)
    _history: int = 0
    _bounded: bool = True
    added: list[tuple[Node, int]] | None = field(default=None, repr=False)
    """Where it is a list: every node that is asked for, new or not, with its number."""

    def extended(self) -> "Graph":
        """A copy that the engine's own columns may be added to, beyond the document's limits."""
        return Graph(
            list(self.nodes), dict(self._index), list(self._state), list(self._clocks), self._history, False
        )

    # --- what a node is ----------------------------------------------------------------------

    def is_boolean(self, node: int) -> bool:
        """Tell whether the node is a condition, 1 or 0 at every bar."""
        found = self.nodes[node]
        if found.op in ("shift", "spread"):
            # A condition of earlier bars starts as false (0), a number as missing.
            return found.value == 0.0
        if found.op == "state":
            return found.period in BOOLEAN_STATES
        return found.op in BOOLEAN_OPS

    def is_state(self, node: int) -> bool:
        """Tell whether the node depends on the position."""
        return self._state[node]

    def clock(self, node: int) -> int | None:
        """Return the clock of the higher timeframe whose bars the node is computed on; None for the run's."""
        return self._clocks[node]

    def text_of(self, node: int) -> str | None:
        """Return which of TEXT_NAMES the node's value is, None for a number or a condition."""
        found = self.nodes[node]
        if found.op in ("shift", "spread"):
            return self.text_of(found.inputs[0])
        if found.op == "state" and found.period == I.STATE_POSITION:
            return "position"
        return TEXT_NAMES[found.period] if found.op == "text" else None

    def constant_of(self, node: int) -> float | None:
        found = self.nodes[node]
        return found.value if found.op == "constant" else None

    @property
    def history(self) -> int:
        """How many bars the rolling windows of one market remember together."""
        return self._history

    def history_of(self, wanted: Collection[int]) -> int:
        """How many of these the rolling windows that `wanted` need remember."""
        return sum(_history(self.nodes[node]) for node in self.needed(wanted))

    def needed(self, wanted: Collection[int]) -> list[int]:
        """Return the nodes that `wanted` need, themselves included, inputs first."""
        found = set(wanted)
        for node in range(max(found, default=-1), -1, -1):
            if node in found:
                found.update(self.nodes[node].inputs)
        return sorted(found)

    # --- adding nodes ------------------------------------------------------------------------

    def constant(self, value: float) -> int:
        return self._add(Node("constant", value=value))

    def field(self, column: int) -> int:
        return self._add(Node("field", period=column))

    def boolean(self, value: bool) -> int:
        return self._add(Node("true", value=1.0 if value else 0.0))

    def state(self, number: int) -> int:
        """Add a value that depends on the position, one of instructions.STATE_NAMES."""
        return self._add(Node("state", period=number))

    def text(self, name: str, source: int) -> int:
        """Give the numbers of a text of TEXT_NAMES their name; `source` may make them missing."""
        zero = self._add(Node("constant", value=0.0))
        return self._add(Node("text", (source, zero), TEXT_NAMES.index(name)))

    def unary(self, op: str, operand: int) -> int:
        value = self.constant_of(operand)
        if value is not None and op in _FOLD_UNARY:
            return self.constant(_FOLD_UNARY[op](value))
        return self._add(Node(op, (operand,)))

    def binary(self, op: str, left: int, right: int) -> int:
        first, second = self.constant_of(left), self.constant_of(right)
        if first is not None and second is not None and op in _FOLD_BINARY:
            return self.constant(_FOLD_BINARY[op](first, second))
        return self._add(Node(op, (left, right)))

    def rolling(self, op: str, source: int, period: int, factor: float = 0.0) -> int:
        """Add a node that remembers: sma, ema (with its smoothing `factor`), wma, stddev, highest, …"""
        return self._add(Node(op, (source,), period, factor))

    def special(
        self, op: str, inputs: tuple[int, ...], period: int = 0, value: float = 0.0, second: float = 0.0
    ) -> int:
        """Add a node of several inputs or constants: correlation, session, supertrend, psar, …"""
        return self._add(Node(op, inputs, period, value, second))

    def shift(self, operand: int, bars: int) -> int:
        """The operand's value `bars` closed bars earlier."""
        if bars == 0 or self.nodes[operand].op in ("constant", "true"):
            return operand
        before = 0.0 if self.is_boolean(operand) else MISSING
        return self._add(Node("shift", (operand,), bars, before))

    def _add(self, node: Node) -> int:
        key = _key(node)
        known = self._index.get(key)
        if self.added is not None:
            self.added.append((node, len(self.nodes) if known is None else known))
        if known is not None:
            return known
        if self._bounded and len(self.nodes) >= MAX_NODES:
            raise GraphTooLargeError(f"the document needs more than {MAX_NODES:,} operations")
        self._history += _history(node)
        if self._bounded and self._history > MAX_HISTORY:
            raise GraphTooLargeError(f"the rolling windows remember more than {MAX_HISTORY:,} bars together")
        number = self._index[key] = len(self.nodes)
        self.nodes.append(node)
        state, clock = node.op == "state", None
        for source in node.inputs:
            state = state or self._state[source]
            clock = self._clocks[source] if clock is None else clock
        if node.op == "gather":
            clock = node.inputs[0]
        elif node.op in ("spread", "closed"):
            clock = None
        self._state.append(state)
        self._clocks.append(clock)
        return number

    # --- higher timeframes -------------------------------------------------------------------

    def mark(self) -> tuple[int, int]:
        """Return where the graph stands, for `lift`."""
        return len(self.nodes), self._history

    def lift(
        self, wanted: Collection[int], timeframe: str, since: tuple[int, int] | None = None
    ) -> dict[int, int]:
        """Compute `wanted` on the bars of a higher timeframe; return the node that shows each at every bar.

        Fields become those of the higher bars, everything else is computed on them, and the last complete
        bar's value stands until the next is complete. What was added after `since` is removed again.
        """
        nodes, needed = list(self.nodes), self.needed(wanted)
        shown = {node: before for node in wanted for before in [0.0 if self.is_boolean(node) else MISSING]}
        if since is not None:
            self._forget(since)
        found: dict[int, int] = {}
        for number in needed:
            node = nodes[number]
            if node.op == "field":
                clock = self._clock(timeframe)
                timing = self.nodes[clock]
                found[number] = self._add(Node("gather", (clock,), node.period, timing.value, timing.second))
            else:
                found[number] = self._add(node._replace(inputs=tuple(found[i] for i in node.inputs)))
        lifted: dict[int, int] = {}
        for number, before in shown.items():
            clocked = self._clocks[found[number]]
            lifted[number] = (
                found[number]
                if clocked is None
                else self._add(Node("spread", (found[number], clocked), value=before))
            )
        return lifted

    def on_timeframe(self, node: int, timeframe: str) -> int:
        """Compute a rule or a level on the bars of a higher timeframe, as a trigger's `timeframe` asks.

        What depends on the position, and what stands in a tf() of its own, stays as it is. Raise
        TimeframeError where a window looks at such a tf().
        """
        needed = self.needed((node,))
        own: set[int] = set()
        for number in needed:
            at = self.nodes[number]
            if at.op in ("state", "spread") or any(i in own for i in at.inputs):
                own.add(number)
        if node not in own:
            return self.lift((node,), timeframe)[node]
        rebuilt = [number for number in sorted(own) if self.nodes[number].op not in ("state", "spread")]
        outside = {i for number in rebuilt for i in self.nodes[number].inputs if i not in own}
        found = self.lift(outside, timeframe) | {number: number for number in own}
        for number in rebuilt:
            at = self.nodes[number]
            if at.op not in I.STATE_OPERATIONS:
                raise TimeframeError(
                    f"it looks back at a tf() by {at.op}, which the trigger's timeframe would compute on "
                    f"bars of {timeframe}; put what looks back into the tf() itself"
                )
            found[number] = self._add(at._replace(inputs=tuple(found[i] for i in at.inputs)))
        return found[node]

    def timeframe_closed(self, timeframe: str) -> int:
        """A condition: this bar's close completes a bar of the timeframe."""
        return self._add(Node("closed", (self._clock(timeframe),)))

    def one_bar_earlier(self, node: int) -> int:
        """What a node of `lift` showed before its timeframe's last complete bar."""
        at = self.nodes[node]
        if at.op != "spread":
            return self.shift(node, 1)  # a constant: the same on every bar
        before = 0.0 if self.is_boolean(node) else MISSING
        return self._add(Node("spread", (self.shift(at.inputs[0], 1), at.inputs[1]), value=before))

    def has_timeframe(self, node: int) -> bool:
        """Tell whether the node uses a higher timeframe already."""
        return any(self.nodes[i].op == "clock" for i in self.needed((node,)))

    def _clock(self, timeframe: str) -> int:
        offset = WEEK_OFFSET_MS if timeframe == "1w" else 0
        return self._add(Node("clock", (), 0, float(TIMEFRAMES[timeframe]), float(offset)))

    def _forget(self, mark: tuple[int, int]) -> None:
        count, self._history = mark
        for node in self.nodes[count:]:
            self._index.pop(_key(node), None)
        del self.nodes[count:], self._state[count:], self._clocks[count:]

    # --- warm-up -----------------------------------------------------------------------------

    def warm_up_bars(self, node: int, step_ms: int) -> int:
        """Return how many of the run's bars, `step_ms` long, it sees before its first settled value."""
        found: dict[int, int] = {}
        for number in self.needed((node,)):
            at = self.nodes[number]
            clock = self._clocks[number]
            step = step_ms if clock is None else int(self.nodes[clock].value)
            before = max((found[i] for i in at.inputs), default=0)
            if at.op in ("spread", "closed"):
                # A first higher bar may have to be passed over, and the last may be nearly a whole one old.
                ratio = -(-int(self.nodes[at.inputs[-1]].value) // step_ms)
                found[number] = (before + 1) * ratio + 2 * (ratio - 1) if ratio > 1 else before
            else:
                found[number] = before + _own_warm_up(at, step)
        return found[node]


def check_timeframes(graph: Graph, step_ms: int) -> list[str]:
    """Return what is wrong with the graph's higher timeframes in a run whose bars are `step_ms` long."""
    faults: list[str] = []
    for node in graph.nodes:
        if node.op != "clock":
            continue
        span = int(node.value)
        name = next(name for name, length in TIMEFRAMES.items() if length == span)
        if span < step_ms:
            faults.append(
                f'tf("{name}", …) cannot be made of bars of {timeframe_name(step_ms)}; a higher timeframe '
                "is at least as long as the run's bars"
            )
        elif span % step_ms:
            faults.append(
                f'tf("{name}", …) cannot be made of bars of {timeframe_name(step_ms)}; it must be a '
                "multiple of the run's bars"
            )
    return faults


def _key(node: Node) -> tuple[object, ...]:
    """What tells a node from others: itself, but NaN is not equal to itself and -0.0 equals 0.0."""
    value, second = node.value, node.second
    plain = math.copysign(1.0, value) > 0.0 and math.copysign(1.0, second) > 0.0
    if plain and value == value and second == second:
        return node
    return (*node[:3], value.hex(), second.hex())


def _history(node: Node) -> int:
    return node.period if node.op in WINDOWS or node.op == "shift" else 0


def _own_warm_up(node: Node, step_ms: int) -> int:
    if node.op == "shift":
        return node.period
    if node.op in ("cross_above", "cross_below"):
        return 1
    if node.op == "ema":
        # A recursive average never forgets its first value entirely; after 16 / factor bars its
        # weight is (1 - factor) ** (16 / factor) < e ** -16, about 1e-7.
        return math.ceil(16.0 / node.value)
    if node.op in WINDOWS:
        return node.period - 1
    if node.op == "session":
        return -(-I.DAY_MS // step_ms)
    return UNBOUNDED_WARM_UP if node.op in UNBOUNDED else 0


def _divide(a: float, b: float) -> float:
    return a / b if b != 0.0 else MISSING


def _smaller(a: float, b: float) -> float:
    return a if a < b or a != a else b


def _larger(a: float, b: float) -> float:
    return a if a > b or a != a else b


_FOLD_UNARY = {"neg": lambda a: -a, "abs": abs}
_FOLD_BINARY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": _divide,
    "min": _smaller,
    "max": _larger,
}
