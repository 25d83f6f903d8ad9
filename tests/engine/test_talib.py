"""The catalogue against an independent library."""

import pytest

from tests.engine.against_talib import comparisons, disagreements, values_of
from tests.engine.market import generated

talib = pytest.importorskip("talib", reason="TA-Lib is in the dependency group 'dev' on Linux")


def test_what_ta_lib_has_too_agrees_with_it() -> None:
    bars = generated(5_000, 4)
    expected = comparisons(talib, bars)
    assert disagreements(values_of(expected, bars), expected) == {}
