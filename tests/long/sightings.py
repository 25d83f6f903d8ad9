"""What somebody saw of a run's progress, and when: the API's index, a terminal, a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Sighting:
    """One picture of the progress; `at` in seconds of the machine's clock, which all who look share."""

    at: float
    percent: float
    phase: str
    candles: int | None = None
    """Where it is shown."""


Key = Callable[[Sighting], object]


def rises(seen: Sequence[Sighting]) -> bool:
    """Tell whether the progress never went back."""
    return all(
        one.percent <= other.percent and (one.candles or 0) <= (other.candles or one.candles or 0)
        for one, other in pairwise(seen)
    )


def longest_gap(seen: Sequence[Sighting]) -> float:
    """Return the most seconds between two pictures, one after the other."""
    return max((other.at - one.at for one, other in pairwise(seen)), default=0.0)


def lags(seen: Sequence[Sighting], stored: Sequence[Sighting], key: Key) -> list[float]:
    """Return how much later than in the index each value was seen, of those stored since somebody looked."""
    first_seen, first_stored = ({key(each): each.at for each in reversed(all_)} for all_ in (seen, stored))
    return [
        at - first_stored[value]
        for value, at in first_seen.items()
        if first_stored.get(value, 0.0) >= seen[0].at
    ]


def missed(seen: Sequence[Sighting], stored: Sequence[Sighting], key: Key) -> list[object]:
    """Return what was stored in the midst of the run and never seen."""
    known = {key(each) for each in seen}
    return [key(each) for each in stored if each.phase == "simulating" and key(each) not in known]
