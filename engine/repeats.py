"""Expressions of one text read many times into one graph, with other values and other named indicators.

The same text with the same values and nodes is the node that it was. Where only the nodes of named
indicators differ, and these are of the same kind, it adds the same operations on them as before, without
being parsed again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.expression import parse_expression, references
from engine.graph import Graph, Node
from engine.parameters import Value

_OF_THEIR_VALUE = frozenset(("constant", "true", "text", "state", "shift", "spread", "gather", "clock"))
"""Nodes of which the language asks more than whether they are numbers or conditions."""


@dataclass(frozen=True)
class _Steps:
    """What parsing a text added to the graph: each operation, and the number that its node then had."""

    nodes: tuple[int, ...]
    """Of the named indicators."""
    added: tuple[tuple[Node, int], ...]
    result: int


class _Text:
    """One expression: what it speaks of, and what has been read of it into one graph."""

    def __init__(self, text: str) -> None:
        found = sorted(references(text))
        self.words = tuple(word for word in found if word[0] != "$")
        """Names of indicators, if they are that, and other words."""
        self.parameters = tuple(word[1:] for word in found if word[0] == "$")
        self.known: dict[object, int] = {}
        """Nodes by values and the nodes of indicators."""
        self.steps: dict[object, _Steps] = {}
        """By values and the kind of the nodes of indicators."""

    def given(
        self, values: Mapping[str, Value], names: Mapping[str, int]
    ) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """The values and the nodes of indicators that it speaks of.

        Values are texts, since 1, 1.0 and True are equal, and so are 0.0 and -0.0.
        """
        return (
            tuple([repr(values.get(name)) for name in self.parameters]) if self.parameters else (),
            tuple([names[word] for word in self.words if word in names]),
        )

    def kind(self, graph: Graph, nodes: tuple[int, ...]) -> object:
        """What parsing may ask of the nodes of indicators; None where it tells more of them apart."""
        if not nodes or len(set(nodes)) < len(nodes) or "tf" in self.words:
            return None
        found: list[object] = []
        for node in nodes:
            op = graph.nodes[node].op
            if op in _OF_THEIR_VALUE or graph.is_state(node) or graph.clock(node) is not None:
                return None
            found.append(op)
        return tuple(found)


@dataclass(frozen=True)
class Repeats:
    """What has been read into a graph."""

    texts: dict[str, _Text] = field(default_factory=dict)

    def node(self, text: str, graph: Graph, values: Mapping[str, Value], names: Mapping[str, int]) -> int:
        """Return the node of an expression, as `parse_expression` does. Raise ExpressionError."""
        node = self.again(text, graph, values, names)
        if node is not None:
            return node
        own = self.texts[text]
        given, nodes = key = own.given(values, names)
        kind = own.kind(graph, nodes)
        graph.added = []
        try:
            node = own.known[key] = parse_expression(text, graph, values, names)
            if kind is not None and _follows(graph.added, nodes, node):
                own.steps[given, kind] = _Steps(nodes, tuple(graph.added), node)
        finally:
            graph.added = None
        return node

    def again(
        self, text: str, graph: Graph, values: Mapping[str, Value], names: Mapping[str, int]
    ) -> int | None:
        """Return the node of an expression that has been read so often that it need not be parsed, or None.

        It is the node that it was, or one of the same kind.
        """
        own = self.texts.get(text)
        if own is None:
            own = self.texts[text] = _Text(text)
        given, nodes = key = own.given(values, names)
        node = own.known.get(key)
        if node is None and own.steps:
            steps = own.steps.get((given, own.kind(graph, nodes)))
            if steps is not None:
                node = own.known[key] = _again(graph, steps, nodes)
        return node


def _follows(added: list[tuple[Node, int]], nodes: tuple[int, ...], result: int) -> bool:
    """Whether the operations say all: what they read is an indicator or one of them, and never both."""
    seen = set(nodes)
    for node, number in added:
        if number in nodes or not seen.issuperset(node.inputs):
            return False
        seen.add(number)
    return result in seen


def _again(graph: Graph, steps: _Steps, nodes: tuple[int, ...]) -> int:
    found = dict(zip(steps.nodes, nodes, strict=True))
    for (op, inputs, period, value, second), number in steps.added:
        found[number] = graph.special(op, tuple([found[i] for i in inputs]), period, value, second)
    return found[steps.result]
