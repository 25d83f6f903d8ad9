"""The combinations of one document's parameters, parsed without reading again what they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from engine.altered import altered
from engine.errors import Issue
from engine.graph import GraphTooLargeError
from engine.named_indicators import read_again as indicators_again
from engine.parameters import Value, resolve_parameters
from engine.program import rules_of
from engine.rules import Reading
from engine.sizing import read_sizing
from engine.strategy import Strategy, Together, nodes_read, parse_strategy
from engine.tokens import ExpressionError
from engine.triggers import read_again as trigger_again

_LEFT_OUT = object()
"""Stands for a parameter that a combination says nothing of: it has the document's default."""


class Combination(NamedTuple):
    """What one combination of parameters makes of the document."""

    strategy: Strategy
    """Its strategy; or, with `rules`, one that differs from it in parameters and the nodes of rules alone."""
    rules: tuple[int, ...] | None = None
    """The nodes of its rules, in the order of program.rules_of."""
    indicators: tuple[int, ...] = ()
    """The nodes of its named indicators, where it has rules of its own."""

    @property
    def reads(self) -> tuple[int, ...]:
        """Every node of the graph that it reads."""
        return nodes_read(self.strategy) if self.rules is None else self.rules + self.indicators


class Combinations:
    """Parses combinations into one graph.

    A strategy of which all but the nodes of its expressions is as in one parsed before is made from that
    one (`Strategy.like`), or not made at all where rules alone differ. What is at fault is left to
    `parse_strategy`, which tells it.
    """

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document: Any = document
        self._together = Together()
        self._values: dict[tuple[str, str], Value] = {}
        self._plain: list[str] = []
        self._parsed: dict[tuple[str, ...], Strategy] = {}
        self._texts: dict[int, tuple[str, ...] | None] = {}

    def parse(self, combination: Mapping[str, object]) -> Combination:
        """Return what a combination makes of the document. Raise StrategyError."""
        values = self._resolved(combination) if self._parsed else None
        if values is not None:
            like = self._parsed.get(tuple([repr(values[name]) for name in self._plain]))
            found = None if like is None else self._again(like, values)
            if found is not None:
                return found
        strategy = parse_strategy(self._document, combination, self._together)
        if not self._parsed:
            self._plain = sorted(_plain_names(self._document) & strategy.parameters.keys())
        self._parsed[tuple([repr(strategy.parameters[name]) for name in self._plain])] = strategy
        self._texts[id(strategy)] = _texts_of_rules(strategy)
        return Combination(strategy)

    def _resolved(self, combination: Mapping[str, object]) -> dict[str, Value] | None:
        """The value of each parameter; None when one is at fault."""
        declared = self._document.get("parameters") or {}
        values: dict[str, Value] = {}
        for name, specification in declared.items():
            given = combination.get(name, _LEFT_OUT)
            # As texts, since 1, 1.0 and True are equal, and so are 0.0 and -0.0.
            key = name, repr(given)
            if key in self._values:
                values[name] = self._values[key]
                continue
            alone = {} if given is _LEFT_OUT else {name: given}
            if alone and not isinstance(given, int | float):
                return None
            issues: list[Issue] = []
            resolved = resolve_parameters({name: specification}, alone, issues)
            if issues:
                return None
            values[name] = self._values[key] = resolved[name]
        return values if combination.keys() <= values.keys() else None

    def _again(self, like: Strategy, values: dict[str, Value]) -> Combination | None:
        """What differs from a strategy in its expressions alone; None when one is at fault."""
        try:
            texts = self._texts[id(like)]
            rules = None if texts is None else self._rules(like, texts, values)
            if rules is not None:
                return rules
            strategy = self._strategy(like, values)
        except (GraphTooLargeError, ExpressionError):
            return None
        return None if strategy is None else Combination(strategy)

    def _rules(self, like: Strategy, texts: tuple[str, ...], values: dict[str, Value]) -> Combination | None:
        """The rules for these values, where none of them has to be looked at as a new one."""
        graph, known = self._together.graph, self._together.known
        nodes: dict[str, int] = {}
        for name in like.indicator_nodes:
            nodes[name] = known.node(like.indicators[name], graph, values, nodes)
        rules: list[int] = []
        for text in texts:
            node = known.again(text, graph, values, nodes)
            if node is None:
                return None
            rules.append(node)
        return Combination(like, tuple(rules), tuple(nodes.values()))

    def _strategy(self, like: Strategy, values: dict[str, Value]) -> Strategy | None:
        """The strategy like another with its expressions read for these values; None when one is at fault."""
        graph, known = self._together.graph, self._together.known
        nodes: dict[str, int] = {}
        issues: list[Issue] = []
        reading = Reading(graph, values, issues, nodes, known=known)
        indicators_again(like.indicators, like.indicator_nodes, nodes, reading)
        if issues:
            return None
        triggers = tuple(
            altered(trigger, **trigger_again(trigger, found, f"triggers[{number}]", reading))
            for number, (trigger, found) in enumerate(
                zip(like.triggers, self._document["triggers"], strict=True)
            )
        )
        sizing = like.sizing
        if sizing.node is not None:
            sizing = read_sizing(self._document.get("sizing"), reading)
        if issues:
            return None
        return altered(
            like,
            parameters=values,
            triggers=triggers,
            sizing=sizing,
            indicator_nodes=nodes,
            like=like,
        )


def _texts_of_rules(strategy: Strategy) -> tuple[str, ...] | None:
    """The expressions of a strategy's rules, in the order of program.rules_of; None where more has nodes.

    A rule on the position has rows of its own, and one of a higher timeframe is more than its expression.
    """
    if strategy.sizing.node is not None:
        return None
    for trigger in strategy.triggers:
        levels = (trigger.order, trigger.stop, trigger.target, trigger.trailing)
        if trigger.timeframe is not None or any(level and level.node is not None for level in levels):
            return None
    rules, nodes = rules_of(strategy)
    if any(strategy.graph.is_state(node) for node in nodes):
        return None
    texts = (getattr(strategy.triggers[rule.trigger], rule.kind) for rule in rules)
    return tuple(text for text in texts if text is not None)


def _plain_names(document: Mapping[str, object]) -> set[str]:
    """The parameters that stand for a number or a flag somewhere outside expressions."""
    waiting: list[object] = [document.get(part) for part in ("triggers", "sizing", "risk", "behaviour")]
    return set(_starting(waiting))


def _starting(parts: object) -> Iterator[str]:
    if isinstance(parts, str):
        if parts.startswith("$"):
            yield parts[1:]
    elif isinstance(parts, Mapping):
        for part in parts.values():
            yield from _starting(part)
    elif isinstance(parts, list | tuple):
        for part in parts:
            yield from _starting(part)
