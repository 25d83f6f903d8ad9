"""The catalogue against an independent library."""

import talib

from tests.engine.against_talib import comparisons, disagreements, values_of
from tests.engine.market import generated


def test_what_ta_lib_has_too_agrees_with_it() -> None:
    bars = generated(5_000, 4)
    expected = comparisons(talib, bars)
    assert disagreements(values_of(expected, bars), expected) == {}
