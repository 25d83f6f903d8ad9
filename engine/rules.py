"""The expressions of a document: rules, prices and distances, compiled into its graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import Issue
from engine.expression import parse_expression, references
from engine.functions import FUNCTIONS
from engine.graph import Graph, TimeframeError
from engine.parameters import Value
from engine.position_rules import RuleTooLargeError, check_rule
from engine.repeats import Repeats
from engine.suggest import shorten
from engine.tokens import ExpressionError


@dataclass(frozen=True)
class Reading:
    """What every part of one document is read with, and where its faults go.

    Whatever adds to the graph may raise GraphTooLargeError, which is a fault of the document as a whole.
    """

    graph: Graph
    values: Mapping[str, Value]
    issues: list[Issue]
    names: Mapping[str, int] = field(default_factory=dict)
    """The named indicators and their nodes."""
    broken: frozenset[str] = frozenset()
    """Named indicators that did not compile: what uses them is passed over; the cause stands alone."""
    known: Repeats | None = None
    """What was read before into the same graph, where several combinations share it."""

    def compile(self, text: object, path: str) -> int | None:
        """Return the node of an expression, or None with an issue."""
        if not isinstance(text, str):
            hint = ' in quotes, such as "close > sma(close, 50)"'
            self.issues.append(Issue(path, f"must be an expression{hint}, not {shorten(text)}", text))
            return None
        if self._uses_broken(text):
            return None
        try:
            return self._parsed(text)
        except ExpressionError as error:
            self.issues.append(Issue(path, error.message, text, error.position))
        return None

    def _parsed(self, text: str) -> int:
        if self.known is None:
            return parse_expression(text, self.graph, self.values, self.names)
        return self.known.node(text, self.graph, self.values, self.names)

    def again(self, text: str) -> int | None:
        """Return the node of an expression without a fault if it need not be read anew (Repeats.again)."""
        return None if self.known is None else self.known.again(text, self.graph, self.values, self.names)

    def condition(self, text: object, path: str, timeframe: str | None = None) -> int | None:
        """Return the node of a rule that is true or false."""
        node = self.compile(text, path)
        if node is not None and not self.graph.is_boolean(node):
            message = (
                "must be a condition (true or false), this is a number; compare it with something, "
                "such as close > 100"
            )
            self.issues.append(Issue(path, message, text, 0))
            return None
        node = self.seen_from(timeframe, node, path, text)
        if node is None:
            return None
        try:
            check_rule(self.graph, node)
        except RuleTooLargeError as error:
            self.issues.append(Issue(path, f"{error}; simplify it", None))
            return None
        return node

    def series(self, text: object, path: str, timeframe: str | None = None) -> int | None:
        """Return the node of a number that does not depend on the position: a price or a distance."""
        node = self.compile(text, path)
        if node is None:
            return None
        if self.graph.is_boolean(node):
            self.issues.append(Issue(path, "must be a number, this is a condition (true or false)", text, 0))
            return None
        if self.graph.is_state(node):
            message = "depends on the position; a price or distance is set from candles and indicators alone"
            self.issues.append(Issue(path, message, text, 0))
            return None
        return self.seen_from(timeframe, node, path, text)

    def at_closes_of(self, timeframe: str, node: int) -> int:
        """The rule `node`, true only where a bar of the higher timeframe closes."""
        return self.graph.binary("and", node, self.graph.timeframe_closed(timeframe))

    def seen_from(
        self, timeframe: str | None, node: int | None, path: str, text: object = None
    ) -> int | None:
        """The node on the bars of a higher timeframe, as it stood when the last of them closed."""
        if timeframe is None or node is None:
            return node
        try:
            return self.graph.on_timeframe(node, timeframe)
        except TimeframeError as error:
            self.issues.append(Issue(path, str(error), text, 0))
        return None

    def _uses_broken(self, text: str) -> bool:
        if not self.broken:
            return False
        try:
            return bool(references(text) & self.broken)
        except ExpressionError:
            return False


def average_true_range(graph: Graph, period: int) -> int:
    """Add `atr(period)` and return its node."""
    return FUNCTIONS["atr"].build(graph, period)
