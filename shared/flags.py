"""Suspicious bars: found month by month as a version is written, told where the candles are used.

| kind | what | `values` |
|---|---|---|
| `gap` | bars that the market should have had | |
| `zero_volume` | bars without volume | |
| `flat` | bars whose high is their low | `price` of the first |
| `jump` | a bar that reaches further from the close before than JUMP_ATRS average true ranges, and than SMALLEST_JUMP of the price | `move_pct`, and `atrs` where the bars before moved at all |
| `incomplete` | bars of a resampled dataset that lack some of their finer bars | `missing` finer bars `of` those that one should have; of several bars, the most |
| `disagreement` | bars that finer candles of the same market contradict | see shared/timeframe_agreement.py |

A flag is what a market may well do; what it cannot do is refused (shared/audit.py).
"""  # noqa: E501 - a table's rows are lines

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from shared.manifest import DatasetManifest, Flag

if TYPE_CHECKING:
    import numpy as np

    Columns = Mapping[str, np.ndarray]

# The gravest first: what is left out of a short answer is what matters least.
KINDS = ("disagreement", "jump", "gap", "incomplete", "flat", "zero_volume")
# What the bars of a month and those right before it tell; the others take other candles.
KINDS_OF_BARS = ("jump", "flat", "zero_volume")
# Three years of hourly BTC-USDT have two bars beyond 15 average true ranges, both of real crashes.
JUMP_ATRS = 15.0
# A market that stood still has no range to measure by; a move of less than this is nobody's fault.
SMALLEST_JUMP = 0.02
ATR_BARS = 14
FEWEST_ATR_BARS = 2
# So many bars before a month are needed to judge its first ones as if there were no month.
LEAD_IN_BARS = ATR_BARS + 1
# A month's flags of one kind beyond these are told as one, so that a report stays short.
FLAGS_A_MONTH = 20


def flags_of_month(columns: Columns, lead_in: Columns, timeframe_ms: int) -> tuple[Flag, ...]:
    """Return the flags of one month's bars, in ascending time.

    `lead_in` is the bars right before it, LEAD_IN_BARS of them or as many as there are; they are not judged.
    """
    times = columns["timestamp"]
    flat = columns["high"] == columns["low"]
    found = [
        *shortened("zero_volume", _spells("zero_volume", times, columns["volume"] == 0, timeframe_ms)),
        *shortened("flat", _spells("flat", times, flat, timeframe_ms, price=columns["close"])),
        *shortened("jump", _jumps(columns, lead_in, timeframe_ms)),
    ]
    return tuple(sorted(found, key=in_time))


def flags_between(manifest: DatasetManifest, start_ms: int, end_ms: int) -> list[Flag]:
    """Return a version's flags, its gaps among them, that touch start_ms <= open < end_ms, in time."""
    gaps = [Flag("gap", gap.from_ms, gap.to_ms, gap.missing, {}) for gap in manifest.gaps]
    audited = manifest.audit.flags if manifest.audit else ()
    inside = [flag for flag in [*gaps, *audited] if flag.from_ms < end_ms and flag.to_ms >= start_ms]
    return sorted(inside, key=in_time)


def flagged(manifest: DatasetManifest, first_ms: int, end_ms: int) -> dict[str, int]:
    """Return what is suspicious in a span, counted as a report has it: `GET /datasets/{id}` says where."""
    flags = flags_between(manifest, first_ms, end_ms)
    found = counts(flags)
    return {
        "gaps": sum(flag.kind == "gap" for flag in flags),
        "missing_bars": found["gap"],
        "zero_volume_bars": found["zero_volume"],
        "flat_bars": found["flat"],
        "jumps": found["jump"],
        "disagreeing_bars": found["disagreement"],
    }


def counts(flags: Iterable[Flag]) -> dict[str, int]:
    """Return how many bars are flagged, by kind, the gravest first; kinds that were not found have 0."""
    found: Counter[str] = Counter()
    for flag in flags:
        found[flag.kind] += flag.count
    return {kind: found[kind] for kind in KINDS}


def in_time(flag: Flag) -> tuple[int, str]:
    """Order flags by their first bar."""
    return flag.from_ms, flag.kind


def _spells(
    kind: str, times: np.ndarray, which: np.ndarray, timeframe_ms: int, price: np.ndarray | None = None
) -> list[Flag]:
    """Return one flag for each spell of marked bars that follow one another without a gap."""
    import numpy as np

    rows = np.flatnonzero(which)
    if not len(rows):
        return []
    breaks = np.flatnonzero(np.diff(times[rows]) != timeframe_ms) + 1
    firsts, ends = np.r_[0, breaks], np.r_[breaks, len(rows)]
    return [
        Flag(
            kind,
            int(times[rows[first]]),
            int(times[rows[end - 1]]),
            int(end - first),
            {} if price is None else {"price": float(price[rows[first]])},
        )
        for first, end in zip(firsts, ends, strict=True)
    ]


def _jumps(columns: Columns, lead_in: Columns, timeframe_ms: int) -> list[Flag]:
    """Judge each bar's true range by the mean of those before it, at most ATR_BARS.

    After a gap the market had longer to move: the bound grows with the square root of the time, as a random
    walk does. Source of the true range: Wilder, New Concepts in Technical Trading Systems (1978).
    """
    import numpy as np

    before = len(lead_in["timestamp"])
    times, highs, lows, closes = (
        np.concatenate([lead_in[name], columns[name]]) for name in ("timestamp", "high", "low", "close")
    )
    last = np.r_[closes[:1], closes[:-1]]
    up, down = np.maximum(highs - last, 0.0), np.maximum(last - lows, 0.0)
    ranges = np.maximum(highs, last) - np.minimum(lows, last)
    ranges[0] = highs[0] - lows[0]  # nothing is known of the close before
    atr = _means_before(ranges)
    elapsed = np.r_[1.0, np.diff(times) / timeframe_ms]
    furthest = np.maximum(up, down)
    jumped = (furthest > JUMP_ATRS * atr * np.sqrt(elapsed)) & (furthest > SMALLEST_JUMP * last)
    jumped[:before] = False
    flags = []
    for row in np.flatnonzero(jumped):
        move = up[row] if up[row] >= down[row] else -down[row]
        values = {"move_pct": round(100.0 * float(move / last[row]), 4)}
        if atr[row] > 0:
            values["atrs"] = round(float(furthest[row] / atr[row]), 4)
        flags.append(Flag("jump", int(times[row]), int(times[row]), 1, values))
    return flags


def _means_before(ranges: np.ndarray) -> np.ndarray:
    """Return for each bar the mean of up to ATR_BARS ranges before it; infinity where there are too few."""
    import numpy as np

    means = np.full(len(ranges), np.inf)
    for row in range(FEWEST_ATR_BARS, min(ATR_BARS, len(ranges))):
        means[row] = ranges[:row].mean()
    if len(ranges) > ATR_BARS:
        windows = np.lib.stride_tricks.sliding_window_view(ranges, ATR_BARS)
        means[ATR_BARS:] = windows[:-1].mean(axis=1)
    return means


def shortened(kind: str, flags: Sequence[Flag]) -> Sequence[Flag]:
    """Tell too many flags of a month as one, with the values that are furthest from nothing."""
    if len(flags) <= FLAGS_A_MONTH:
        return flags
    values = {
        name: max((flag.values[name] for flag in flags if name in flag.values), key=abs)
        for name in sorted({name for flag in flags for name in flag.values})
    }
    count = sum(flag.count for flag in flags)
    return [Flag(kind, flags[0].from_ms, flags[-1].to_ms, count, values)]
