"""Canonical symbols: `BTC-USDT`, `BTC-USD`, `BTC-USDT-PERP`.

Every name that enters the store went through `canonical`, so a symbol can stand in an object key as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# The longest first, so that BTCUSDT splits before USDT and not before USD.
QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USD", "EUR", "GBP", "JPY", "BTC", "ETH", "BNB")

_PART = "[A-Z0-9]{1,20}"
_CANONICAL = re.compile(rf"({_PART})-({_PART})(-PERP)?")
_EXCHANGE = re.compile(r"[a-z0-9]{2,32}")


def canonical(text: str) -> str:
    """Return the canonical name of a symbol written as BTC-USD, BTC/USD, BTC_USD or BTCUSDT, in any case.

    Raises ValueError with the forms that are understood.
    """
    upper = text.strip().upper().replace("/", "-").replace("_", "-")
    if upper.endswith((":USDT", ":USD")):  # ccxt's name of a linear perpetual
        upper = upper.rpartition(":")[0] + "-PERP"
    pair = upper.removesuffix("-PERP")
    if pair != upper and pair.isalnum():  # BTCUSDT-PERP
        return f"{canonical(pair)}-PERP"
    if _CANONICAL.fullmatch(upper):
        return upper
    if upper.isalnum() and upper.isascii():
        for quote in QUOTES:
            base = upper.removesuffix(quote)
            if base != upper and re.fullmatch(_PART, base):
                return f"{base}-{quote}"
    shown = text if len(text) <= 40 else text[:40] + "…"
    raise ValueError(f"{shown!r} is not a symbol; write BTC-USDT, BTC/USDT or BTCUSDT")


def exchange_name(text: str) -> str:
    """Return an exchange's name as it stands in keys: lower-case letters and digits. Raises ValueError."""
    lower = text.strip().lower()
    if not _EXCHANGE.fullmatch(lower):
        shown = text if len(text) <= 40 else text[:40] + "…"
        raise ValueError(f"{shown!r} is not an exchange; write letters and digits, such as binance")
    return lower


def base_of(symbol: str) -> str:
    return symbol.split("-", 1)[0]


def quote_of(symbol: str) -> str:
    return symbol.split("-", 2)[1]


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return the known names most like `name`, the most like first."""
    from difflib import get_close_matches  # only where something is wrong

    return get_close_matches(name, list(known), n=count, cutoff=0.5)
