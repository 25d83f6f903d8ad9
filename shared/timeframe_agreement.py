"""Whether candles of one market at two timeframes tell the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.manifest import Flag
from shared.resampling import resample

if TYPE_CHECKING:
    import numpy as np

    Columns = Mapping[str, np.ndarray]

# Relative; what files that write numbers in fewer digits than another may differ by.
TOLERANCE = 1e-9
_PRICES = ("open", "high", "low", "close")


def disagreements(finer: Columns, finer_ms: int, coarser: Columns, coarser_ms: int) -> list[Flag]:
    """Return a flag for each spell of coarser bars that finer bars of the same market contradict, in time.

    Both are candle columns, ascending and unique. A coarser bar with all of its finer bars is contradicted by
    any other price or volume than theirs; one with some of them by a range that does not hold theirs, or by
    less volume. Where one of the two has no bar, nothing is said.

    `values`: `price_pct` and `volume_pct`, the largest difference in percent of what the finer bars say;
    0 where it is the other that differs.
    """
    import numpy as np

    made = resample(finer, finer_ms, coarser_ms)
    times, mine, theirs = np.intersect1d(
        made.columns["timestamp"], coarser["timestamp"], assume_unique=True, return_indices=True
    )
    whole = made.made_of[mine] == coarser_ms // finer_ms
    price = np.zeros(len(times))
    for name in _PRICES:
        said, held = made.columns[name][mine], coarser[name][theirs]
        beyond = {"high": said - held, "low": held - said}.get(name, np.zeros(len(times)))
        away = np.where(whole, np.abs(held - said), np.maximum(beyond, 0.0)) / said
        price = np.maximum(price, away)
    said, held = made.columns["volume"][mine], coarser["volume"][theirs]
    away = np.where(whole, np.abs(held - said), np.maximum(said - held, 0.0))
    # Of nothing every volume is infinitely far; 100 % says that much.
    volume = np.divide(away, said, out=(away > 0).astype(np.float64), where=said > 0)
    rows = np.flatnonzero((price > TOLERANCE) | (volume > TOLERANCE))
    return [_flag(times, spell, price, volume) for spell in _spells(times, rows, coarser_ms)]


def _spells(times: np.ndarray, rows: np.ndarray, step_ms: int) -> list[np.ndarray]:
    import numpy as np

    breaks = np.flatnonzero(np.diff(times[rows]) != step_ms) + 1
    return [spell for spell in np.split(rows, breaks) if len(spell)]


def _flag(times: np.ndarray, spell: np.ndarray, price: np.ndarray, volume: np.ndarray) -> Flag:
    def largest(share: np.ndarray) -> float:
        worst = float(share[spell].max())
        return round(100.0 * worst, 4) if worst > TOLERANCE else 0.0

    values = {"price_pct": largest(price), "volume_pct": largest(volume)}
    return Flag("disagreement", int(times[spell[0]]), int(times[spell[-1]]), len(spell), values)
