"""The expression language: text in, one node of the document's graph out.

A precedence-climbing parser that builds nodes as it reads, so there is no tree to recurse over and a
chain of ten thousand additions is as flat as the text. Only brackets, signs and `not` nest, and their
depth is bounded.

    condition  = condition "or" condition | condition "and" condition | "not" condition | comparison
    comparison = sum (("<"|"<="|">"|">="|"=="|"!=") sum)+ | sum ["not"] "in" list
               | sum ["not"] "between" sum "and" sum
    sum        = sum ("+"|"-"|"*"|"/") sum | ("-"|"+") sum | primary ("[" bars "]")*
    primary    = number | text | name | "$"parameter | function "(" … ")" | "(" condition ")" | list
               | "tf" "(" text "," condition ")"
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from engine.functions import FUNCTIONS, MAX_PERIOD, SHORT_FORMS, VARIADIC, Argument, Function
from engine.graph import Graph
from engine.names import FIELDS, STATES, TEXTS, TIMEFRAMES
from engine.suggest import did_you_mean, shorten
from engine.tokens import ExpressionError, Token, tokenize

MAX_DEPTH = 40
MAX_LIST = 200

_COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
_SUMS = {"+": (5, "add"), "-": (5, "sub"), "*": (6, "mul"), "/": (6, "div")}
_TF = 'tf("4h", close > sma(close, 50))'
_OR, _AND, _NOT, _COMPARE, _SUM, _SIGN = 1, 2, 3, 4, 5, 7


@dataclass(frozen=True)
class _Text:
    text: str
    position: int


@dataclass(frozen=True)
class _List:
    items: tuple[tuple[int | _Text, int], ...]
    """Each value and where it stands."""
    position: int


_Operand = int | _List | _Text
Span = tuple[int, int, int]
"""First character, the one after the last, and the node that these characters mean."""


@lru_cache(maxsize=512)
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
    spans: list[Span] | None = None,
) -> int:
    """Add the expression to `graph` and return its node.

    `indicators` maps the names that this expression may use to nodes already in the graph. `spans`, when
    given, receives every condition and every operand of a comparison in it, outermost first. Raise
    ExpressionError with the position of the fault.
    """
    found: list[Span] | None = None if spans is None else []
    node = _Parser(text, graph, parameters, indicators, found).parse()
    if spans is not None and found is not None:
        spans += sorted(set(found), key=lambda span: (span[0], -span[1], -span[2]))
    return node


class _Parser:
    def __init__(
        self,
        text: str,
        graph: Graph,
        parameters: Mapping[str, float | int | bool],
        indicators: Mapping[str, int],
        spans: list[Span] | None,
    ) -> None:
        self._tokens = tokenize(text)
        self._next = 0
        self._depth = 0
        self._graph = graph
        self._parameters = parameters
        self._indicators = indicators
        self._states: list[Token] = []
        self._spans = spans

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
        return self._whole_expression(result)

    # --- operators ---------------------------------------------------------------------------

    def _expression(self, binding: int) -> _Operand:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(
                f"brackets, signs and functions nest deeper than {MAX_DEPTH}; "
                "name the parts under 'indicators'",
                self._peek().position,
            )
        start = self._peek().position
        left = self._prefix()
        while True:
            token = self._peek()
            if token.kind == "keyword" and token.text in ("and", "or"):
                power = _AND if token.text == "and" else _OR
                if power <= binding:
                    break
                first = self._condition(left, start)
                self._take()
                where = self._peek().position
                right = self._condition(self._expression(power), where)
                left = self._graph.binary(token.text, first, right)
                self._note(left, start)
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
                left = self._comparison(left, start)
            else:
                break
        self._depth -= 1
        return left

    def _is_comparison(self, token: Token) -> bool:
        if token.kind == "keyword" and token.text == "not":
            following = self._tokens[self._next + 1]
            return following.kind == "keyword" and following.text in ("in", "between")
        return token.text in _COMPARISONS if token.kind == "symbol" else token.text in ("in", "between")

    def _comparison(self, left: _Operand, start: int) -> int:
        """Chained comparisons hold when each link holds: `a < b < c` is `a < b and b < c`."""
        result: int | None = None
        first = start
        self._note(left, start)
        while self._is_comparison(self._peek()):
            token = self._take()
            negated = token.text == "not"
            if negated:
                token = self._take()
            if token.text == "in":
                link = self._membership(left, start, negated, token)
            elif token.text == "between":
                link = self._between(self._number(left, start), negated)
            else:
                where = self._peek().position
                right = self._expression(_COMPARE)
                self._note(right, where)
                link = self._compared(_COMPARISONS[token.text], left, start, right, where)
                self._note(link, start)
                left, start = right, where
            result = link if result is None else self._graph.binary("and", result, link)
        if result is None:
            raise AssertionError("called without a comparison")
        self._note(result, first)
        return result

    def _compared(self, op: str, left: _Operand, start: int, right: _Operand, where: int) -> int:
        if self._is_text(left) or self._is_text(right):
            if op not in ("eq", "ne"):
                raise ExpressionError(
                    f"a text can only be compared with ==, !=, in and not in, not at {start}", start
                )
            kind = self._text_of(left) or self._text_of(right)
            if kind is None:
                self._whole_expression(left if isinstance(left, _Text) else right)
                raise AssertionError("a text without a kind was accepted")
            first = self._coded(left, start, kind)
            return self._graph.binary(op, first, self._coded(right, where, kind))
        return self._graph.binary(op, self._number(left, start), self._number(right, where))

    def _membership(self, left: _Operand, start: int, negated: bool, token: Token) -> int:
        found = self._expression(_COMPARE)
        if not isinstance(found, _List):
            raise ExpressionError(f"'in' at {token.position} needs a list: x in [1, 2, 3]", token.position)
        # A missing value is neither in a list nor outside of it: "not in" is a chain of "!=", not a "not".
        compare, join = ("ne", "and") if negated else ("eq", "or")
        links = [self._compared(compare, left, start, item, where) for item, where in found.items]
        result = links[0]
        for link in links[1:]:
            result = self._graph.binary(join, result, link)
        return result

    def _between(self, left: int, negated: bool) -> int:
        where = self._peek().position
        low = self._number(self._expression(_COMPARE), where)
        self._note(low, where)
        token = self._take()
        if token.text != "and":
            raise ExpressionError(
                f"expected 'and' at {token.position}: x between low and high", token.position
            )
        where = self._peek().position
        high = self._number(self._expression(_COMPARE), where)
        self._note(high, where)
        if negated:
            return self._graph.binary(
                "or", self._graph.binary("lt", left, low), self._graph.binary("gt", left, high)
            )
        return self._graph.binary(
            "and", self._graph.binary("ge", left, low), self._graph.binary("le", left, high)
        )

    # --- operands ----------------------------------------------------------------------------

    def _prefix(self) -> _Operand:
        token = self._take()
        if token.text == "not" and token.kind == "keyword":
            where = self._peek().position
            result = self._graph.unary("not", self._condition(self._expression(_NOT), where))
            self._note(result, token.position)
            return result
        if token.kind == "symbol" and token.text in "+-":
            where = self._peek().position
            signed = self._number(self._expression(_SIGN), where)
            return signed if token.text == "+" else self._graph.unary("neg", signed)
        operand = self._primary(token)
        while self._peek().text == "[" and isinstance(operand, int):
            operand = self._index(operand, token)
        return operand

    def _primary(self, token: Token) -> _Operand:
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
            return _Text(token.text[1:-1], token.position)
        if token.kind == "end":
            raise ExpressionError("the expression ends where a value is expected", token.position)
        raise ExpressionError(f"expected a value at {token.position}, not '{token.text}'", token.position)

    def _list(self, opening: Token) -> _List:
        items: list[tuple[int | _Text, int]] = []
        while True:
            where = self._peek().position
            item = self._expression(0)
            items.append((item if isinstance(item, _Text) else self._number(item, where), where))
            if len(items) > MAX_LIST:
                raise ExpressionError(f"the list has more than {MAX_LIST} values", opening.position)
            if self._peek().text != ",":
                break
            self._take()
        self._expect("]", opening)
        return _List(tuple(items), opening.position)

    def _index(self, operand: int, start: Token) -> int:
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
        if bars:
            self._refuse_state(operand, start.position)
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
            if self._graph.is_state(self._indicators[name]):
                self._states.append(token)
            return self._indicators[name]
        if name in FIELDS:
            return self._graph.field(FIELDS[name])
        if name in STATES:
            self._states.append(token)
            return self._graph.state(STATES[name])
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
        if name == "tf":
            raise ExpressionError(f"'tf' at {where} is a function: {_TF}", where)
        known = (*self._indicators, *FIELDS, *STATES, *FUNCTIONS)
        hint = did_you_mean(name, known) or f"; known are {', '.join(FIELDS)}, the functions and 'indicators'"
        raise ExpressionError(f"unknown name '{shorten_name(name)}' at {where}{hint}", where)

    # --- function calls ----------------------------------------------------------------------

    def _call(self, token: Token) -> int:
        if token.text == "tf":
            return self._timeframe(token)
        function = FUNCTIONS.get(token.text)
        if function is None:
            if token.text in STATES or token.text in FIELDS:
                raise ExpressionError(
                    f"'{token.text}' at {token.position} is no function; write it without brackets",
                    token.position,
                )
            hint = did_you_mean(token.text, (*FUNCTIONS, "tf")) or "; docs/indicators.md lists them all"
            raise ExpressionError(
                f"unknown indicator '{shorten_name(token.text)}' at {token.position}{hint}", token.position
            )
        opening = self._take()
        arguments: list[tuple[_Operand, int]] = []
        if self._peek().text != ")":
            while True:
                where = self._peek().position
                arguments.append((self._expression(0), where))
                if function.is_condition:
                    self._note(arguments[-1][0], where)
                if self._peek().text != ",":
                    break
                self._take()
        self._expect(")", opening)
        return self._build(function, arguments, token)

    def _timeframe(self, token: Token) -> int:
        """What is inside is computed on the bars of the timeframe, and seen once they have closed."""
        opening = self._take()
        name = self._take()
        if name.kind != "string":
            raise ExpressionError(
                f"tf at {token.position} begins with a timeframe in quotes: {_TF}", name.position
            )
        timeframe = name.text[1:-1]
        if timeframe not in TIMEFRAMES:
            raise ExpressionError(
                f"unknown timeframe {shorten(timeframe)} at {name.position}; known are {_listed(TIMEFRAMES)}",
                name.position,
            )
        comma = self._take()
        if comma.text != ",":
            raise ExpressionError(f"expected ',' at {comma.position}: {_TF}", comma.position)
        mark, noted = self._graph.mark(), len(self._spans or ())
        where = self._peek().position
        inner = self._whole_expression(self._expression(0))
        self._expect(")", opening)
        self._refuse_state(inner, where, "cannot stand in tf()")
        if self._graph.has_timeframe(inner):
            raise ExpressionError(
                f"tf at {token.position} holds another tf(), by itself or in an indicator; each timeframe is "
                "made of the run's own bars, so put them side by side",
                token.position,
            )
        spans = (self._spans or [])[noted:]
        lifted = self._graph.lift({inner, *(node for _, _, node in spans)}, timeframe, mark)
        if self._spans is not None:
            self._spans[noted:] = [(start, end, lifted[node]) for start, end, node in spans]
        return lifted[inner]

    def _build(self, function: Function, given: list[tuple[_Operand, int]], token: Token) -> int:
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
                    self._refuse_state(value, where)
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

    def _argument(self, given: tuple[_Operand, int], argument: Argument, function: Function) -> int | float:
        value, where = given
        if argument.kind == "condition":
            return self._condition(value, where)
        node = self._number(value, where)
        if argument.kind == "series":
            return node
        if argument.kind == "period":
            what = f"'{argument.name}' of {function.name}"
            return self._period(self._whole(node, where, what, 1), function, argument, where)
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

    def _whole_expression(self, value: _Operand) -> int:
        """What an expression may be as a whole: a number, a condition or the value of a text."""
        if isinstance(value, _List):
            raise ExpressionError(
                f"the list at {value.position} can only stand after 'in': x in [1, 2, 3]", value.position
            )
        if isinstance(value, _Text):
            raise ExpressionError(
                f"text {shorten(value.text)} at {value.position} can only be compared with {_listed(TEXTS)} "
                f"(position == 'flat') or name a timeframe: {_TF}",
                value.position,
            )
        return value

    def _number(self, value: _Operand, where: int) -> int:
        node = self._whole_expression(value)
        if self._graph.is_boolean(node):
            raise ExpressionError(
                f"a number is expected at {where}, this is a condition (true or false)", where
            )
        self._refuse_text(node, where)
        return node

    def _condition(self, value: _Operand, where: int) -> int:
        node = self._whole_expression(value)
        if not self._graph.is_boolean(node):
            self._refuse_text(node, where)
            raise ExpressionError(
                f"a condition is expected at {where}, this is a number; compare it with something, "
                "such as close > 100",
                where,
            )
        self._note(node, where)
        return node

    def _is_text(self, value: _Operand) -> bool:
        return isinstance(value, _Text) or self._text_of(value) is not None

    def _text_of(self, value: _Operand) -> str | None:
        return self._graph.text_of(value) if isinstance(value, int) else None

    def _coded(self, value: _Operand, where: int, kind: str) -> int:
        """The number that stands for a text of this kind."""
        if isinstance(value, _Text):
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
        return self._whole_expression(value)

    def _refuse_text(self, node: int, where: int) -> None:
        kind = self._graph.text_of(node)
        if kind is not None:
            raise ExpressionError(
                f"{kind} at {where} is a text, one of {_texts(kind)}; compare it: "
                f"{kind} == '{next(iter(TEXTS[kind]))}'",
                where,
            )

    def _refuse_state(
        self, node: int, where: int, cannot: str = "cannot be looked at in the past or averaged"
    ) -> None:
        """Nothing that looks back can be made of the position: only its present value is known."""
        if self._graph.is_state(node):
            token = next((token for token in self._states if token.position >= where), self._states[-1])
            raise ExpressionError(
                f"'{token.text}' at {token.position} depends on the position; it {cannot}", token.position
            )

    def _note(self, value: _Operand, start: int) -> None:
        """Remember what the characters from `start` to here mean."""
        if self._spans is not None and isinstance(value, int):
            self._spans.append((start, self._tokens[self._next - 1].end, value))

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


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _texts(kind: str) -> str:
    return ", ".join(f"'{text}'" for text in TEXTS[kind])


def _number_default(argument: Argument) -> int | float:
    if isinstance(argument.default, int | float):
        return argument.default
    raise AssertionError(f"{argument.name} has no number as its default")


def shorten_name(name: str) -> str:
    """A name as a message may carry it."""
    return name if len(name) <= 40 else name[:39] + "…"
