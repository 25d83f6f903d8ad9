"""The expression language: text in, one node of the document's graph out.

A precedence-climbing parser that builds nodes as it reads, so there is no tree to recurse over and a
chain of ten thousand additions is as flat as the text. Only brackets, signs and `not` nest, and their
depth is bounded.

    condition  = condition "or" condition | condition "and" condition | "not" condition | comparison
    comparison = sum (("<"|"<="|">"|">="|"=="|"!=") sum)+ | sum ["not"] "in" list
               | sum ["not"] "between" sum "and" sum
    sum        = sum ("+"|"-"|"*"|"/") sum | ("-"|"+") sum | primary ("[" bars "]")*
    primary    = number | name | "$"parameter | function "(" … ")" | "(" condition ")" | list
"""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.functions import FUNCTIONS, MAX_PERIOD, SHORT_FORMS, VARIADIC, Argument, Function
from engine.graph import Graph
from engine.names import FIELDS, NOT_ENFORCED_FUNCTIONS, NOT_ENFORCED_NAMES
from engine.suggest import did_you_mean, shorten
from engine.tokens import ExpressionError, Token, tokenize

MAX_DEPTH = 40
MAX_LIST = 200

_COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
_SUMS = {"+": (5, "add"), "-": (5, "sub"), "*": (6, "mul"), "/": (6, "div")}
_OR, _AND, _NOT, _COMPARE, _SUM, _SIGN = 1, 2, 3, 4, 5, 7


@dataclass(frozen=True)
class _List:
    items: tuple[int, ...]
    position: int


def references(text: str) -> frozenset[str]:
    """Return every name and `$parameter` in an expression, to order indicators. Raise ExpressionError."""
    return frozenset(
        f"${token.text}" if token.kind == "parameter" else token.text
        for token in tokenize(text)
        if token.kind in ("name", "parameter")
    )


def parse_expression(
    text: str,
    graph: Graph,
    parameters: Mapping[str, float | int | bool],
    indicators: Mapping[str, int],
) -> int:
    """Add the expression to `graph` and return its node.

    `indicators` maps the names that this expression may use to nodes already in the graph. Raise
    ExpressionError with the position of the fault.
    """
    return _Parser(text, graph, parameters, indicators).parse()


