"""Times: epoch milliseconds UTC inside, ISO 8601 with Z outside."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

DAY_MS = 86_400_000
# 1970-01-01 to 2200-01-01: far outside any market, far inside what every layer can hold.
MAX_MS = 7_258_118_400_000

# All divide a day, so that no bar reaches over the end of a month, where the files of candles are cut.
TIMEFRAMES: dict[str, int] = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "2h": 7_200_000,
    "4h": 14_400_000,
    "6h": 21_600_000,
    "8h": 28_800_000,
    "12h": 43_200_000,
    "1d": DAY_MS,
}

_BARE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def iso(ms: int) -> str:
    """Write epoch milliseconds as `2021-08-13T02:00:00Z` (milliseconds only where there are any)."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    spec = "milliseconds" if ms % 1000 else "seconds"
    return moment.isoformat(timespec=spec).replace("+00:00", "Z")


def stamp(ms: int | None = None) -> str:
    """Write a moment (default: now) for the index, milliseconds always: text order is time order."""
    moment = datetime.now(UTC) if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str, *, end_of_day: bool = False) -> int:
    """Read an ISO 8601 date or time as epoch milliseconds.

    A time without a zone is UTC. A bare date is its first moment, or with `end_of_day` the first moment of
    the next day, so that a span "to 2023-12-31" holds that whole day. Raises ValueError with the fix.
    """
    text = text.strip()
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        if end_of_day and _BARE_DATE.fullmatch(text):
            moment += timedelta(days=1)
        ms = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a time; write 2021-08-13 or 2021-08-13T02:00:00Z (UTC)") from None
    if not 0 <= ms <= MAX_MS:
        raise ValueError(f"{text!r} is outside 1970-01-01 to 2200-01-01")
    return ms


def month_of(ms: int) -> str:
    """Return the UTC month of a time as `yyyy-mm`, the folder of its candles."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m")
