"""How rows of a log are chosen and its codes are read."""

from __future__ import annotations

import numpy as np
import pytest

from engine import layout as L  # noqa: N812 - as in the engine
from engine.logs import places_of
from engine.statistics import passes
from engine.statistics.passes import looked_up, taken_apart


@pytest.mark.parametrize("rows", range(11))
def test_the_places_are_those_of_the_true_rows_whatever_their_pattern(rows: int) -> None:
    for pattern in range(1 << rows):
        true = np.array([bool(pattern >> row & 1) for row in range(rows)], dtype=bool)
        numbers = np.flatnonzero(true)
        places = places_of(true)
        np.testing.assert_array_equal(np.arange(rows)[places], numbers)
        # At one distance they are a slice, so that a log is looked at and not copied.
        assert isinstance(places, slice) == (len(numbers) > 1 and len(set(np.diff(numbers).tolist())) == 1)


@pytest.mark.parametrize("compiled", [True, False])
def test_codes_are_taken_apart_into_what_was_put_together(
    compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not compiled:
        from engine.machine import uncompiled

        monkeypatch.setattr(passes, "summing", lambda: uncompiled("summing"))
    assert compiled == passes.summing().COMPILED
    random = np.random.default_rng(7)
    for rows in (0, 1, 1023, 1024, 3000):  # around the pieces in which they are read
        parts = {bit: random.integers(-1, (1 << size) - 1, rows) for bit, size in L.CODE_BITS.items()}
        codes = np.zeros(rows, dtype=np.int64)
        for bit, values in parts.items():
            codes |= (values + 1) << bit
        found = taken_apart(codes, L.CODE_BITS)
        np.testing.assert_array_equal(found, np.array(list(parts.values())).reshape(len(parts), rows))
        table = np.array([-1, 5, 9, *range(20)], dtype=np.int32)
        kinds = found[0]
        np.testing.assert_array_equal(looked_up(kinds, table), table[kinds + 1])
