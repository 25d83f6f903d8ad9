"""Latest prices for who asks by HTTP; shared/latest_prices.py has how they are found."""

from __future__ import annotations

import time
from collections.abc import Callable

from functions.api.windows import parsed
from shared.errors import InvalidInputError, Issue
from shared.latest_prices import exchange_of, latest_prices, tick_row
from shared.responses_market import TicksAnswer
from shared.symbols import canonical, exchange_name
from shared.venues import venue

MAX_SYMBOLS = 20


def ticks_answer(
    owner: str, symbols: str, exchange: str | None, *, sleep: Callable[[float], None] = time.sleep
) -> TicksAnswer:
    """Return the latest price of each symbol, no older than a few seconds.

    Raises InvalidInputError for symbols that are none or that the exchange has not, ExchangeError where the
    exchange does not answer.
    """
    wanted = _symbols(symbols)
    name = exchange_of(owner, wanted) if exchange is None else parsed("exchange", exchange, exchange_name)
    venue(name)
    found = latest_prices(name, wanted, sleep=sleep)
    return TicksAnswer(ticks=[tick_row(found[symbol]) for symbol in wanted if symbol in found])


def _symbols(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not 1 <= len(names) <= MAX_SYMBOLS:
        message = f"names {len(names)}; name 1 to {MAX_SYMBOLS}, separated by commas"
        raise InvalidInputError([Issue("symbols", message)])
    return list(dict.fromkeys(parsed("symbols", name, canonical) for name in names))
