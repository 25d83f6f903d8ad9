"""What data a run read, in words, where there is something to know of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.figures import minute, percent
from shared.responses_audit import CandlesUsed

WHOLE_PCT = 100.0


def data_lines(candles: Sequence[CandlesUsed]) -> Iterator[str]:
    """Yield a line for what was made as it was read, and for finer candles that do not reach over the run."""
    for used in candles:
        if used.made_of is not None:
            lacking = f", {used.incomplete_bars:,} of them incomplete" if used.incomplete_bars else ""
            yield f"{used.symbol}: its bars are made of {used.made_of} candles, {used.dataset_id}{lacking}."
        finer = used.finer
        if finer is not None and finer.coverage_pct < WHOLE_PCT:
            yield (
                f"{used.symbol}: finer candles, {finer.dataset_id} from {minute(finer.start)} to "
                f"{minute(finer.end)}, cover {percent(finer.coverage_pct)} of its bars; in the others "
                "the stop comes first."
            )
