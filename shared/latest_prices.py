"""Latest prices: what others asked for a moment ago, else asked for now, by one caller for all."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from shared import access
from shared.aws import lambda_
from shared.errors import ExchangeError, InvalidInputError, Issue
from shared.markets import Tick
from shared.responses_ticks import TickRow
from shared.settings import settings
from shared.times import iso
from shared.venues import VENUES

# While another caller asks the exchange, this one looks for its answer.
_LOOKS_EVERY = 0.1
_LOOKS_FOR = 8.0


def latest_prices(
    exchange: str, wanted: Sequence[str], *, sleep: Callable[[float], None] = time.sleep
) -> dict[str, Tick]:
    """Return the latest price of each symbol, no older than a few seconds.

    Raises InvalidInputError for symbols that the exchange has not, ExchangeError where it does not answer.
    """
    index = access.ticks()
    found = index.fresh(exchange, wanted)
    waited = 0.0
    while len(found) < len(wanted):
        if index.claim(exchange):
            try:
                # Whoever asked before may have ended between our look and our claim.
                found = index.fresh(exchange, wanted)
                missing = [symbol for symbol in wanted if symbol not in found]
                return {**found, **_ask(exchange, missing)} if missing else found
            finally:
                index.release(exchange)
        if waited > _LOOKS_FOR:
            raise ExchangeError(exchange, "timed_out", f"{exchange} has not answered yet; ask again", 1)
        sleep(_LOOKS_EVERY)
        waited += _LOOKS_EVERY
        found = index.fresh(exchange, wanted)
    return found


def exchange_of(owner: str, symbols: Sequence[str]) -> str:
    """Return the first exchange that candles of these symbols are held from, else the first of all."""
    held_names = (dataset.name for dataset in access.datasets().held(owner))
    held = {name.exchange for name in held_names if name.symbol in symbols}
    return next((name for name in VENUES if name in held), next(iter(VENUES)))


def tick_row(tick: Tick) -> TickRow:
    return TickRow(
        symbol=tick.symbol,
        exchange=tick.exchange,
        price=tick.price,
        bid=tick.bid,
        ask=tick.ask,
        timestamp=iso(tick.fetched_ms),
        traded_at=None if tick.traded_ms is None else iso(tick.traded_ms),
    )


def _ask(exchange: str, symbols: Sequence[str]) -> dict[str, Tick]:
    """Have the function that knows exchanges ask for prices. Raises what it raises."""
    payload = {"step": "ticks", "exchange": exchange, "symbols": list(symbols)}
    answer = lambda_().invoke(FunctionName=settings().fetch_function, Payload=json.dumps(payload).encode())
    body = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise _error(exchange, body)
    ticks = (Tick.from_item(entry) for entry in body["ticks"])
    return {tick.symbol: tick for tick in ticks}


def _error(exchange: str, body: dict[str, Any]) -> Exception:
    try:
        said = json.loads(body["errorMessage"])
        code, detail, errors = said["code"], said["detail"], said["errors"]
    except (KeyError, TypeError, ValueError):
        return RuntimeError(f"the fetch function failed: {body.get('errorType')}")
    if errors:
        return InvalidInputError([Issue(**error) for error in errors])
    return ExchangeError(exchange, str(code).removeprefix("exchange_"), str(detail))
