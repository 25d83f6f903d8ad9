"""Worked examples of the pages, run: a document, candles, and what must come of them.

The form is told to readers at the top of docs/fills.md. What does not hold fails with what happened.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml

from engine import Bars, Costs, Funding, Market, Result, run
from tests.engine.market import rows

MINUTE = 60_000
UNITS = {"m": MINUTE, "h": 60 * MINUTE, "d": 1440 * MINUTE}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONDAY = 4 * UNITS["d"]
"""1970-01-05, the first Monday of the epoch."""

DOCUMENT = ("triggers", "sizing", "risk", "behaviour", "parameters", "indicators")
COSTS = tuple(Costs().__dict__)
RUN = ("cash", "allocations", "every", "funding", "quantity_step", "min_notional")
MARGIN = ("leverage", "maintenance_margin_pct")
WHOLE = ("fills", "blocked", "trades")
"""Tables of which an example lists every row; without a list there must be none (of trades: none is told)."""
PARTS = ("equity", "positions", "events", "counts")
"""Tables of which it lists the rows it is about; counts are those of the rules, the metric `triggers`."""
KEYS = {*DOCUMENT, "run", "candles", "finer", *WHOLE, *PARTS}

TIME = re.compile(r"(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?(\d\d):(\d\d)(?: |$)")
NUMBER = re.compile(r"-?\d+(\.\d+)?…?\Z")


def milliseconds(text: str) -> int:
    """The length of `30m`, `1h`, `1d`."""
    return int(text[:-1]) * UNITS[text[-1]]


def take_time(line: str) -> tuple[int | None, str]:
    """The time that a line begins with, if any, and the rest. Without a weekday it is Monday."""
    found = TIME.match(line)
    if found is None:
        return None, line
    day, hour, minute = found.groups()
    at = MONDAY + DAYS.index(day or "Mon") * UNITS["d"] + int(hour) * UNITS["h"] + int(minute) * MINUTE
    return at, line[found.end() :]


def lines_of(text: str) -> Iterator[str]:
    """The lines, without comments and empty ones; a bar ends a line too."""
    for line in re.split(r"[\n|]", text):
        kept = line.split("#")[0].strip()
        if kept:
            yield kept


def candles(text: str, step: int) -> Bars:
    """Bars of open, high, low, close (or open and close, or one price) and volume, `-` for a missing one."""
    found: list[tuple[float, ...]] = []
    at = MONDAY
    for written in lines_of(str(text)):
        given, line = take_time(written)
        at = at if given is None else given
        times, line = (int(line.split("*")[0]), line.split("*")[1]) if "*" in line else (1, line)
        for _ in range(times):
            if line.strip() != "-":
                found.append((at, *_candle([float(word) for word in line.split()])))
            at += step
    columns = list(zip(*found, strict=True))
    return Bars(np.array(columns[0], dtype=np.int64), *(np.array(c, dtype=np.float64) for c in columns[1:]))


def _candle(given: list[float]) -> tuple[float, ...]:
    if len(given) <= 2:
        return given[0], max(given), min(given), given[-1], 1000.0
    assert len(given) in (4, 5), given
    return (*given, 1000.0)[:5]


def played(example: Mapping[str, Any]) -> Result:
    """Run the example's document over its candles."""
    assert set(example) <= KEYS, set(example) - KEYS
    settings = dict(example.get("run", {}))
    assert set(settings) <= {*RUN, *COSTS, *MARGIN}, settings
    step = milliseconds(settings.get("every", "1h"))
    given = example["candles"]
    by_symbol = given if isinstance(given, Mapping) else {"BTC": given}
    bars = {symbol: candles(text, step) for symbol, text in by_symbol.items()}
    document = {"name": "example", "sizing": {"fraction": 0.5}}
    document |= {key: example[key] for key in DOCUMENT if key in example}
    finer = example.get("finer")
    owed = any("short" in str(trigger.get("direction")) for trigger in example["triggers"])
    return run(
        document,
        bars,
        initial_cash=settings.get("cash", 1000.0),
        allocations=tuple(settings["allocations"].get(symbol, 0.0) for symbol in bars)
        if "allocations" in settings
        else (),
        costs=Costs(**dict.fromkeys(COSTS, 0.0) | {key: settings[key] for key in COSTS if key in settings}),
        start_ms=MONDAY,
        timeframe_ms=step,
        markets=tuple(
            Market(symbol, settings.get("quantity_step", 0.0), settings.get("min_notional", 0.0))
            for symbol in bars
        ),
        record_indicators=False,
        funding=_funding(settings.get("funding", []))
        if owed or "funding" in settings or "leverage" in settings
        else None,
        finer=None if finer is None else {"BTC": candles(finer["candles"], milliseconds(finer["every"]))},
        **{key: settings[key] for key in MARGIN if key in settings},
    )


