"""Expression text to tokens with positions; refuses what the language does not have and says what it has."""

import re
from dataclasses import dataclass
from functools import lru_cache

MAX_LENGTH = 4_000
MAX_TOKENS = 1_500

KEYWORDS = frozenset({"and", "or", "not", "in", "between", "true", "false"})

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,3})?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | \$(?P<parameter>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<string>'[^']*'|"[^"]*")
      | (?P<symbol><=|>=|==|!=|[-+*/<>()\[\],])""",
    re.VERBOSE,
)

# What people write from other languages, and what to write here.
_FOREIGN = {
    "&&": "write 'and'",
    "||": "write 'or'",
    "&": "write 'and'",
    "|": "write 'or'",
    "!": "write 'not'",
    "=": "write '==' to compare",
    "**": "powers are not part of the language; multiply",
    "%": "write a percentage as a number: 0.02 for 2 %",
    ".": "attributes cannot be reached; write close[1] for one bar back",
    "$": "a parameter is written $name",
    "'": "the text has no closing quote",
    '"': "the text has no closing quote",
}


class ExpressionError(Exception):
    """A fault inside one expression, at a character position (from 0)."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True)
class Token:
    kind: str
    """number, name, parameter, string, symbol, keyword or end"""
    text: str
    position: int
    end: int


@lru_cache(maxsize=512)
def tokenize(text: str) -> tuple[Token, ...]:
    """Split `text`; the last token is always `end`. Raise ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"the expression has {len(text):,} characters; {MAX_LENGTH:,} are allowed. "
            "Name its parts under 'indicators'",
            MAX_LENGTH,
        )
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _foreign(text, position)
        kind = match.lastgroup or "symbol"
        if kind != "space":
            word = match.group(kind)
            if kind == "name" and word in KEYWORDS:
                kind = "keyword"
            elif kind == "name" and word.lower() in KEYWORDS:
                raise ExpressionError(f"write '{word.lower()}' in small letters at {position}", position)
            tokens.append(Token(kind, word, position, match.end()))
            if len(tokens) > MAX_TOKENS:
                raise ExpressionError(
                    f"the expression has more than {MAX_TOKENS:,} words and signs; "
                    "name its parts under 'indicators'",
                    position,
                )
        position = match.end()
    tokens.append(Token("end", "", len(text), len(text)))
    return tuple(tokens)


def _foreign(text: str, position: int) -> ExpressionError:
    for length in (2, 1):
        sign = text[position : position + length]
        if sign in _FOREIGN:
            return ExpressionError(f"'{sign}' at {position} is not known here; {_FOREIGN[sign]}", position)
    return ExpressionError(f"{text[position]!r} at {position} is not part of the language", position)
