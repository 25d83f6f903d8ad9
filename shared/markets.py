"""What an exchange says of its markets: names, steps and fees; and their latest prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from shared.errors import InvalidInputError, Issue
from shared.symbols import base_of, canonical, nearest, quote_of

NEAR_NAMES = 5


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """One market as the exchange publishes it; None where it does not say.

    Steps and the minimum notional are in price and quantity of the market, fees in basis points of the
    notional at the lowest tier. `listed` is the day of its first candle where no date is published.
    """

    listed: str | None
    price_step: float | None
    quantity_step: float | None
    min_notional: float | None
    taker_fee_bps: float | None
    maker_fee_bps: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        return cls(**{field.name: raw.get(field.name) for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Market:
    """One market of an exchange under its canonical symbol; `raw` is what ccxt must know to ask for it."""

    symbol: str
    perpetual: bool
    listed_ms: int | None
    raw: Mapping[str, Any]

    @classmethod
    def of_ccxt(cls, entry: Mapping[str, Any]) -> Market | None:
        """Return a market in our words; None for one that is neither spot nor a linear perpetual."""
        perpetual = bool(entry.get("swap") and entry.get("linear"))
        if not (perpetual or entry.get("spot")):
            return None
        written = f"{entry['base']}-{entry['quote']}" + ("-PERP" if perpetual else "")
        try:
            if canonical(written) != written:
                return None
        except ValueError:
            return None
        # The exchange's own words of it are the bulk, and nobody asks for them again.
        raw = {name: value for name, value in entry.items() if name != "info" and value is not None}
        return cls(written, perpetual, entry.get("created"), raw)

    def facts(self, listed: str | None) -> MarketFacts:
        precision, limits = self.raw.get("precision") or {}, self.raw.get("limits") or {}
        taker, maker = self.raw.get("taker"), self.raw.get("maker")
        return MarketFacts(
            listed=listed,
            price_step=precision.get("price"),
            quantity_step=precision.get("amount"),
            min_notional=(limits.get("cost") or {}).get("min"),
            # Ten decimals: what a fraction of 0.0026 becomes in binary is no fee.
            taker_fee_bps=None if taker is None else round(taker * 10_000, 10),
            maker_fee_bps=None if maker is None else round(maker * 10_000, 10),
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Market:
        return cls(**{field.name: raw[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Tick:
    """The latest price of a market; `traded_ms` is when the exchange says that it was made."""

    exchange: str
    symbol: str
    price: float
    bid: float | None
    ask: float | None
    traded_ms: int | None
    fetched_ms: int

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Tick:
        values: dict[str, Any] = {field.name: item.get(field.name) for field in fields(cls)}
        return cls(**values)


def resolve_symbol(symbol: str, exchange: str, listed: Iterable[str], path: str = "symbol") -> None:
    """Check a canonical symbol against those that an exchange lists.

    Raises InvalidInputError with the nearest of them.
    """
    known = set(listed)
    if symbol in known:
        return
    near = near_symbols(symbol, known)
    hint = f"; near are {', '.join(near)}" if near else ""
    raise InvalidInputError([Issue(path, f"{exchange} has no market {symbol}{hint}", symbol)])


def near_symbols(symbol: str, known: Iterable[str]) -> Sequence[str]:
    """Return the listed symbols that are most likely meant: the same base first, then similar spelling."""
    names = sorted(known)
    base, quote = base_of(symbol), quote_of(symbol)
    same_base = [name for name in names if base_of(name) == base]
    # A quote that is alike (USD for USDT) is likelier meant than one that is not.
    same_base.sort(key=lambda name: (not quote_of(name).startswith(quote[:3]), len(name), name))
    similar = [name for name in nearest(symbol, names, NEAR_NAMES) if name not in same_base]
    return [*same_base, *similar][:NEAR_NAMES]
