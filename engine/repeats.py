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

_OF_THEIR_VALUE = ("constant", "true", "text", "state", "shift", "spread", "gather", "clock")
"""Nodes of which the language asks more than whether they are numbers or conditions."""


@dataclass(frozen=True)
class _Steps:
    """What parsing a text added to the graph: each operation, and the number that its node then had."""

    nodes: tuple[int, ...]
    """Of the named indicators."""
    added: tuple[tuple[Node, int], ...]
    result: int


@dataclass(frozen=True)
class Repeats:
    """What has been read into a graph."""

    known: dict[object, int] = field(default_factory=dict)
    steps: dict[object, _Steps] = field(default_factory=dict)

    def node(self, text: str, graph: Graph, values: Mapping[str, Value], names: Mapping[str, int]) -> int:
        """Return the node of an expression, as `parse_expression` does. Raise ExpressionError."""
        used = references(text)
        named = tuple([(name, names[name]) for name in used if name in names])
        given = tuple([(name, repr(values.get(name[1:]))) for name in used if name[0] == "$"])
        key = (text, named, given)
        node = self.known.get(key)
        if node is not None:
            return node
        nodes = tuple([node for _, node in named])
        kind = None if "tf" in used else _kind(graph, nodes)
        steps = None if kind is None else self.steps.get((text, given, kind))
        if steps is not None:
            node = self.known[key] = _again(graph, steps, nodes)
            return node
        graph.added = []
        try:
            node = self.known[key] = parse_expression(text, graph, values, names)
            if kind is not None and _follows(graph.added, nodes, node):
                self.steps[text, given, kind] = _Steps(nodes, tuple(graph.added), node)
        finally:
            graph.added = None
        return node


def _kind(graph: Graph, nodes: tuple[int, ...]) -> object:
    """What parsing may ask of the nodes of indicators; None where it tells more of them apart."""
    if not nodes or len(set(nodes)) < len(nodes):
        return None
    found: list[object] = []
    for node in nodes:
        at = graph.nodes[node]
        if at.op in _OF_THEIR_VALUE or graph.is_state(node) or graph.clock(node) is not None:
            return None
        found.append(at.op)
    return tuple(found)


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
    for node, number in steps.added:
        found[number] = graph.special(
            node.op, tuple([found[i] for i in node.inputs]), node.period, node.value, node.second
        )
    return found[steps.result]
