"""Writes docs/indicators.md from the catalogue: `python -m tests.engine.indicators_page`."""

from collections.abc import Iterator
from pathlib import Path

from engine.expression import parse_expression
from engine.functions import SUBJECTS, Function
from engine.graph import Graph
from engine.names import HOUR_MS, TEXTS, TIMEFRAMES

PAGE = Path(__file__).parents[2] / "docs" / "indicators.md"

HEAD = f"""\
# Indicators

The functions of the language, one value a bar. [Writing a strategy](strategies.md#expressions) says how expressions are written. This page is made of the engine's catalogue, and a test holds it to that.

`source`, `first` and `second` are any number expressions, `condition` is a condition; `period` and its like are constant whole numbers up to 10,000, `factor` and `width` constant numbers, `share`, `step` and `most` constants from 0 to 1. What stands behind `=` is taken when nothing is given, and a function whose arguments all have such a value may be written without brackets: `rsi`, `macd_signal`, `supertrend > close`. `rsi_14`, `sma_200`, `ema_20` and the like are short for the close over that many bars.

- A window that is not full, or holds a missing value, is missing. A recursive average passes a missing value over and is missing at that bar.
- Windows of one value, repeated, are exact: a still market has no spread and no slope, and its correlation is missing.
- **warm-up** is how many bars a run reads before its start for the function as written there, or with a period of 14 where there is no default, on bars of an hour. A recursive average never forgets where it began: it counts as settled when less than 1e-7 of its first value is left.
- Wherever a run is cut (progress, checkpoints, retries), every function gives the same bits, and no bar changes a value before it. Tests hold each function to both.

## Higher timeframes

`tf("4h", …)` is what stands inside, computed on bars of four hours: `tf("1d", close > sma(close, 50))`, `tf("4h", rsi(close, 14)[1])`. The timeframes are {", ".join(f"`{name}`" for name in TIMEFRAMES)}, none shorter than the run's bars, each a multiple of them.

- Higher bars begin at whole multiples since 1970-01-01 UTC, weeks on Mondays. They are made of the run's own bars: first open, highest high, lowest low, last close, sum of the volume.
- A higher bar is seen at the close that reaches its end, and stands until the next one is. When its last bars are missing, it is seen at the close of the next bar there is. One of which the first bar is missing at the beginning of the data is passed over.
- Bars back, crossings, windows and the day's prices inside `tf()` are of the higher bars; `tf("1d", close)[1]` is the value that was seen one bar of the run ago, `tf("1d", close[1])` the close of a day earlier.
- A `tf()` cannot hold another one, nor what depends on the position.

## Texts

A text is compared with its words, `trend_state == 'up'`, `volatility_state in ['low', 'normal']`, or with the same text of another time, `trend_state != trend_state[1]`.

{{texts}}
"""  # noqa: E501 - paragraphs of a page are lines


NOTES = {
    "Candle patterns": "The body is `|close − open|`, the range `high − low`, the upper shadow "
    "`high − max(open, close)` and the lower `min(open, close) − low`. TA-Lib's patterns of the same names "
    "compare with averages of the bars before; these look at the bars of the pattern alone.",
}


def example(function: Function) -> str:
    """The function as it is written with its defaults, periods of 14 where there are none."""
    if function.can_stand_alone:
        return function.name
    words = {"series": "close", "condition": "close > open", "period": "14", "share": "0.5", "factor": "2"}
    given: list[str] = []
    for argument in function.arguments:
        if argument.default is not None:
            break
        word = words[argument.kind]
        given.append("open" if argument.kind == "series" and word in given else word)
    return f"{function.name}({', '.join(given)})"


def warm_up(function: Function) -> int:
    graph = Graph()
    return graph.warm_up_bars(parse_expression(example(function), graph, {}, {}), HOUR_MS)


def shape(function: Function) -> str:
    if function.is_condition:
        return "condition"
    graph = Graph()
    kind = graph.text_of(parse_expression(example(function), graph, {}, {}))
    return "number" if kind is None else "text"


def page() -> str:
    """The whole page."""
    texts = "\n".join(
        f"- `{name}` is one of " + ", ".join(f"`'{word}'`" for word in words) for name, words in TEXTS.items()
    )
    return HEAD.replace("{texts}", texts) + "\n" + "\n".join(_sections()) + "\n"


def _sections() -> Iterator[str]:
    for subject, functions in SUBJECTS.items():
        yield f"## {subject}\n"
        if subject in NOTES:
            yield f"{NOTES[subject]}\n"
        yield "| function | is a | value | warm-up | source and differences |"
        yield "|---|---|---|---|---|"
        for function in functions:
            cells = (
                f"`{function.signature}`",
                shape(function),
                function.formula,
                str(warm_up(function)),
                function.source,
            )
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
        yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
