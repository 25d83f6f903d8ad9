"""A rule's text as a tree of its conditions and operands, and what each of them is at one bar."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.expression import Span, parse_expression
from engine.graph import Graph
from engine.names import STATES, TEXTS, TIMEFRAMES
from engine.strategy import Strategy
from engine.tokens import Token, tokenize

_CROSSINGS = ("cross_above", "cross_below")

MAX_INSIDE = 5
"""Named conditions inside each other that are taken apart; deeper ones show their definition alone."""


@dataclass(frozen=True)
class Part:
    """A condition, an operand of one, or a name in an operand; `start` and `end` are characters of its text.

    Those of a named indicator's own conditions are characters of the indicator's definition.
    """

    text: str
    start: int
    end: int
    node: int
    is_condition: bool
    before: int | None = None
    """The node of the operand's value one bar earlier, where a crossing compares it."""
    name: str | None = None
    """The named indicator that it is."""
    definition: str | None = None
    parts: tuple[Part, ...] = ()

    def nodes(self) -> set[int]:
        """Every node whose value the tree shows."""
        found = {self.node} if self.before is None else {self.node, self.before}
        return found.union(*(part.nodes() for part in self.parts))


@dataclass(frozen=True)
class Condition:
    """A Part with what it is at one bar: a condition is true or false, an operand has a value.

    `value` and `before` are numbers, or the text that a number stands for (`position`); None is missing.
    """

    text: str
    start: int
    end: int
    truth: bool | None
    value: float | str | None
    before: float | str | None = None
    is_crossing: bool = False
    """The operand of a crossing, for which `before` counts too."""
    name: str | None = None
    definition: str | None = None
    parts: list[Condition] = field(default_factory=list)


def read_parts(text: str, strategy: Strategy, graph: Graph, timeframe: str | None = None) -> Part:
    """Return the tree of an expression of the document.

    A named condition is taken apart once, where it first stands, and no deeper than MAX_INSIDE names.
    `graph` is the document's own or an extension of it, which nodes are added to; `timeframe` the trigger's.
    """
    return _Reader(strategy, graph, timeframe).read(text)


def part_values(
    graph: Graph, wanted: Collection[int], observed: Mapping[int, float], state: Sequence[float]
) -> dict[int, float]:
    """Return the value of each wanted node at one bar.

    `observed` holds those of `observable(graph, wanted)`, `state` the values of instructions.STATE_NAMES.
    Scalar arithmetic is the fold's: a missing value is NaN, x / 0 is NaN, no comparison with NaN holds.
    """
    known = dict(observed)
    for number in graph.needed(wanted):
        if number in known or not graph.is_state(number):
            continue
        at = graph.nodes[number]
        if at.op == "state":
            known[number] = float(state[at.period])
        else:
            known[number] = float(_SCALAR[at.op](*(known[source] for source in at.inputs)))
    return {node: known[node] for node in wanted}


def observable(graph: Graph, wanted: Collection[int]) -> set[int]:
    """The nodes that do not depend on the position, and from which all wanted ones follow."""
    found = {node for node in wanted if not graph.is_state(node)}
    for number in graph.needed(wanted):
        if graph.is_state(number):
            found.update(source for source in graph.nodes[number].inputs if not graph.is_state(source))
    return found


def at_bar(part: Part, graph: Graph, values: Mapping[int, float]) -> Condition:
    """Return the tree with its values at one bar."""
    value = values[part.node]
    before = None if part.before is None else _shown(graph, part.before, values[part.before])
    return Condition(
        part.text,
        part.start,
        part.end,
        truth=value > 0.0 if part.is_condition else None,
        value=None if part.is_condition else _shown(graph, part.node, value),
        before=before,
        is_crossing=part.before is not None,
        name=part.name,
        definition=part.definition,
        parts=[at_bar(inner, graph, values) for inner in part.parts],
    )


def _shown(graph: Graph, node: int, value: float) -> float | str | None:
    if not math.isfinite(value):
        return None
    kind = graph.text_of(node)
    if kind is None:
        return value
    return next((text for text, number in TEXTS[kind].items() if number == value), None)


_SCALAR: Mapping[str, Callable[..., float]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "and": lambda x, y: x * y,
    "div": lambda x, y: x / y if y != 0.0 else math.nan,
    "neg": lambda x: -x,
    "abs": lambda x: -x if x < 0.0 else x,
    "min": lambda x, y: x if x < y or x != x else y,
    "max": lambda x, y: x if x > y or x != x else y,
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x < y or x > y,
    "or": lambda x, y: x + y > 0.0,
    "not": lambda x: 1.0 - x,
}
"""The operations of instructions.STATE_OPERATIONS, as the fold interprets them."""


