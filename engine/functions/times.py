"""The UTC calendar, and the day so far."""

from collections.abc import Callable

from engine import instructions as I  # noqa: N812 - a short name for what stands on every line
from engine.functions.catalogue import Function, price, time
from engine.graph import Graph


def _calendar(kind: int) -> Callable[[Graph], int]:
    return lambda graph: graph.special("calendar", (time(graph),), kind)


def _of_day(column: str, kind: int) -> Callable[[Graph], int]:
    return lambda graph: graph.special("session", (price(graph, column), time(graph)), kind)


def _of_day_before(column: str, kind: int | None) -> Callable[[Graph], int]:
    """The last value of the day before: of the column, or of what it has come to in the day."""

    def build(graph: Graph) -> int:
        node = price(graph, column) if kind is None else _of_day(column, kind)(graph)
        return graph.special("session", (node, time(graph)), I.SESSION_BEFORE)

    return build


_DAY = "missing until a day is seen from its first bar"

TIMES = (
    Function("hour", (), _calendar(I.CALENDAR_HOUR), "hour of the bar's open, 0–23"),
    Function("minute", (), _calendar(I.CALENDAR_MINUTE), "minute of the bar's open, 0–59"),
    Function("weekday", (), _calendar(I.CALENDAR_WEEKDAY), "day of the week, Monday 0 – Sunday 6"),
    Function("day", (), _calendar(I.CALENDAR_DAY), "day of the month, 1–31"),
    Function("month", (), _calendar(I.CALENDAR_MONTH), "month, 1–12"),
    Function("day_open", (), _of_day("open", I.SESSION_FIRST), "open of the UTC day's first bar", _DAY),
    Function(
        "day_high",
        (),
        _of_day("high", I.SESSION_HIGH),
        "highest high of the UTC day so far, this bar included",
        _DAY,
    ),
    Function(
        "day_low",
        (),
        _of_day("low", I.SESSION_LOW),
        "lowest low of the UTC day so far, this bar included",
        _DAY,
    ),
    Function(
        "previous_day_high",
        (),
        _of_day_before("high", I.SESSION_HIGH),
        "highest high of the last UTC day that had bars, before this one",
        _DAY,
    ),
    Function(
        "previous_day_low",
        (),
        _of_day_before("low", I.SESSION_LOW),
        "lowest low of the last UTC day that had bars, before this one",
        _DAY,
    ),
    Function(
        "previous_day_close",
        (),
        _of_day_before("close", None),
        "close of the last bar of the last UTC day that had bars, before this one",
    ),
)
