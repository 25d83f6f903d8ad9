"""One poller for everybody: asks for the symbols listened to, tells who listens, ends when nobody does."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from functions.step import logger
from shared import access
from shared.aws import lambda_
from shared.connections import Connection
from shared.errors import ExchangeError, InvalidInputError
from shared.latest_prices import latest_prices, tick_row
from shared.live import frame
from shared.markets import Tick
from shared.responses_live import MAX_SYMBOLS, TickMessage
from shared.settings import settings

# Prices are kept for five seconds for all who ask: looking more often finds the same.
EVERY_SECONDS = 2.0
# Well below what a Lambda lives: then another one goes on.
WORKS_SECONDS = 600.0

Sleep = Callable[[float], None]


def poll(
    holder: str | None = None, *, sleep: Sleep = time.sleep, clock: Callable[[], float] = time.monotonic
) -> dict[str, Any]:
    """Poll until nobody listens, or until another invocation goes on as the same `holder`.

    Does nothing while another poller holds the lease.
    """
    holder, lease = holder or secrets.token_hex(8), access.ticker_lease()
    began, rounds = clock(), 0
    told: dict[tuple[str, str], int] = {}
    while lease.take(holder):
        listening = access.connections().of_market()
        if not listening:
            lease.release(holder)
            # Who subscribed between these two saw the lease held, and started nobody.
            if access.connections().of_market():
                continue
            return {"rounds": rounds, "ended": "nobody listens"}
        _tell(listening, told)
        rounds += 1
        if clock() - began >= WORKS_SECONDS:
            _go_on(holder)
            return {"rounds": rounds, "ended": "another goes on"}
        sleep(EVERY_SECONDS)
    return {"rounds": rounds, "ended": "another polls"}


def _tell(listening: Sequence[Connection], told: dict[tuple[str, str], int]) -> None:
    """Send each connection the prices of its symbols that it has not been sent."""
    prices: dict[str, dict[str, Tick]] = {}
    for exchange, symbols in _by_exchange(named for each in listening for named in each.symbols).items():
        prices[exchange] = _asked(exchange, sorted(symbols))
    outgoing: dict[str, tuple[Connection, Sequence[bytes]]] = {}
    for connection in listening:
        frames = []
        for exchange, symbols in _by_exchange(connection.symbols).items():
            ticks = [
                tick
                for symbol in symbols
                if (tick := prices[exchange].get(symbol)) is not None
                and not _is_told(connection, f"{exchange}:{symbol}", tick, told)
            ]
            for tick in ticks:
                told[connection.connection_id, f"{exchange}:{tick.symbol}"] = tick.fetched_ms
            if ticks:
                frames.append(frame(TickMessage(exchange=exchange, ticks=[tick_row(tick) for tick in ticks])))
        if frames:
            outgoing[connection.connection_id] = connection, frames
    access.sockets().post_all(outgoing)


def _is_told(connection: Connection, named: str, tick: Tick, told: Mapping[tuple[str, str], int]) -> bool:
    """Tell whether a price is the last that was sent, or the one that the subscription was answered with."""
    return tick.fetched_ms in (told.get((connection.connection_id, named)), connection.told.get(named))


def _by_exchange(named: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(named):
        exchange, _, symbol = name.partition(":")
        found.setdefault(exchange, []).append(symbol)
    return found


def _asked(exchange: str, symbols: Sequence[str]) -> dict[str, Tick]:
    """Ask for prices; a symbol that is gone, or an exchange that is silent, costs the others nothing."""
    found: dict[str, Tick] = {}
    for begin in range(0, len(symbols), MAX_SYMBOLS):
        some = symbols[begin : begin + MAX_SYMBOLS]
        try:
            found |= latest_prices(exchange, some)
        except InvalidInputError:
            for symbol in some if len(some) > 1 else ():
                found |= _asked(exchange, [symbol])
        except ExchangeError as error:
            logger().warning("no prices", extra={"exchange": exchange, "reason": error.reason})
    return found


def _go_on(holder: str) -> None:
    payload = json.dumps({"holder": holder}).encode()
    lambda_().invoke(FunctionName=settings().ticker_function, InvocationType="Event", Payload=payload)
