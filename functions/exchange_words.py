"""Error answers in an exchange's own words that ccxt has no class for, so that it takes them for refusals."""

from __future__ import annotations

import re
from typing import NamedTuple

# Kraken's may name the moment, in seconds since 1970, from which on it answers again.
_LIMITED = re.compile(r"EService: ?Throttled(?:: ?(\d{10})\b)?|rate limit|too many requests", re.IGNORECASE)
# Kraken's words for its own trouble ("EService:Deadline elapsed"), whatever stands behind them.
_PASSING = re.compile(r"EService:|EGeneral:Internal error")


class Said(NamedTuple):
    """A reason as of ExchangeError, and the seconds to wait where the words name a moment."""

    reason: str
    retry_after: float | None = None


def meaning_of(words: str, now_ms: int) -> Said | None:
    """Return what an answer means that is not for good; None for one that may well be."""
    if limited := _LIMITED.search(words):
        until = limited[1]
        return Said("rate_limited", None if until is None else max(0.0, int(until) - now_ms / 1000))
    return Said("unreachable") if _PASSING.search(words) else None
