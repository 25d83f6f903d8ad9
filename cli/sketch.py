"""A curve drawn with characters: braille dots where the terminal can, asterisks where it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.times import iso

# Dots of a braille cell, by column and by row from the top.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BRAILLE = 0x2800
MIN_WIDTH = 40


@dataclass(frozen=True, slots=True)
class Curve:
    """Points in ascending time (epoch ms) and their values."""

    times: Sequence[int]
    values: Sequence[float]


def sketch(curve: Curve, *, width: int = 80, height: int = 11, braille: bool = True) -> list[str]:
    """Draw a curve into lines of at most `width` characters: `height` of plot, an axis, its dates.

    Every column shows the lowest and the highest value of its time, so no spike is lost however many points
    there are. Distances are distances in time. No lines for no points.
    """
    if not curve.values:
        return []
    low, high = min(curve.values), max(curve.values)
    labels = [_money(high), _money((low + high) / 2), _money(low)]
    margin = max(map(len, labels))
    columns = max(width, MIN_WIDTH) - margin - 2
    across, down = (2, 4) if braille else (1, 1)
    spans = _spans(curve, columns * across, height * down, low, high)
    cells = [[0] * columns for _ in range(height)]
    for x, (top, bottom) in enumerate(spans):
        for y in range(top, bottom + 1):
            cells[y // down][x // across] |= _DOTS[x % across][y % down] if braille else 1
    marks = (
        {0: labels[0], (height - 1) // 2: labels[1], height - 1: labels[2]}
        if high > low
        else {height // 2: labels[0]}
    )
    lines = []
    for row, line in enumerate(cells):
        drawn = "".join(_character(cell, braille) for cell in line).rstrip()
        edge = ("┤" if row in marks else "│") if braille else "|"
        lines.append(f"{marks.get(row, ''):>{margin}} {edge}{drawn}")
    corner, line_ = ("└", "─") if braille else ("+", "-")
    lines.append(" " * margin + f" {corner}" + line_ * columns)
    first, last = iso(curve.times[0])[:10], iso(curve.times[-1])[:10]
    lines.append(" " * (margin + 2) + first + last.rjust(columns - len(first)))
    return lines


def _spans(curve: Curve, width: int, height: int, low: float, high: float) -> list[tuple[int, int]]:
    """Return, for each column of dots, its highest and lowest row (0 is the top).

    A column without a point holds the last value; a jump is drawn in the later column, which is lengthened
    towards its neighbour and never shortened, so extremes stay where they are.
    """
    begin, duration = curve.times[0], max(1, curve.times[-1] - curve.times[0])
    scale = (height - 1) / (high - low) if high > low else 0.0
    spans: list[tuple[int, int]] = []
    last = 0
    for time, value in zip(curve.times, curve.values, strict=True):
        x = (time - begin) * (width - 1) // duration
        y = round((high - value) * scale) if scale else height // 2
        while len(spans) < x:
            spans.append((last, last))
        if len(spans) == x:
            top, bottom = spans[-1] if spans else (y, y)
            spans.append((min(y, bottom + 1), max(y, top - 1)))
        else:
            top, bottom = spans[x]
            spans[x] = (min(top, y), max(bottom, y))
        last = y
    return spans + [(last, last)] * (width - len(spans))


def _character(cell: int, braille: bool) -> str:
    if not cell:
        return " "
    return chr(_BRAILLE | cell) if braille else "*"


def _money(value: float) -> str:
    size = abs(value)
    if size >= 1e7:
        return f"{value:.4g}"
    return f"{value:,.0f}" if size >= 1000 else f"{value:,.2f}" if size >= 1 else f"{value:.4g}"
