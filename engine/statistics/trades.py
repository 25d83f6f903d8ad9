"""Closed trades, added up by what they have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.columns import Coded
from engine.names import HOUR_MS
from engine.statistics.numbers import add_in_order, count_into, ratio
from engine.statistics.passes import add_up, scratch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.columns import Column

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OUTCOMES = ("won", "lost", "even")
WON, LOST, EVEN = range(3)
EDGES_PCT = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 50.0, 75.0, 100.0)
"""Upper ends (exclusive) of the classes of excursions, in percent of what the entry cost; the last class has
none."""


class Groups:
    """Sums of trades by label."""

    def __init__(self, labels: Iterable[str | None]) -> None:
        self.labels = list(labels)
        self.lasted_ms: list[int] = []
        self.fees: list[float] = []
        self.return_pct: list[float] = []
        self.counts: list[int] = []
        """By label and outcome."""
        self.pnl: list[float] = []
        self._fill_up()

    def add(self, codes: Any, batch: Batch, labels: list[int] | None = None) -> None:
        """Take trades whose labels have these numbers, or the numbers that `labels` gives for these codes."""
        import numpy as np

        numbers = np.array(labels or range(len(self.labels)), dtype=np.int64)
        kinds, size = len(OUTCOMES), len(self.labels)
        floats: list[float] = []
        ints: list[int] = []
        for n in range(size):
            cells = slice(n * kinds, (n + 1) * kinds)
            floats += (self.fees[n], self.return_pct[n], *self.pnl[cells])
            ints += (self.lasted_ms[n], *self.counts[cells])
        floats, ints = add_up(
            "add_group",
            codes,
            numbers,
            batch.outcome,
            batch.lasted_ms,
            batch.fees,
            batch.return_pct,
            batch.pnl,
            into=(floats, ints),
        )
        self.fees, self.return_pct = floats[:: kinds + 2], floats[1 :: kinds + 2]
        self.lasted_ms = ints[:: kinds + 1]
        self.pnl = [value for n in range(size) for value in floats[n * (kinds + 2) + 2 :][:kinds]]
        self.counts = [count for n in range(size) for count in ints[n * (kinds + 1) + 1 :][:kinds]]

    def trades(self, n: int) -> int:
        """Count the trades of label `n`."""
        return sum(self.counts[n * len(OUTCOMES) : (n + 1) * len(OUTCOMES)])

    def count(self, n: int, outcome: int) -> int:
        """Count those that ended so."""
        return self.counts[n * len(OUTCOMES) + outcome]

    def won(self, n: int) -> float:
        """P&L of the winners of label `n`."""
        return self.pnl[n * len(OUTCOMES) + WON]

    def lost(self, n: int) -> float:
        """P&L of the losers, zero or negative."""
        return self.pnl[n * len(OUTCOMES) + LOST]

    def total(self, n: int) -> float:
        return self.won(n) + self.lost(n)

    def add_texts(self, column: Coded, batch: Batch) -> None:
        """Take trades with a text column that names the labels; null is a label too."""
        names = (*column.names, None)
        self.labels += [name for name in names if name not in self.labels]
        self._fill_up()
        self.add(column.codes, batch, [self.labels.index(name) for name in names])

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return one row for each label that has trades."""
        found = []
        for n, label in enumerate(self.labels):
            if trades := self.trades(n):
                found.append(
                    {
                        name: label,
                        "trades": trades,
                        "wins": self.count(n, WON),
                        "losses": self.count(n, LOST),
                        "win_rate": 100.0 * self.count(n, WON) / trades,
                        "pnl": self.total(n),
                        "profit_factor": ratio(self.won(n), -self.lost(n)),
                        "avg_return_pct": self.return_pct[n] / trades,
                        "fees": self.fees[n],
                        "avg_duration_hours": self.lasted_ms[n] / HOUR_MS / trades,
                    }
                )
        return found

    def _fill_up(self) -> None:
        size = len(self.labels)
        self.lasted_ms += [0] * (size - len(self.lasted_ms))
        self.fees += [0.0] * (size - len(self.fees))
        self.return_pct += [0.0] * (size - len(self.return_pct))
        self.counts += [0] * (size * len(OUTCOMES) - len(self.counts))
        self.pnl += [0.0] * (size * len(OUTCOMES) - len(self.pnl))

    def dump(self) -> dict[str, Any]:
        return vars(self)

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Groups:
        found = cls(())
        vars(found).update(data)
        return found


class Batch:
    """The columns of some closed trades, and what follows from each trade alone."""

    def __init__(self, table: Mapping[str, Column]) -> None:
        self.table = table
        self.pnl: NDArray[np.float64] = table["pnl"]
        self.fees: NDArray[np.float64] = table["fees"]
        self.return_pct: NDArray[np.float64] = table["return_pct"]
        self.left: NDArray[np.int64] = table["exit_timestamp"]
        rows = len(self.pnl)
        self.lasted_ms = scratch(rows, "int64")
        self.outcome, self.hours, self.weekdays = (scratch(rows, "int32") for _ in range(3))


