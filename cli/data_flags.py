"""Suspicious candles in words: what each kind is called, where they are, by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cli.figures import minute, number
from cli.output import plain, table
from shared.responses_audit import FlagRow

if TYPE_CHECKING:
    from rich.table import Table

# What a kind of flag is called, the gravest first.
KINDS: Mapping[str, str] = {
    "disagreement": "bars that finer candles contradict",
    "jump": "jumps",
    "gap": "missing bars",
    "incomplete": "incomplete bars",
    "flat": "flat bars",
    "zero_volume": "bars without volume",
}


# The same in a table, where the row is the bars.
SHORT: Mapping[str, str] = {
    "disagreement": "disagree",
    "jump": "jump",
    "gap": "missing",
    "incomplete": "incomplete",
    "flat": "flat",
    "zero_volume": "no volume",
}


def flag_table(rows: Sequence[FlagRow]) -> Table:
    """Return a table of flags: what, from when to when, how many bars, by how much."""
    shown = table(
        [("what", "word"), ("from (UTC)", "word"), ("to", "word"), ("bars", "figure"), ("", "text")]
    )
    for row in rows:
        shown.add_row(
            SHORT[row.kind],
            minute(row.start),
            "" if row.end == row.start else minute(row.end),
            f"{row.count:,}",
            plain(flag_values(row)),
        )
    return shown


def flag_values(row: FlagRow) -> str:
    """Return what makes bars suspicious, in figures."""
    said = {
        "move_pct": "{} %",
        "atrs": "{} ranges",
        "price": "at {}",
        "price_pct": "price {} %",
        "volume_pct": "volume {} %",
    }
    return ", ".join(
        said.get(name, f"{name.replace('_', ' ')} {{}}").format(number(value))
        for name, value in sorted(row.values.items(), reverse=True)
    )
