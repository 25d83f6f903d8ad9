"""What the parts of an expression may be: numbers, conditions, texts and lists; a function's arguments."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.functions import MAX_PERIOD, VARIADIC, Argument, Function
from engine.graph import Graph
from engine.names import FIELDS, TEXTS
from engine.suggest import did_you_mean, shorten
from engine.tokens import ExpressionError, Token

TF_EXAMPLE = 'tf("4h", close > sma(close, 50))'


@dataclass(frozen=True)
class Text:
    """A text in quotes."""

    text: str
    position: int


@dataclass(frozen=True)
class Values:
    """A list after 'in': each value and where it stands."""

    items: tuple[tuple["int | Text", int], ...]
    position: int


Operand = int | Values | Text
"""A node of the graph, or what is no value by itself."""


class Operands:
    """Checks what stands at a position before it becomes part of a node, and says what is wrong with it."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.states: list[Token] = []
        """The words of the expression that depend on the position, as they were read."""

    def whole(self, value: Operand) -> int:
        """What an expression may be as a whole: a number, a condition or the value of a text."""
        if isinstance(value, Values):
            raise ExpressionError(
                f"the list at {value.position} can only stand after 'in': x in [1, 2, 3]", value.position
            )
        if isinstance(value, Text):
            raise ExpressionError(
                f"text {shorten(value.text)} at {value.position} can only be compared with {_listed(TEXTS)} "
                f"(position == 'flat') or name a timeframe: {TF_EXAMPLE}",
                value.position,
            )
        return value

    def number(self, value: Operand, where: int) -> int:
        """What may stand in a calculation."""
        node = self.whole(value)
        if self._graph.is_boolean(node):
            raise ExpressionError(
                f"a number is expected at {where}, this is a condition (true or false)", where
            )
        self._refuse_text(node, where)
        return node

    def condition(self, value: Operand, where: int) -> int:
        """What may stand beside and, or, not."""
        node = self.whole(value)
        if not self._graph.is_boolean(node):
            self._refuse_text(node, where)
            raise ExpressionError(
                f"a condition is expected at {where}, this is a number; compare it with something, "
                "such as close > 100",
                where,
            )
        return node

    def _is_text(self, value: Operand) -> bool:
        return isinstance(value, Text) or self._text_of(value) is not None

    def _text_of(self, value: Operand) -> str | None:
        return self._graph.text_of(value) if isinstance(value, int) else None

    def _coded(self, value: Operand, where: int, kind: str) -> int:
        """The number that stands for a text of this kind."""
        if isinstance(value, Text):
            if value.text not in TEXTS[kind]:
                hint = did_you_mean(value.text, TEXTS[kind]) or f"; known are {_texts(kind)}"
                raise ExpressionError(
                    f"{kind} is never {shorten(value.text)} at {value.position}{hint}", value.position
                )
            return self._graph.constant(TEXTS[kind][value.text])
        if self._text_of(value) != kind:
            raise ExpressionError(
                f"{kind} is a text: compare it with {_texts(kind)}, not with what stands at {where}", where
            )
        return self.whole(value)

    def _refuse_text(self, node: int, where: int) -> None:
        kind = self._graph.text_of(node)
        if kind is not None:
            raise ExpressionError(
                f"{kind} at {where} is a text, one of {_texts(kind)}; compare it: "
                f"{kind} == '{next(iter(TEXTS[kind]))}'",
                where,
            )

    def refuse_state(
        self, node: int, where: int, cannot: str = "cannot be looked at in the past or averaged"
    ) -> None:
        """Nothing that looks back can be made of the position: only its present value is known."""
        if self._graph.is_state(node):
            token = next((token for token in self.states if token.position >= where), self.states[-1])
            raise ExpressionError(
                f"'{token.text}' at {token.position} depends on the position; it {cannot}", token.position
            )

    def compared(self, op: str, left: Operand, start: int, right: Operand, where: int) -> int:
        if self._is_text(left) or self._is_text(right):
            if op not in ("eq", "ne"):
                raise ExpressionError(
                    f"a text can only be compared with ==, !=, in and not in, not at {start}", start
                )
            kind = self._text_of(left) or self._text_of(right)
            if kind is None:
                self.whole(left if isinstance(left, Text) else right)
                raise AssertionError("a text without a kind was accepted")
            first = self._coded(left, start, kind)
            return self._graph.binary(op, first, self._coded(right, where, kind))
        return self._graph.binary(op, self.number(left, start), self.number(right, where))

    # --- arguments ---------------------------------------------------------------------------

    def call(self, function: Function, given: list[tuple[Operand, int]], token: Token) -> int:
        """The node of a function with these arguments, each with where it stands."""
        expected = function.arguments
        least = sum(a.default is None for a in expected)
        if len(given) < least or (len(given) > len(expected) and function.name not in VARIADIC):
            raise ExpressionError(
                f"{function.name} at {token.position} takes {function.signature}; {len(given)} given",
                token.position,
            )
        if not function.pointwise:
            for value, where in given:
                if isinstance(value, int):
                    self.refuse_state(value, where)
        if function.name in VARIADIC:
            nodes = [self.number(value, where) for value, where in given]
            result = nodes[0]
            for node in nodes[1:]:
                result = function.build(self._graph, result, node)
            return result
        values: list[int | float] = []
        for number, argument in enumerate(expected):
            if number < len(given):
                values.append(self._argument(given[number], argument, function))
            elif argument.kind == "series":
                values.append(self._graph.field(FIELDS[str(argument.default)]))
            else:
                values.append(_number_default(argument))
        return function.build(self._graph, *values)

    def _argument(self, given: tuple[Operand, int], argument: Argument, function: Function) -> int | float:
        value, where = given
        if argument.kind == "condition":
            return self.condition(value, where)
        node = self.number(value, where)
        if argument.kind == "series":
            return node
        if argument.kind == "period":
            what = f"'{argument.name}' of {function.name}"
            return self.period(self.whole_number(node, where, what, 1), function, argument, where)
        factor = self._graph.constant_of(node)
        if argument.kind == "share":
            if factor is None or not 0.0 <= factor <= 1.0:
                raise ExpressionError(
                    f"'{argument.name}' of {function.name} at {where} must be a constant from 0 to 1, "
                    "such as 0.9",
                    where,
                )
            return factor
        if factor is None or not 0.0 < abs(factor) <= 1e6:
            raise ExpressionError(
                f"'{argument.name}' of {function.name} at {where} must be a constant number other than 0, "
                "such as 2 or $width",
                where,
            )
        return factor

    def period(self, period: int, function: Function, argument: Argument, where: int) -> int:
        if not function.minimum_period <= period <= MAX_PERIOD:
            raise ExpressionError(
                f"'{argument.name}' of {function.name} at {where} is {period}; it must be between "
                f"{function.minimum_period} and {MAX_PERIOD:,} bars",
                where,
            )
        return period

    def whole_number(self, node: int, where: int, what: str, least: int) -> int:
        value = self._graph.constant_of(node)
        if value is None or value != value or value != float(int(value) if abs(value) < 1e15 else 0):
            raise ExpressionError(
                f"{what} at {where} must be a constant whole number of bars, such as 14 or $period", where
            )
        if not least <= value <= MAX_PERIOD:
            raise ExpressionError(
                f"{what} at {where} is {value:g}; it must be between {least} and {MAX_PERIOD:,} bars", where
            )
        return int(value)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _texts(kind: str) -> str:
    return ", ".join(f"'{text}'" for text in TEXTS[kind])


def _number_default(argument: Argument) -> int | float:
    if isinstance(argument.default, int | float):
        return argument.default
    raise AssertionError(f"{argument.name} has no number as its default")
