"""Closed trades, added up by what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.columns import Coded
from engine.names import HOUR_MS
from engine.statistics.calendar import DAY_MS
from engine.statistics.numbers import add_in_order, count_into, ratio, sum_whole

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

    def add(self, codes: NDArray[np.int64], batch: Batch) -> None:
        """Take trades whose labels have these numbers."""
        sum_whole(self.lasted_ms, codes, batch.lasted_ms)
        add_in_order(self.fees, codes, batch.fees)
        add_in_order(self.return_pct, codes, batch.return_pct)
        cells = codes * len(OUTCOMES) + batch.outcome
        count_into(self.counts, cells)
        add_in_order(self.pnl, cells, batch.pnl)

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
        import numpy as np

        names = (*column.names, None)
        self.labels += [name for name in names if name not in self.labels]
        self._fill_up()
        numbers = np.array([self.labels.index(name) for name in names], dtype=np.int64)
        self.add(numbers[column.codes], batch)

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
    """The columns of some closed trades."""

    def __init__(self, table: Mapping[str, Column]) -> None:
        import numpy as np

        self.table = table
        self.pnl: NDArray[np.float64] = table["pnl"]
        self.fees: NDArray[np.float64] = table["fees"]
        self.return_pct: NDArray[np.float64] = table["return_pct"]
        self.entered: NDArray[np.int64] = table["entry_timestamp"]
        self.left: NDArray[np.int64] = table["exit_timestamp"]
        self.lasted_ms: NDArray[np.int64] = self.left - self.entered
        self.outcome: NDArray[np.int64] = np.where(self.pnl > 0.0, WON, np.where(self.pnl < 0.0, LOST, EVEN))
        self.rows = [np.flatnonzero(self.outcome == outcome) for outcome in range(len(OUTCOMES))]


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
        for name, column in (
            ("symbol", "symbol"),
            ("trigger", "entry_trigger"),
            ("exit_trigger", "exit_trigger"),
            ("exit_reason", "exit_reason"),
            ("side", "side"),
        ):
            self.groups[name].add_texts(table[column], batch)
        self.groups["hour"].add(batch.entered // HOUR_MS % 24, batch)
        self.groups["weekday"].add((batch.entered // DAY_MS + 3) % 7, batch)
        self.groups["outcome"].add(batch.outcome, batch)
        for outcome, rows in enumerate(batch.rows):
            if len(rows):
                longest = int(batch.lasted_ms[rows].max())
                self.longest_ms[outcome] = max(self.longest_ms[outcome], longest)
        self._add_streaks(batch.outcome)
        self._add_extremes(batch)
        multiples = np.asarray(table["r_multiple"])
        multiples = multiples[~np.isnan(multiples)]
        zeros = np.zeros(len(multiples), dtype=np.int64)
        count_into(self.risked, zeros)
        add_in_order(self.r_multiples, zeros, multiples)
        cost = table["qty"] * table["entry_price"]
        for name, found in self.excursions.items():
            found.add(batch.outcome, np.abs(table[name]) / cost * 100.0)

    def _add_streaks(self, outcome: NDArray[np.int64]) -> None:
        import numpy as np

        begins = np.concatenate([[0], np.flatnonzero(outcome[1:] != outcome[:-1]) + 1])
        lengths = np.diff(begins, append=len(outcome))
        kinds = outcome[begins]
        if kinds[0] == self.streak[0]:
            lengths[0] += self.streak[1]
        for kind in range(len(OUTCOMES)):
            if (own := lengths[kinds == kind]).size:
                self.longest_streak[kind] = max(self.longest_streak[kind], int(own.max()))
        self.streak = [int(kinds[-1]), int(lengths[-1])]

    def _add_extremes(self, batch: Batch) -> None:
        best, worst = int(batch.return_pct.argmax()), int(batch.return_pct.argmin())
        if not self.best or batch.return_pct[best] > self.best[0]:
            self.best = _described(batch, best)
        if not self.worst or batch.return_pct[worst] < self.worst[0]:
            self.worst = _described(batch, worst)
        self.largest_win = max(self.largest_win, float(batch.pnl.max()))
        self.largest_loss = min(self.largest_loss, float(batch.pnl.min()))

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

    def add(self, outcome: NDArray[np.int64], reached_pct: NDArray[np.float64]) -> None:
        import numpy as np

        count_into(self.trades, outcome)
        add_in_order(self.sums, outcome, reached_pct)
        classes = np.array(EDGES_PCT).searchsorted(reached_pct, side="right")
        for kind in np.unique(outcome).tolist():
            own = outcome == kind
            self.furthest[kind] = max(self.furthest[kind], float(reached_pct[own].max()))
            count_into(self.counts[kind], classes[own])

    def dump(self) -> dict[str, Any]:
        return vars(self)

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Excursions:
        found = cls()
        vars(found).update(data)
        return found
