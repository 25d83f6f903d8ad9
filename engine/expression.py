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

from collections.abc import Mapping
from functools import lru_cache

from engine.functions import FUNCTIONS, SHORT_FORMS
from engine.graph import Graph
from engine.names import FIELDS, STATES, TIMEFRAMES
from engine.operands import TF_EXAMPLE, Operand, Operands, Text, Values
from engine.suggest import did_you_mean, shorten
from engine.tokens import ExpressionError, Token, tokenize

MAX_DEPTH = 40
MAX_LIST = 200

_COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
_SUMS = {"+": (5, "add"), "-": (5, "sub"), "*": (6, "mul"), "/": (6, "div")}
_OR, _AND, _NOT, _COMPARE, _SUM, _SIGN = 1, 2, 3, 4, 5, 7


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
        self._operands = Operands(graph)
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
        self._note(result, self._tokens[0].position)
        return self._operands.whole(result)

    # --- operators ---------------------------------------------------------------------------

    def _expression(self, binding: int) -> Operand:
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
                first = self._operands.condition(left, start)
                self._note(first, start)
                self._take()
                where = self._peek().position
                right = self._operands.condition(self._expression(power), where)
                self._note(right, where)
                left = self._graph.binary(token.text, first, right)
                self._note(left, start)
            elif token.kind == "symbol" and token.text in _SUMS:
                power, op = _SUMS[token.text]
                if power <= binding:
                    break
                self._take()
                where = self._peek().position
                right = self._operands.number(self._expression(power), where)
                left = self._graph.binary(op, self._operands.number(left, start), right)
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

    def _comparison(self, left: Operand, start: int) -> int:
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
                link = self._between(self._operands.number(left, start), negated)
            else:
                where = self._peek().position
                right = self._expression(_COMPARE)
                self._note(right, where)
                link = self._operands.compared(_COMPARISONS[token.text], left, start, right, where)
                self._note(link, start)
                left, start = right, where
            result = link if result is None else self._graph.binary("and", result, link)
        if result is None:
            raise AssertionError("called without a comparison")
        self._note(result, first)
        return result

    def _membership(self, left: Operand, start: int, negated: bool, token: Token) -> int:
        found = self._expression(_COMPARE)
        if not isinstance(found, Values):
            raise ExpressionError(f"'in' at {token.position} needs a list: x in [1, 2, 3]", token.position)
        # A missing value is neither in a list nor outside of it: "not in" is a chain of "!=", not a "not".
        compare, join = ("ne", "and") if negated else ("eq", "or")
        links = [self._operands.compared(compare, left, start, item, where) for item, where in found.items]
        result = links[0]
        for link in links[1:]:
            result = self._graph.binary(join, result, link)
        return result

    def _between(self, left: int, negated: bool) -> int:
        where = self._peek().position
        low = self._operands.number(self._expression(_COMPARE), where)
        self._note(low, where)
        token = self._take()
        if token.text != "and":
            raise ExpressionError(
                f"expected 'and' at {token.position}: x between low and high", token.position
            )
        where = self._peek().position
        high = self._operands.number(self._expression(_COMPARE), where)
        self._note(high, where)
        if negated:
            return self._graph.binary(
                "or", self._graph.binary("lt", left, low), self._graph.binary("gt", left, high)
            )
        return self._graph.binary(
            "and", self._graph.binary("ge", left, low), self._graph.binary("le", left, high)
        )

    # --- operands ----------------------------------------------------------------------------

    def _prefix(self) -> Operand:
        token = self._take()
        if token.text == "not" and token.kind == "keyword":
            where = self._peek().position
            inner = self._operands.condition(self._expression(_NOT), where)
            self._note(inner, where)
            result = self._graph.unary("not", inner)
            self._note(result, token.position)
            return result
        if token.kind == "symbol" and token.text in "+-":
            where = self._peek().position
            signed = self._operands.number(self._expression(_SIGN), where)
            return signed if token.text == "+" else self._graph.unary("neg", signed)
        operand = self._primary(token)
        while self._peek().text == "[" and isinstance(operand, int):
            operand = self._index(operand, token)
        return operand

    def _primary(self, token: Token) -> Operand:
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
            return Text(token.text[1:-1], token.position)
        if token.kind == "end":
            raise ExpressionError("the expression ends where a value is expected", token.position)
        raise ExpressionError(f"expected a value at {token.position}, not '{token.text}'", token.position)

    def _list(self, opening: Token) -> Values:
        items: list[tuple[int | Text, int]] = []
        while True:
            where = self._peek().position
            item = self._expression(0)
            items.append((item if isinstance(item, Text) else self._operands.number(item, where), where))
            if len(items) > MAX_LIST:
                raise ExpressionError(f"the list has more than {MAX_LIST} values", opening.position)
            if self._peek().text != ",":
                break
            self._take()
        self._expect("]", opening)
        return Values(tuple(items), opening.position)

    def _index(self, operand: int, start: Token) -> int:
        opening = self._take()
        if self._peek().text == "-":
            raise ExpressionError(
                f"a negative index at {self._peek().position} would look into the future; "
                "close[1] is one bar back",
                self._peek().position,
            )
        where = self._peek().position
        index = self._operands.number(self._expression(0), where)
        bars = self._operands.whole_number(index, where, "an index", 0)
        self._expect("]", opening)
        if bars:
            self._operands.refuse_state(operand, start.position)
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
                self._operands.states.append(token)
            return self._indicators[name]
        if name in FIELDS:
            return self._graph.field(FIELDS[name])
        if name in STATES:
            self._operands.states.append(token)
            return self._graph.state(STATES[name])
        stem, _, digits = name.rpartition("_")
        if stem in SHORT_FORMS and digits.isdecimal() and len(digits) <= 6:
            function = FUNCTIONS[stem]
            period = self._operands.period(int(digits), function, function.arguments[-1], where)
            source = () if stem == "atr" else (self._graph.field(FIELDS["close"]),)
            return function.build(self._graph, *source, period)
        if name in FUNCTIONS:
            if all(a.default is not None for a in FUNCTIONS[name].arguments):
                return self._operands.call(FUNCTIONS[name], [], token)
            raise ExpressionError(f"'{name}' at {where} is a function: {FUNCTIONS[name].signature}", where)
        if name == "tf":
            raise ExpressionError(f"'tf' at {where} is a function: {TF_EXAMPLE}", where)
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
        arguments: list[tuple[Operand, int]] = []
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
        return self._operands.call(function, arguments, token)

    def _timeframe(self, token: Token) -> int:
        """What is inside is computed on the bars of the timeframe, and seen once they have closed."""
        opening = self._take()
        name = self._take()
        if name.kind != "string":
            raise ExpressionError(
                f"tf at {token.position} begins with a timeframe in quotes: {TF_EXAMPLE}", name.position
            )
        timeframe = name.text[1:-1]
        if timeframe not in TIMEFRAMES:
            known = ", ".join(TIMEFRAMES)
            raise ExpressionError(
                f"unknown timeframe {shorten(timeframe)} at {name.position}; known are {known}",
                name.position,
            )
        comma = self._take()
        if comma.text != ",":
            raise ExpressionError(f"expected ',' at {comma.position}: {TF_EXAMPLE}", comma.position)
        mark, noted = self._graph.mark(), len(self._spans or ())
        where = self._peek().position
        inner = self._operands.whole(self._expression(0))
        self._expect(")", opening)
        self._operands.refuse_state(inner, where, "cannot stand in tf()")
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

    def _note(self, value: Operand, start: int) -> None:
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


def shorten_name(name: str) -> str:
    """A name as a message may carry it."""
    return name if len(name) <= 40 else name[:39] + "…"