def _funding(written: list[str]) -> Funding:
    times, rates = [], []
    for line in written:
        at, rate = take_time(line)
        times.append(at)
        rates.append(float(rate))
    return Funding(np.array(times, dtype=np.int64), np.array(rates, dtype=np.float64))


@dataclass(frozen=True)
class Line:
    """One line of what an example expects: a time (counts have none), words, `name value` pairs."""

    text: str
    time: int | None
    words: list[str]
    pairs: dict[str, str]

    @classmethod
    def read(cls, text: str) -> "Line":
        at, rest = take_time(text)
        head, *parts = rest.split(", ")
        return cls(text, at, head.split(), dict(part.split(" ", 1) for part in parts))

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Whether a row has the line's time, words (in `row["words"]`) and values."""
        return (
            self.time == row["timestamp"]
            and len(self.words) == len(row["words"])
            and all(map(same, self.words, row["words"]))
            and all(name in row and same(value, row[name]) for name, value in self.pairs.items())
        )


def same(written: str, found: Any) -> bool:
    """Whether a value is what is written: a text, null, or a number, whose digits `…` cuts off."""
    if found is None or (isinstance(found, float) and math.isnan(found)):
        return written == "null"
    if not isinstance(found, int | float) or isinstance(found, bool):
        return written == str(found)
    if NUMBER.match(written) is None:
        return False
    if not written.endswith("…"):
        return math.isclose(float(written), found, rel_tol=1e-9, abs_tol=1e-9)
    digits = written[:-1]
    least = abs(float(digits))
    unit = 10.0 ** -len(digits.partition(".")[2])
    return (found < 0.0) == digits.startswith("-") and least <= abs(found) < least + unit


def happened(result: Result, table: str) -> list[dict[str, Any]]:
    """The rows of one of the result's tables (or its blocks) with the words that name each."""
    several = len(result.plan.markets) > 1

    def symbol(row: Mapping[str, Any]) -> list[str]:
        return [row["symbol"]] if several and row["symbol"] else []

    if table == "counts":
        counted: Any = result.metrics["triggers"]
        return [row | {"timestamp": None, "words": [row["trigger_id"], row["rule"]]} for row in counted]
    if table in ("blocked", "events"):
        found = [row | json.loads(row["payload"]) for row in rows(result.tables["events"])]
        if table == "events":
            return [row | {"words": [row["type"], *symbol(row)]} for row in found]
        blocks = [row for row in found if row["type"] == "trade_blocked"]
        return [
            row
            | {
                "timestamp": int(np.datetime64(row["first"][:-1], "ms").astype(int)),
                "words": [row["trigger_id"] or "-", *symbol(row), row["reason"]],
            }
            for row in blocks
        ]
    named = rows(result.tables[table])
    for row in named:
        row["words"] = {
            "fills": lambda row: [row["side"], row["qty"], *symbol(row), "at", row["price"], row["reason"]],
            "trades": lambda row: [row["side"], *symbol(row)],
            "positions": lambda row: [*symbol(row), row["qty"]],
            "equity": lambda row: [row["equity"]],
        }[table](row)
    return named


def check(text: str) -> None:
    """Run an example and hold it to what it lists."""
    example = yaml.safe_load(text)
    result = played(example)
    for table in (*WHOLE, *PARTS):
        lines = [Line.read(line) for line in lines_of(example.get(table, ""))]
        found = happened(result, table)
        shown = "\n".join(str({k: v for k, v in row.items() if k != "payload"}) for row in found)
        if table in WHOLE and (table in example or table != "trades"):
            written = "\n".join(line.text for line in lines)
            assert len(lines) == len(found), f"{table}:\n{written}\nbut happened:\n{shown}"
        for number, line in enumerate(lines):
            # Fills and trades have an order; of the rest each line has its row.
            near = found[number : number + 1] if table in ("fills", "trades") else found
            assert any(line.fits(row) for row in near), f"{table}: no '{line.text}', but\n{shown}"