class _Reader:
    def __init__(self, strategy: Strategy, graph: Graph, timeframe: str | None) -> None:
        self._strategy = strategy
        self._graph = graph
        self._timeframe = timeframe
        self._taken_apart: set[tuple[str, int]] = set()
        self._inside_names = 0

    def read(self, text: str, inside: str | None = None) -> Part:
        """The tree of a text; `inside` is the higher timeframe of the tf() that it stands in."""
        spans: list[Span] = []
        strategy = self._strategy
        root = parse_expression(text, self._graph, strategy.parameters, strategy.indicator_nodes, spans)
        if inside is not None:
            nodes = {root, *(node for _, _, node in spans)}
            shown = self._graph.lift(nodes, inside)
            root, spans = shown[root], [(start, end, shown[node]) for start, end, node in spans]
        found = {_bare(text, 0, len(text)): root}
        for start, end, node in spans:
            found.setdefault(_bare(text, start, end), node)
        ordered = sorted(((s, e, n) for (s, e), n in found.items()), key=lambda span: (span[0], -span[1]))
        return self._part(text, ordered[0], ordered)

    def _part(self, text: str, span: Span, spans: list[Span]) -> Part:
        start, end, node = span
        graph = self._graph
        words = text[start:end]
        inner = self._inside(span, spans)
        name = words if words in self._strategy.indicators else None
        definition = None if name is None else self._strategy.indicators[name]
        parts = tuple(self._part(text, found, spans) for found in inner)
        if not parts:
            parts = self._named_conditions(node, name) if name else self._names_in(text, span)
        shown = self._on_trigger(node)
        crossing = self._crossing_of(shown)
        if crossing is not None:
            parts = tuple(_with_before(part, self._earlier(part.node, crossing)) for part in parts)
        return Part(
            words, start, end, shown, graph.is_boolean(node), name=name, definition=definition, parts=parts
        )

    def _inside(self, span: Span, spans: list[Span]) -> list[Span]:
        """The largest spans inside one; those of a chain of `and` or of `or` are all of one level."""
        start, end, node = span
        largest: list[Span] = []
        reach = -1
        for found in spans:
            # Spans are sorted: what began earlier and reaches as far holds this one.
            if found != span and start <= found[0] and found[1] <= end and found[1] > reach:
                largest.append(found)
                reach = found[1]
        op = self._operation(node)
        if op in ("and", "or") and largest and self._operation(largest[0][2]) == op:
            # `a and b and c` is read as `(a and b) and c`.
            return [*self._inside(largest[0], spans), *largest[1:]]
        return largest

    def _operation(self, node: int) -> str:
        at = self._graph.nodes[node]
        return self._graph.nodes[at.inputs[0]].op if at.op == "spread" else at.op

    def _named_conditions(self, node: int, name: str) -> tuple[Part, ...]:
        """What a named condition is made of, where it stands for the first time.

        Conditions that each name the one before twice would otherwise double the tree with every name.
        """
        if not self._graph.is_boolean(node) or (name, node) in self._taken_apart:
            return ()
        if self._inside_names == MAX_INSIDE:
            return ()
        self._taken_apart.add((name, node))
        definition = self._strategy.indicators[name]
        self._inside_names += 1
        parts = self.read(definition, self._timeframe_of(node, definition)).parts
        self._inside_names -= 1
        return parts

    def _names_in(self, text: str, span: Span) -> tuple[Part, ...]:
        """Named indicators and values of the position in an operand such as `slow * 1.02`."""
        start, end, node = span
        names = list(_words(tokenize(text), start, end, {*self._strategy.indicators, *STATES}))
        if len(names) == 1 and (names[0].position, names[0].end) == (start, end):
            return ()
        timeframe = self._timeframe_of(node, None)
        found: list[Part] = []
        for token in names:
            if any(part.text == token.text for part in found):
                continue
            named = self._strategy.indicator_nodes.get(token.text)
            inner = self._graph.state(STATES[token.text]) if named is None else named
            if timeframe is not None:
                inner = self._graph.lift((inner,), timeframe)[inner]
            found.append(
                Part(
                    token.text,
                    token.position,
                    token.end,
                    self._on_trigger(inner),
                    self._graph.is_boolean(inner),
                    name=None if named is None else token.text,
                    definition=self._strategy.indicators.get(token.text),
                )
            )
        return tuple(found)

    def _timeframe_of(self, node: int, definition: str | None) -> str | None:
        """The higher timeframe that a tf() around this part gives it; None where it has its own or none."""
        at = self._graph.nodes[node]
        if at.op != "spread":
            return None
        if definition is not None:
            own = parse_expression(
                definition, self._graph, self._strategy.parameters, self._strategy.indicator_nodes
            )
            if own == node:
                return None
        length = self._graph.nodes[at.inputs[1]].value
        return next(name for name, span in TIMEFRAMES.items() if span == length)

    def _on_trigger(self, node: int) -> int:
        return node if self._timeframe is None else self._graph.on_timeframe(node, self._timeframe)

    def _crossing_of(self, node: int) -> int | None:
        """The node, if it is a crossing, or one that a higher timeframe shows."""
        return node if self._operation(node) in _CROSSINGS else None

    def _earlier(self, node: int, crossing: int) -> int:
        graph = self._graph
        if graph.nodes[crossing].op == "spread":
            return graph.one_bar_earlier(node)
        return graph.shift(node, 1)


def _with_before(part: Part, before: int) -> Part:
    return Part(
        part.text,
        part.start,
        part.end,
        part.node,
        part.is_condition,
        before,
        part.name,
        part.definition,
        part.parts,
    )


def _words(tokens: Iterable[Token], start: int, end: int, known: Collection[str]) -> Iterable[Token]:
    for token in tokens:
        if token.kind == "name" and start <= token.position < end and token.text in known:
            yield token


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without spaces and brackets around it."""
    while True:
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if not (end - start >= 2 and text[start] == "(" and _closes_at_end(text[start:end])):
            return start, end
        start, end = start + 1, end - 1


def _closes_at_end(text: str) -> bool:
    """Whether the bracket at the beginning is closed by the last character."""
    depth = 0
    for token in tokenize(text):
        if token.text == "(":
            depth += 1
        elif token.text == ")":
            depth -= 1
            if depth == 0:
                return token.end == len(text)
    return False
