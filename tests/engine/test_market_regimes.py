"""The named periods of the market."""

import re
from datetime import date
from itertools import pairwise

from engine import regimes


def test_a_regime_is_a_period_with_a_reason() -> None:
    assert len(regimes()) == 10
    for regime in regimes():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*(_20\d\d)+", regime.id)
        assert date.fromisoformat(regime.start) < date.fromisoformat(regime.end)
        assert regime.title
        assert regime.why.endswith(".")


def test_regimes_are_told_apart_and_in_order() -> None:
    assert len({regime.id for regime in regimes()}) == len(regimes())
    assert all(first.start < second.start for first, second in pairwise(regimes()))