class _Parser:
    def __init__(
        self,
        text: str,
        graph: Graph,
        parameters: Mapping[str, float | int | bool],
        indicators: Mapping[str, int],
    ) -> None:
        self._tokens = tokenize(text)
        self._next = 0
        self._depth = 0
        self._graph = graph
        self._parameters = parameters
        self._indicators = indicators

    def parse(self) -> int:
        if self._peek().kind == "end":
            raise ExpressionError("the expression is empty", 0)
        result = self._expression(0)
        token = self._peek()
        if token.kind != "end":
            raise ExpressionError(
                f"unexpected '{token.text}' at {token.position}; an operator such as 'and', '>' or '+' "
                "is missing before it, or a bracket too many",
                token.position,
            )
        return self._scalar(result, 0)

    # --- operators ---------------------------------------------------------------------------

    def _expression(self, binding: int) -> int | _List:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(
                f"brackets, signs and functions nest deeper than {MAX_DEPTH}; "
                "name the parts under 'indicators'",
                self._peek().position,
            )
        start = self._peek().position
        left: int | _List = self._prefix()
        while True:
            token = self._peek()
            if token.kind == "keyword" and token.text in ("and", "or"):
                power = _AND if token.text == "and" else _OR
                if power <= binding:
                    break
                self._take()
                where = self._peek().position
                right = self._condition(self._expression(power), where)
                left = self._graph.binary(token.text, self._condition(left, start), right)
            elif token.kind == "symbol" and token.text in _SUMS:
                power, op = _SUMS[token.text]
                if power <= binding:
                    break
                self._take()
                where = self._peek().position
                right = self._number(self._expression(power), where)
                left = self._graph.binary(op, self._number(left, start), right)
            elif self._is_comparison(token):
                if binding >= _COMPARE:
                    break
                left = self._comparison(self._number(left, start))
            else:
                break
        self._depth -= 1
        return left

    def _is_comparison(self, token: Token) -> bool:
        if token.kind == "keyword" and token.text == "not":
            following = self._tokens[self._next + 1]
            return following.kind == "keyword" and following.text in ("in", "between")
        return token.text in _COMPARISONS if token.kind == "symbol" else token.text in ("in", "between")

    def _comparison(self, left: int) -> int:
        """Chained comparisons hold when each link holds: `a < b < c` is `a < b and b < c`."""
        result: int | None = None
        while self._is_comparison(self._peek()):
            token = self._take()
            negated = token.text == "not"
            if negated:
                token = self._take()
            if token.text == "in":
                link = self._membership(left, negated, token)
            elif token.text == "between":
                link = self._between(left, negated)
            else:
                where = self._peek().position
                right = self._number(self._expression(_COMPARE), where)
                link, left = self._graph.binary(_COMPARISONS[token.text], left, right), right
            result = link if result is None else self._graph.binary("and", result, link)
        if result is None:
            raise AssertionError("called without a comparison")
        return result

    def _membership(self, left: int, negated: bool, token: Token) -> int:
        found = self._expression(_COMPARE)
        if not isinstance(found, _List):
            raise ExpressionError(f"'in' at {token.position} needs a list: x in [1, 2, 3]", token.position)
        # A missing value is neither in a list nor outside of it: "not in" is a chain of "!=", not a "not".
        compare, join = ("ne", "and") if negated else ("eq", "or")
        result = self._graph.binary(compare, left, found.items[0])
        for item in found.items[1:]:
            result = self._graph.binary(join, result, self._graph.binary(compare, left, item))
        return result

    def _between(self, left: int, negated: bool) -> int:
        where = self._peek().position
        low = self._number(self._expression(_COMPARE), where)
        token = self._take()
        if token.text != "and":
            raise ExpressionError(
                f"expected 'and' at {token.position}: x between low and high", token.position
            )
        where = self._peek().position
        high = self._number(self._expression(_COMPARE), where)
        if negated:
            return self._graph.binary(
                "or", self._graph.binary("lt", left, low), self._graph.binary("gt", left, high)
            )
        return self._graph.binary(
            "and", self._graph.binary("ge", left, low), self._graph.binary("le", left, high)
        )

    # --- operands ----------------------------------------------------------------------------

    def _prefix(self) -> int | _List:
        token = self._take()
        if token.text == "not" and token.kind == "keyword":
            where = self._peek().position
            return self._graph.unary("not", self._condition(self._expression(_NOT), where))
        if token.kind == "symbol" and token.text in "+-":
            where = self._peek().position
            signed = self._number(self._expression(_SIGN), where)
            return signed if token.text == "+" else self._graph.unary("neg", signed)
        operand = self._primary(token)
        while self._peek().text == "[" and not isinstance(operand, _List):
            operand = self._index(operand)
        return operand

    def _primary(self, token: Token) -> int | _List:
        if token.kind == "number":
            value = float(token.text)
            if value in (float("inf"), float("-inf")):
                raise ExpressionError(
                    f"{token.text} at {token.position} is too large a number", token.position
                )
            return self._graph.constant(value)
        if token.kind == "parameter":
            return self._parameter(token)
        if token.kind == "keyword" and token.text in ("true", "false"):
            return self._graph.boolean(token.text == "true")
        if token.kind == "name":
            return self._call(token) if self._peek().text == "(" else self._name(token)
        if token.text == "(":
            inner = self._expression(0)
            self._expect(")", token)
            return inner
        if token.text == "[":
            return self._list(token)
        if token.kind == "string":
            raise ExpressionError(
                f"text {shorten(token.text)} at {token.position}: comparing with text "
                "(position == 'flat') is not enforced yet",
                token.position,
            )
        if token.kind == "end":
            raise ExpressionError("the expression ends where a value is expected", token.position)
        raise ExpressionError(f"expected a value at {token.position}, not '{token.text}'", token.position)

    def _list(self, opening: Token) -> _List:
        items: list[int] = []
        while True:
            where = self._peek().position
            items.append(self._number(self._expression(0), where))
            if len(items) > MAX_LIST:
                raise ExpressionError(f"the list has more than {MAX_LIST} values", opening.position)
            if self._peek().text != ",":
                break
            self._take()
        self._expect("]", opening)
        return _List(tuple(items), opening.position)

    def _index(self, operand: int) -> int:
        opening = self._take()
        if self._peek().text == "-":
            raise ExpressionError(
                f"a negative index at {self._peek().position} would look into the future; "
                "close[1] is one bar back",
                self._peek().position,
            )
        where = self._peek().position
        bars = self._whole(self._number(self._expression(0), where), where, "an index", 0)
        self._expect("]", opening)
        return self._graph.shift(operand, bars)

    def _parameter(self, token: Token) -> int:
        if token.text not in self._parameters:
            raise ExpressionError(
                f"unknown parameter '${token.text}' at {token.position}"
                + (did_you_mean(token.text, self._parameters) or "; declare it under 'parameters'"),
                token.position,
            )
        value = self._parameters[token.text]
        return self._graph.boolean(value) if isinstance(value, bool) else self._graph.constant(float(value))

    def _name(self, token: Token) -> int:
        name, where = token.text, token.position
        if name in self._indicators:
            return self._indicators[name]
        if name in FIELDS:
            return self._graph.field(FIELDS[name])
        if name in NOT_ENFORCED_NAMES or name in NOT_ENFORCED_FUNCTIONS:
            raise ExpressionError(f"'{name}' at {where} is not enforced yet", where)
        stem, _, digits = name.rpartition("_")
        if stem in SHORT_FORMS and digits.isdecimal() and len(digits) <= 6:
            function = FUNCTIONS[stem]
            period = self._period(int(digits), function, function.arguments[-1], where)
            source = () if stem == "atr" else (self._graph.field(FIELDS["close"]),)
            return function.build(self._graph, *source, period)
        if name in FUNCTIONS:
            if all(a.default is not None for a in FUNCTIONS[name].arguments):
                return self._build(FUNCTIONS[name], [], token)
            raise ExpressionError(f"'{name}' at {where} is a function: {FUNCTIONS[name].signature}", where)
        known = (*self._indicators, *FIELDS, *FUNCTIONS)
        hint = did_you_mean(name, known) or f"; known are {', '.join(FIELDS)}, the functions and 'indicators'"
        raise ExpressionError(f"unknown name '{shorten_name(name)}' at {where}{hint}", where)

    # --- function calls ----------------------------------------------------------------------

    def _call(self, token: Token) -> int:
        function = FUNCTIONS.get(token.text)
        if function is None:
            if token.text in NOT_ENFORCED_FUNCTIONS:
                raise ExpressionError(
                    f"function '{token.text}' at {token.position} is not enforced yet", token.position
                )
            hint = did_you_mean(token.text, FUNCTIONS) or f"; known are {', '.join(sorted(FUNCTIONS))}"
            raise ExpressionError(
                f"unknown indicator '{shorten_name(token.text)}' at {token.position}{hint}", token.position
            )
        opening = self._take()
        arguments: list[tuple[int | _List, int]] = []
        if self._peek().text != ")":
            while True:
                where = self._peek().position
                arguments.append((self._expression(0), where))
                if self._peek().text != ",":
                    break
                self._take()
        self._expect(")", opening)
        return self._build(function, arguments, token)

    def _build(self, function: Function, given: list[tuple[int | _List, int]], token: Token) -> int:
        expected = function.arguments
        least = sum(a.default is None for a in expected)
        if len(given) < least or (len(given) > len(expected) and function.name not in VARIADIC):
            raise ExpressionError(
                f"{function.name} at {token.position} takes {function.signature}; {len(given)} given",
                token.position,
            )
        if function.name in VARIADIC:
            nodes = [self._number(value, where) for value, where in given]
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

    def _argument(
        self, given: tuple[int | _List, int], argument: Argument, function: Function
    ) -> int | float:
        value, where = given
        node = self._number(value, where)
        if argument.kind == "series":
            return node
        if argument.kind == "period":
            what = f"'{argument.name}' of {function.name}"
            return self._period(self._whole(node, where, what, 1), function, argument, where)
        factor = self._graph.constant_of(node)
        if factor is None or not 0.0 < abs(factor) <= 1e6:
            raise ExpressionError(
                f"'{argument.name}' of {function.name} at {where} must be a constant number other than 0, "
                "such as 2 or $width",
                where,
            )
        return factor

    def _period(self, period: int, function: Function, argument: Argument, where: int) -> int:
        if not function.minimum_period <= period <= MAX_PERIOD:
            raise ExpressionError(
                f"'{argument.name}' of {function.name} at {where} is {period}; it must be between "
                f"{function.minimum_period} and {MAX_PERIOD:,} bars",
                where,
            )
        return period

    # --- kinds -------------------------------------------------------------------------------

    def _whole(self, node: int, where: int, what: str, least: int) -> int:
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

    def _scalar(self, value: int | _List, where: int) -> int:
        if isinstance(value, _List):
            raise ExpressionError(
                f"the list at {value.position} can only stand after 'in': x in [1, 2, 3]", value.position
            )
        del where
        return value

    def _number(self, value: int | _List, where: int) -> int:
        node = self._scalar(value, where)
        if self._graph.is_boolean(node):
            raise ExpressionError(
                f"a number is expected at {where}, this is a condition (true or false)", where
            )
        return node

    def _condition(self, value: int | _List, where: int) -> int:
        node = self._scalar(value, where)
        if not self._graph.is_boolean(node):
            raise ExpressionError(
                f"a condition is expected at {where}, this is a number; compare it with something, "
                "such as close > 100",
                where,
            )
        return node

    # --- tokens ------------------------------------------------------------------------------

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        if token.kind != "end":
            self._next += 1
        return token

    def _expect(self, closing: str, opening: Token) -> None:
        token = self._take()
        if token.text != closing:
            found = "the end" if token.kind == "end" else f"'{token.text}'"
            raise ExpressionError(
                f"expected '{closing}' at {token.position} to close '{opening.text}' at "
                f"{opening.position}, found {found}",
                token.position,
            )


def _number_default(argument: Argument) -> int | float:
    if isinstance(argument.default, int | float):
        return argument.default
    raise AssertionError(f"{argument.name} has no number as its default")


def shorten_name(name: str) -> str:
    """A name as a message may carry it."""
    return name if len(name) <= 40 else name[:39] + "…"
