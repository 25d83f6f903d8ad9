"""One run, row by row: what happens at the opens, inside the bars, and at the closes."""

from __future__ import annotations

from tests.reckoning.book import Block, Book, Result, Row
from tests.reckoning.decisions import decide
from tests.reckoning.inside import walk
from tests.reckoning.levels import trail_on
from tests.reckoning.orders import allocate, enter, leave, settle_funding
from tests.reckoning.settings import Setup

NEVER_TOO_SMALL = ("time_exit", "flatten_daily", "walk_away")


def reckon(setup: Setup) -> Result:
    """Re-compute a run. All symbols share one timeline; each acts only in rows where it has a bar."""
    book = Book(setup)
    at = {symbol: {bar.time: row for row, bar in enumerate(bars)} for symbol, bars in setup.markets.items()}
    times = {time for rows in at.values() for time in rows}
    for now in sorted(time for time in times if setup.start_ms is None or time >= setup.start_ms):
        book.now = now
        book.rows = {symbol: rows[now] for symbol, rows in at.items() if now in rows}
        book.here = {symbol: setup.markets[symbol][row] for symbol, row in book.rows.items()}
        book.hits = set()
        book.begin_day()
        equity = at_the_opens(book)
        for symbol in book.here:
            walk(book, symbol, equity)
        at_the_closes(book)
    for symbol in setup.markets:
        waiting = book.pending.get(symbol)
        if waiting is not None and waiting.rule == "system":
            book.result.blocks.append(Block(book.now, symbol, None, "system", "end_of_data"))
        elif waiting is not None:
            book.block(symbol, waiting.trigger, waiting.rule, "end_of_data")
        resting = book.resting.get(symbol)
        if resting is not None:
            book.block(symbol, resting.trigger, "entry", "end_of_data")
    return book.result


def at_the_opens(book: Book) -> float:
    """Funding, allocations, closing legs, entries; return the equity by which the row's entries are sized."""
    setup, now = book.setup, book.now
    for symbol in book.here:
        settle_funding(book, symbol, before=now + 1)
        allocate(book, symbol)
    waiting = {symbol: book.pending.pop(symbol) for symbol in book.here if symbol in book.pending}
    entries = []
    for symbol, order in waiting.items():
        is_reversal = order.reason == "reversal"
        if order.reason != "entry_rule" and not leave(
            book, symbol, book.here[symbol].open, order.reason, order.trigger,
            rule="system" if order.reason in NEVER_TOO_SMALL else order.rule, decided_at=order.decided_at,
        ):  # fmt: skip
            continue
        if is_reversal or order.reason == "entry_rule":
            assert order.trigger is not None
            entries.append((setup.triggers.index(order.trigger), symbol, order.trigger, order))
    equity = book.open_equity()
    book.usable = book.cash
    # Stable: within a trigger the request's order stays.
    for _, symbol, trigger, order in sorted(entries, key=lambda found: found[0]):
        enter(book, symbol, trigger, order.row, order.decided_at, book.here[symbol].open, equity)
    for symbol in book.here:
        settle_funding(book, symbol, before=now + setup.step_ms)
    return equity


def at_the_closes(book: Book) -> None:
    """Marks, equity, extremes and trailing stops, then the decisions for the next opens."""
    for symbol, bar in book.here.items():
        book.marks[symbol] = bar.close
        position = book.positions.get(symbol)
        if position is not None:
            position.bars += 1
            best, worst = (bar.high, bar.low) if position.sign > 0 else (bar.low, bar.high)
            position.best = position.sign * max(position.sign * position.best, position.sign * best)
            position.worst = position.sign * min(position.sign * position.worst, position.sign * worst)
            trail_on(position)
    book.equity = book.close_equity()
    gross = sum(position.qty * book.marks[symbol] for symbol, position in book.positions.items())
    exposure = gross / book.equity if book.equity else 0.0
    book.result.equity.append(Row(book.now, book.equity, book.cash, exposure))
    walk_away(book)
    for symbol in book.here:
        decide(book, symbol)


def walk_away(book: Book) -> None:
    """Latch once the profit is enough; entries that wait are cancelled."""
    profit = book.setup.behaviour.walk_away_profit_pct
    if book.walked or profit is None:
        return
    if book.equity < book.setup.initial_equity * (1 + profit / 100):
        return
    book.walked = True
    book.result.walked_away = book.now
    for symbol in book.setup.markets:
        resting = book.resting.pop(symbol, None)
        if resting is not None:
            book.block(symbol, resting.trigger, "entry", "walked_away")
        waiting = book.pending.get(symbol)
        if waiting is not None and waiting.reason == "entry_rule":
            del book.pending[symbol]
            book.block(symbol, waiting.trigger, "entry", "walked_away")
