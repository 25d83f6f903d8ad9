"""Which market a dataset's name means on its exchange, and since when it trades."""

from __future__ import annotations

from functions.exchanges import Exchange, exchange
from functions.fetch.pages import page
from functions.fetch.patience import patiently
from shared import access
from shared.market_lists import MarketList, keep_markets, load_markets
from shared.markets import Market, resolve_symbol
from shared.times import DAY_MS, now_ms, parse_time

_DAY = "1d"


def market_of(symbol: str, client: Exchange, path: str = "symbol") -> Market:
    """Return the market of a canonical symbol.

    Raises InvalidInputError with the near ones, ExchangeError where the exchange cannot be asked.
    """
    name, perpetuals = client.venue.name, symbol.endswith("-PERP")
    known = load_markets(access.store(), name, perpetuals)
    # An old list may lack a market that is new.
    if known is None or not known.usable or (symbol not in known.markets and not known.sure):
        known = _ask_for_markets(client, perpetuals, known)
    resolve_symbol(symbol, name, known.markets, path)
    return known.markets[symbol]


def client_of(name: str, symbol: str, share: int = 1) -> Exchange:
    return exchange(name, perpetuals=symbol.endswith("-PERP"), share=share)


def first_day(market: Market, client: Exchange) -> int | None:
    """Return the day on which a market began to trade: as published, else that of its first daily candle.

    None where the exchange's candles do not go back so far.
    """
    if market.listed_ms is not None:
        return market.listed_ms - market.listed_ms % DAY_MS
    if client.venue.newest_bars is not None:
        return None
    at, count = parse_time(client.venue.opened), client.venue.page_bars
    while at < now_ms():
        start = at
        bars, at, _ = patiently(lambda start=start: page(client, market, _DAY, start, count))  # type: ignore[misc]
        if len(bars):
            return int(bars[0, 0])
    return None


def _ask_for_markets(client: Exchange, perpetuals: bool, known: MarketList | None) -> MarketList:
    if perpetuals and not client.venue.perpetuals:
        return MarketList(now_ms(), {})  # none of ours
    try:
        markets = patiently(client.markets)
    except Exception:
        if known is not None and known.markets:
            return known  # better an old list than none
        raise
    return keep_markets(access.store(), client.venue.name, perpetuals, markets)
