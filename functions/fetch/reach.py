"""How far back an exchange's candles go where that is counted in bars, as of Kraken: its newest 720."""

from __future__ import annotations

from typing import NamedTuple

from shared.errors import InvalidInputError, Issue
from shared.names import DatasetName
from shared.times import iso
from shared.venues import Venue

# From a question to the last page of its fetch, and from an error to the command that it gives: the oldest
# bars fall out of reach meanwhile.
LASTS_MS = 10 * 60_000


class Reach(NamedTuple):
    """Opens of the oldest bar that is published now, and of the oldest one that still is in some minutes."""

    oldest_ms: int
    lasting_ms: int


def reach_of(of: Venue, now_ms: int, step: int) -> Reach | None:
    """Return how far back bars go; None where that is not counted in bars."""
    if of.newest_bars is None:
        return None
    # The bar that is still open is one of them.
    oldest = now_ms - now_ms % step - (of.newest_bars - 1) * step
    return Reach(oldest, oldest + -(-LASTS_MS // step) * step)


def out_of_reach(
    dataset: DatasetName, of: Venue, reach: Reach, first_ms: int, held_to_ms: int | None
) -> InvalidInputError:
    """Return the error of a span that begins at `first_ms`, too long ago, with the ways out."""
    since = iso(reach.lasting_ms)
    if held_to_ms is not None and held_to_ms < reach.oldest_ms:
        way = f"--since {since} goes on there and leaves a gap behind what is held, from {iso(held_to_ms)} on"
    else:
        way = f"start then or later (--since {since})"
    message = (
        f"{of.name} publishes its newest {of.newest_bars} bars alone, {dataset.timeframe} candles "
        f"from {since} on; {way}, or import older ones from the files that it offers for download: "
        f"stepfold data import FILE --exchange {of.name} --symbol {dataset.symbol} "
        f"--timeframe {dataset.timeframe}"
    )
    return InvalidInputError([Issue("since", message, iso(first_ms))])
