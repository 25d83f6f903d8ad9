"""The expressions of a document as one graph of nodes, each computed once.

Building a node that already exists returns the existing one, so `ema(close, 20)` written in three
rules is one node (common sub-expressions are shared). Constants are folded here.
"""

import math
from dataclasses import dataclass, field

MAX_NODES = 2_000
MAX_HISTORY = 2_000_000
"""Bars that all rolling windows of one document may remember together (16 MB a market)."""

BOOLEAN_OPS = frozenset(
    {"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "cross_above", "cross_below", "true"}
)

MISSING = math.nan


class GraphTooLargeError(Exception):
    """The document needs more nodes, or more history, than one run may hold."""


@dataclass(frozen=True)
class Node:
    """One operation. `period` is a number of bars, `value` a constant or a smoothing factor."""

    op: str
    inputs: tuple[int, ...] = ()
    period: int = 0
    value: float = 0.0


@dataclass
class Graph:
    """Nodes in an order in which every input stands before its user."""

    nodes: list[Node] = field(default_factory=list)
    warm_up: list[int] = field(default_factory=list)
    """For each node, how many bars before the first usable value it has to see."""
    _index: dict[tuple[object, ...], int] = field(default_factory=dict)
    _history: int = 0
    _bounded: bool = True

    def extended(self) -> "Graph":
        """A copy that the engine's own columns may be added to, beyond the document's limits."""
        return Graph(list(self.nodes), list(self.warm_up), dict(self._index), self._history, False)

    def is_boolean(self, node: int) -> bool:
        found = self.nodes[node]
        if found.op == "shift":
            return self.is_boolean_leaf(found)
        return found.op in BOOLEAN_OPS

    @staticmethod
    def is_boolean_leaf(shift: Node) -> bool:
        # A shifted condition starts as false (0), a shifted number as missing.
        return shift.value == 0.0

    def constant(self, value: float) -> int:
        return self._add(Node("constant", value=value))

    def constant_of(self, node: int) -> float | None:
        found = self.nodes[node]
        return found.value if found.op == "constant" else None

    def field(self, column: int) -> int:
        return self._add(Node("field", period=column))

    def boolean(self, value: bool) -> int:
        return self._add(Node("true", value=1.0 if value else 0.0))

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
        """Add a node that remembers: sma, ema (with its smoothing `factor`), wma, stddev, highest, lowest."""
        return self._add(Node(op, (source,), period, factor))

    def shift(self, operand: int, bars: int) -> int:
        """The operand's value `bars` closed bars earlier."""
        if bars == 0 or self.nodes[operand].op in ("constant", "true"):
            return operand
        before = 0.0 if self.is_boolean(operand) else MISSING
        return self._add(Node("shift", (operand,), bars, before))

    def _add(self, node: Node) -> int:
        # NaN is not equal to itself and -0.0 equals 0.0: key on the bits that matter.
        key = (node.op, node.inputs, node.period, node.value.hex())
        known = self._index.get(key)
        if known is not None:
            return known
        if self._bounded and len(self.nodes) >= MAX_NODES:
            raise GraphTooLargeError(f"the document needs more than {MAX_NODES:,} operations")
        self._history += node.period if node.op not in ("field", "ema") else 0
        if self._bounded and self._history > MAX_HISTORY:
            raise GraphTooLargeError(f"the rolling windows remember more than {MAX_HISTORY:,} bars together")
        self.nodes.append(node)
        before = max((self.warm_up[i] for i in node.inputs), default=0)
        self.warm_up.append(before + _own_warm_up(node))
        self._index[key] = len(self.nodes) - 1
        return len(self.nodes) - 1


def _own_warm_up(node: Node) -> int:
    if node.op == "shift":
        return node.period
    if node.op in ("cross_above", "cross_below"):
        return 1
    if node.op == "ema":
        # A recursive average never forgets its first value entirely; after 16 / factor bars its
        # weight is (1 - factor) ** (16 / factor) < e ** -16, about 1e-7.
        return math.ceil(16.0 / node.value)
    if node.op in ("sma", "wma", "stddev", "highest", "lowest"):
        return node.period - 1
    return 0


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
