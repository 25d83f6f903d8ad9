"""Subscriptions: kept before anything is looked up, so that nothing falls between the two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pydantic import BaseModel

from functions.socket.polling import keep_polling
from shared import access
from shared.connections import Connection
from shared.errors import ExchangeError, InvalidInputError, Issue, NotFoundError
from shared.latest_prices import exchange_of, latest_prices, tick_row
from shared.live import MAX_FRAME_BYTES, frame, snapshot_of
from shared.responses_live import (
    MAX_RUNS,
    MAX_SYMBOLS,
    ErrorMessage,
    GapMessage,
    MarketSubscribedMessage,
    RunSnapshot,
    Subscribe,
    SubscribedMessage,
    SubscribeMarket,
    TickMessage,
    Unsubscribe,
)
from shared.runs import Run
from shared.symbols import canonical, exchange_name
from shared.venues import venue

# Runs in work that a client of all of them is told of at the beginning, the newest; its list has the others.
SNAPSHOTS = 50


def listen_to_runs(connection: Connection, wanted: Subscribe) -> Iterator[list[bytes]]:
    """Subscribe to runs; give the frames that answer it: snapshots, then what was missed, run by run.

    A run that is not there, or somebody else's, is answered with an error and listened to no more.
    """
    if not wanted.runs and not wanted.all:
        raise InvalidInputError([Issue("runs", "names no run; name some, or say all: true")])
    now = access.connections().change(connection, lambda known: _with_runs(known, wanted))
    since: dict[str, int | None] = {**wanted.since, **wanted.runs}
    found, unknown = _looked_up(connection.owner, since)
    if unknown:
        gone = set(unknown)
        now = access.connections().change(
            connection,
            lambda known: replace(known, runs=[run_id for run_id in known.runs if run_id not in gone]),
        )
    yield [frame(_no_such_run(run_id)) for run_id in unknown]
    shown = {run.run_id: run for run in found}
    if wanted.all:
        shown = {**{run.run_id: run for run in _in_work(connection.owner)}, **shown}
    yield list(_subscribed(now, [snapshot_of(run) for run in shown.values()]))
    for run in found:
        yield _missed(run, since[run.run_id])


def unlisten_runs(connection: Connection, unwanted: Unsubscribe) -> SubscribedMessage:
    gone = set(unwanted.runs)

    def without(known: Connection) -> Connection:
        runs = [run_id for run_id in known.runs if run_id not in gone]
        return replace(
            known,
            runs=runs,
            all=known.all and not unwanted.all,
            only=None if unwanted.all else known.only,
        )

    now = access.connections().change(connection, without)
    return SubscribedMessage(all=now.all, runs=[])


def listen_to_market(connection: Connection, wanted: SubscribeMarket) -> Iterator[BaseModel]:
    """Subscribe to symbols; give what answers it, the first prices too.

    Raises InvalidInputError for symbols that are none or that the exchange has not.
    """
    symbols, exchange = _symbols(connection.owner, wanted)
    venue(exchange)
    try:
        found = latest_prices(exchange, symbols)
        trouble = None
    except ExchangeError as error:  # it may answer later
        found, trouble = {}, ErrorMessage(code=error.code, detail=error.detail)
    named = [f"{exchange}:{symbol}" for symbol in symbols]
    told = {f"{exchange}:{symbol}": tick.fetched_ms for symbol, tick in found.items()}
    access.connections().change(connection, lambda known: _with_symbols(known, named, told))
    keep_polling()
    yield MarketSubscribedMessage(exchange=exchange, symbols=symbols)
    if found:
        ticks = [tick_row(found[symbol]) for symbol in symbols if symbol in found]
        yield TickMessage(exchange=exchange, ticks=ticks)
    if trouble is not None:
        yield trouble


def unlisten_market(connection: Connection) -> None:
    access.connections().change(connection, lambda known: replace(known, symbols=(), told={}))


def _with_runs(known: Connection, wanted: Subscribe) -> Connection:
    runs = list(dict.fromkeys([*known.runs, *wanted.runs]))
    if len(runs) > MAX_RUNS:
        message = f"a connection listens to {MAX_RUNS} runs by name, this would be {len(runs)}; say all: true"
        raise InvalidInputError([Issue("runs", message)])
    only = wanted.only if wanted.all else known.only
    return replace(known, runs=runs, all=known.all or wanted.all, only=only)


def _with_symbols(known: Connection, named: Sequence[str], told: Mapping[str, int]) -> Connection:
    symbols = list(dict.fromkeys([*known.symbols, *named]))
    if len(symbols) > MAX_SYMBOLS:
        message = f"a connection listens to {MAX_SYMBOLS} symbols, this would be {len(symbols)}"
        raise InvalidInputError([Issue("symbols", f"{message}; unsubscribe, or open another one")])
    return replace(known, symbols=symbols, told={**known.told, **told})


def _looked_up(owner: str, since: Mapping[str, int | None]) -> tuple[list[Run], list[str]]:
    found: list[Run] = []
    unknown: list[str] = []
    for run_id in since:
        try:
            found.append(access.runs().get(owner, run_id))
        except NotFoundError:
            unknown.append(run_id)
    return found, unknown


def _in_work(owner: str) -> list[Run]:
    runs, _ = access.runs().newest(owner, limit=SNAPSHOTS)
    return [run for run in runs if not run.ended]


def _missed(run: Run, since: int | None) -> list[bytes]:
    if since is None and run.ended:
        return []  # its results are there, or the reason why not: nothing provisional is of use
    missed = access.live_log().missed(run, since)
    gap = [frame(GapMessage(run_id=run.run_id, after=since))] if missed.gap else []
    return [*gap, *missed.frames]


def _subscribed(now: Connection, snapshots: Sequence[RunSnapshot]) -> Iterator[bytes]:
    """Write the answer; where it is too long for a frame, in several."""
    body = frame(SubscribedMessage(all=now.all, runs=list(snapshots)))
    if len(body) <= MAX_FRAME_BYTES or len(snapshots) < 2:
        yield body
        return
    middle = len(snapshots) // 2
    yield from _subscribed(now, snapshots[:middle])
    yield from _subscribed(now, snapshots[middle:])


def _no_such_run(run_id: str) -> ErrorMessage:
    return ErrorMessage(code="not_found", detail=f"there is no backtest {run_id!r}", run_id=run_id)


def _symbols(owner: str, wanted: SubscribeMarket) -> tuple[list[str], str]:
    try:
        symbols = list(dict.fromkeys(canonical(name) for name in wanted.symbols))
    except ValueError as error:
        raise InvalidInputError([Issue("symbols", str(error))]) from None
    try:
        exchange = exchange_of(owner, symbols) if wanted.exchange is None else exchange_name(wanted.exchange)
    except ValueError as error:
        raise InvalidInputError([Issue("exchange", str(error))]) from None
    return symbols, exchange
