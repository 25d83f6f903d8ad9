"""The sketch of a curve: no extreme is lost, nothing is wider than asked."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from cli.sketch import MIN_WIDTH, Curve, sketch

DAY = 86_400_000


def test_a_known_curve_without_braille() -> None:
    # Nine days on 33 columns: day n begins at column n * 32 // 9. 10 is the top row, 1 the bottom one,
    # 4 is (10 - 4) / 9 * 3 = 2 rows from the top.
    curve = Curve([day * DAY for day in range(10)], [1, 1, 1, 10, 1, 1, 4, 4, 4, 4])

    assert sketch(curve, width=40, height=4, braille=False) == [
        "10.00 |          ****",
        " 5.50 |          *   *",
        "      |          *   *      ************",
        " 1.00 |**********    *******",
        "      +" + "-" * 33,
        "       1970-01-01             1970-01-10",
    ]


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(-1e12, 1e12, allow_nan=False), min_size=1, max_size=3000),
    width=st.integers(MIN_WIDTH, 140),
    height=st.integers(2, 20),
    braille=st.booleans(),
)
def test_lines_are_as_many_and_as_long_as_asked(
    values: list[float], width: int, height: int, braille: bool
) -> None:
    curve = Curve([n * DAY for n in range(len(values))], values)

    lines = sketch(curve, width=width, height=height, braille=braille)

    assert len(lines) == height + 2
    assert all(len(line) <= width for line in lines)
    assert braille or "".join(lines).isascii()
    top, bottom = (re.split(r"[┤│|]", lines[row], maxsplit=1)[1] for row in (0, height - 1))
    if max(values) > min(values):
        assert top.strip()
        assert bottom.strip()


@given(at=st.integers(0, 19_999))
@settings(max_examples=20, deadline=None)
def test_one_bar_among_twenty_thousand_is_seen(at: int) -> None:
    values = [100.0] * 20_000
    values[at] = 250.0

    lines = sketch(Curve(range(0, 20_000 * DAY, DAY), values))

    assert lines[0].startswith("250.00 ┤")
    assert lines[0].partition("┤")[2].strip()


def test_distances_are_distances_in_time() -> None:
    # Nine tenths of the time pass between the second and the third point.
    lines = sketch(Curve([0, DAY, 10 * DAY], [1.0, 2.0, 1.0]), width=40, height=3, braille=False)

    assert lines[0].count("*") > 20


def test_a_flat_curve_is_a_line_with_one_label() -> None:
    lines = sketch(Curve([0, DAY], [5.0, 5.0]), width=40, height=5)

    assert [line for line in lines if "5.00" in line] == [lines[2]]
    assert lines[2].rstrip().endswith("⠤")


def test_no_points_are_no_lines() -> None:
    assert sketch(Curve([], [])) == []