GROUPINGS = ("symbol", "trigger", "exit_trigger", "exit_reason", "side", "hour", "weekday", "outcome")


class Trades:
    """Everything about closed trades but the trades themselves: its size does not grow with their number."""

    def __init__(self, symbols: tuple[str, ...]) -> None:
        self.groups = {name: Groups(()) for name in GROUPINGS}
        self.groups["symbol"] = Groups(symbols)
        self.groups["side"] = Groups(("long", "short"))
        self.groups["hour"] = Groups(f"{hour:02d}" for hour in range(24))
        self.groups["weekday"] = Groups(WEEKDAYS)
        self.groups["outcome"] = Groups(OUTCOMES)
        self.longest_ms = [0, 0, 0]
        """By outcome."""
        self.streak = [EVEN, 0]
        """Outcome and length of the streak under way; a trade that ends even ends it."""
        self.longest_streak = [0, 0, 0]
        self.best: list[Any] = []
        """Return %, P&L, symbol, exit time of the trade with the highest return; empty before the first."""
        self.worst: list[Any] = []
        self.largest_win = 0.0
        self.largest_loss = 0.0
        self.risked = [0]
        self.r_multiples = [0.0]
        self.excursions = {"mae": Excursions(), "mfe": Excursions()}

    @property
    def count(self) -> int:
        return sum(self.groups["outcome"].counts)

    def add(self, table: Mapping[str, Column]) -> None:
        """Take the next rows of the trades table; there is at least one."""
        import numpy as np

        batch = Batch(table)
        self._follow(batch)
        for name, column in (
            ("symbol", "symbol"),
            ("trigger", "entry_trigger"),
            ("exit_trigger", "exit_trigger"),
            ("exit_reason", "exit_reason"),
            ("side", "side"),
        ):
            self.groups[name].add_texts(table[column], batch)
        self.groups["hour"].add(batch.hours, batch)
        self.groups["weekday"].add(batch.weekdays, batch)
        self.groups["outcome"].add(batch.outcome, batch)
        multiples = np.asarray(table["r_multiple"])
        multiples = multiples[~np.isnan(multiples)]
        zeros = np.zeros(len(multiples), dtype=np.int64)
        count_into(self.risked, zeros)
        add_in_order(self.r_multiples, zeros, multiples)
        for name, found in self.excursions.items():
            found.add(table[name], batch)

    def _follow(self, batch: Batch) -> None:
        extremes = [
            self.best[0] if self.best else -math.inf,
            self.worst[0] if self.worst else math.inf,
            self.largest_win,
            self.largest_loss,
        ]
        self.longest_ms, self.streak, self.longest_streak, extremes, rows = add_up(
            "follow_trades",
            batch.pnl,
            batch.return_pct,
            batch.table["entry_timestamp"],
            batch.left,
            batch.lasted_ms,
            batch.outcome,
            batch.hours,
            batch.weekdays,
            into=(self.longest_ms, self.streak, self.longest_streak, extremes, [-1, -1]),
        )
        self.largest_win, self.largest_loss = extremes[2:]
        if rows[0] >= 0:
            self.best = _described(batch, rows[0])
        if rows[1] >= 0:
            self.worst = _described(batch, rows[1])

    def dump(self) -> dict[str, Any]:
        groups = {name: found.dump() for name, found in self.groups.items()}
        excursions = {name: found.dump() for name, found in self.excursions.items()}
        return {**vars(self), "groups": groups, "excursions": excursions}

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Trades:
        found = cls(())
        vars(found).update(data)
        found.groups = {name: Groups.load(entry) for name, entry in data["groups"].items()}
        found.excursions = {name: Excursions.load(entry) for name, entry in data["excursions"].items()}
        return found


def _described(batch: Batch, row: int) -> list[Any]:
    symbol = batch.table["symbol"]
    name = symbol.names[int(symbol.codes[row])]
    return [float(batch.return_pct[row]), float(batch.pnl[row]), name, int(batch.left[row])]


class Excursions:
    """How far trades went against or for their holder, by outcome, in percent of what the entry cost.

    Sums, the furthest, and counts by class; exact quantiles would need every trade.
    """

    def __init__(self) -> None:
        self.trades = [0, 0, 0]
        self.sums = [0.0, 0.0, 0.0]
        self.furthest = [0.0, 0.0, 0.0]
        self.counts = [[0] * (len(EDGES_PCT) + 1) for _ in OUTCOMES]

    def add(self, reached: NDArray[np.float64], batch: Batch) -> None:
        import numpy as np

        classes = len(EDGES_PCT) + 1
        flat = [count for counts in self.counts for count in counts]
        self.sums, self.furthest, flat = add_up(
            "add_excursions",
            reached,
            batch.table["qty"],
            batch.table["entry_price"],
            batch.outcome,
            np.array(EDGES_PCT),
            into=(self.sums, self.furthest, flat),
        )
        self.counts = [flat[n * classes : (n + 1) * classes] for n in range(len(OUTCOMES))]
        self.trades = list(map(sum, self.counts))

    def dump(self) -> dict[str, Any]:
        return vars(self)

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Excursions:
        found = cls()
        vars(found).update(data)
        return found
