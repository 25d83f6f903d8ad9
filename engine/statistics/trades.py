"""Closed trades, added up by what they have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from engine.names import HOUR_MS
from engine.statistics.numbers import add_in_order, count_into, ratio
from engine.statistics.passes import Pass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.columns import Coded, Column

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OUTCOMES = ("won", "lost", "even")
WON, LOST, EVEN = range(3)
EDGES_PCT = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 50.0, 75.0, 100.0)
"""Upper ends (exclusive) of the classes of excursions, in percent of what the entry cost; the last class has
none."""
CLASSES = len(EDGES_PCT) + 1
EXCURSIONS = ("mae", "mfe")
FLOATS, INTS = 2 + len(OUTCOMES), 1 + len(OUTCOMES)
"""Sums of one label, as summing.add_trades has them."""


class Groups:
    """Sums of trades by label."""

    def __init__(self, labels: Iterable[str | None]) -> None:
        self.labels: list[str | None] = []
        self.floats: list[float] = []
        """Fees, return %, and P&L by outcome of each label."""
        self.ints: list[int] = []
        """Time and trades by outcome of each label."""
        self.hold(labels)

    def hold(self, labels: Iterable[str | None]) -> list[int]:
        """Have these labels, and return their numbers."""
        wanted = list(labels)
        self.labels += [label for label in wanted if label not in self.labels]
        self.floats += [0.0] * (FLOATS * len(self.labels) - len(self.floats))
        self.ints += [0] * (INTS * len(self.labels) - len(self.ints))
        return [self.labels.index(label) for label in wanted]

    def trades(self, n: int) -> int:
        """Count the trades of label `n`."""
        return sum(self.ints[n * INTS + 1 : (n + 1) * INTS])

    def count(self, n: int, outcome: int) -> int:
        """Count those that ended so."""
        return self.ints[n * INTS + 1 + outcome]

    def lasted_ms(self, n: int) -> int:
        """How long the trades of label `n` lasted together."""
        return self.ints[n * INTS]

    def won(self, n: int) -> float:
        """P&L of the winners of label `n`."""
        return self.floats[n * FLOATS + 2 + WON]

    def lost(self, n: int) -> float:
        """P&L of the losers, zero or negative."""
        return self.floats[n * FLOATS + 2 + LOST]

    def total(self, n: int) -> float:
        return self.won(n) + self.lost(n)

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
                        "avg_return_pct": self.floats[n * FLOATS + 1] / trades,
                        "fees": self.floats[n * FLOATS],
                        "avg_duration_hours": self.lasted_ms(n) / HOUR_MS / trades,
                    }
                )
        return found

    def dump(self) -> dict[str, Any]:
        return vars(self)

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Groups:
        found = cls(())
        vars(found).update(data)
        return found


TEXTS = {
    "symbol": "symbol",
    "trigger": "entry_trigger",
    "exit_trigger": "exit_trigger",
    "exit_reason": "exit_reason",
    "side": "side",
}
"""Groupings by a text, and its column."""
GROUPINGS = (*TEXTS, "outcome", "hour", "weekday")
"""In the order of summing.add_trades."""


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
        self.excursions = {name: Excursions() for name in EXCURSIONS}

    @property
    def count(self) -> int:
        outcomes = self.groups["outcome"]
        return sum(map(outcomes.trades, range(len(OUTCOMES))))

    def add(self, table: Mapping[str, Column]) -> None:
        """Take the next rows of the trades table; there is at least one."""
        adding = self.begin(table)
        adding.run()
        self.end(adding, table)

    def begin(self, table: Mapping[str, Column]) -> Pass:
        """Prepare what `add` does; between `begin` and `end` the pass is to be run, by whomever."""
        import numpy as np

        columns: list[Coded] = [table[name] for name in TEXTS.values()]
        groups = [self.groups[name] for name in GROUPINGS]
        held = [found.hold((*column.names, None)) for found, column in zip(groups, columns, strict=False)]
        firsts = self._firsts()
        numbers = [n + first for first, own in zip(firsts, held, strict=False) for n in own]
        reached = [self.excursions[name] for name in EXCURSIONS]
        extremes = [
            self.best[0] if self.best else -math.inf,
            self.worst[0] if self.worst else math.inf,
            self.largest_win,
            self.largest_loss,
        ]
        return Pass(
            "add_trades",
            table["pnl"],
            table["return_pct"],
            table["fees"],
            table["entry_timestamp"],
            table["exit_timestamp"],
            table["qty"],
            table["entry_price"],
            *(table[name] for name in EXCURSIONS),
            *(column.codes for column in columns),
            np.array(numbers, dtype=np.int64),
            np.array([0, *accumulate(map(len, held))], dtype=np.int64),
            np.array(firsts[len(held) : -1], dtype=np.int64),
            np.array(EDGES_PCT),
            into=(
                self.longest_ms,
                self.streak,
                self.longest_streak,
                extremes,
                [-1, -1],
                [value for found in groups for value in found.floats],
                [value for found in groups for value in found.ints],
                [value for found in reached for value in found.sums],
                [value for found in reached for value in found.furthest],
                [value for found in reached for value in found.counts],
                [0] * len(GROUPINGS),
            ),
        )

    def end(self, added: Pass, table: Mapping[str, Column]) -> None:
        """Take what the pass that `begin` prepared has added up."""
        import numpy as np

        (
            self.longest_ms, self.streak, self.longest_streak, extremes, rows, floats, ints, sums, furthest,
            counts, _,
        ) = added.sums()  # fmt: skip
        firsts = self._firsts()
        for name, first, last in zip(GROUPINGS, firsts, firsts[1:], strict=False):
            self.groups[name].floats = floats[first * FLOATS : last * FLOATS]
            self.groups[name].ints = ints[first * INTS : last * INTS]
        for n, name in enumerate(EXCURSIONS):
            kinds = slice(n * len(OUTCOMES), (n + 1) * len(OUTCOMES))
            cells = slice(kinds.start * CLASSES, kinds.stop * CLASSES)
            excursions = self.excursions[name]
            excursions.sums, excursions.furthest = sums[kinds], furthest[kinds]
            excursions.counts = counts[cells]
        self.largest_win, self.largest_loss = extremes[2:]
        if rows[0] >= 0:
            self.best = _described(table, rows[0])
        if rows[1] >= 0:
            self.worst = _described(table, rows[1])
        self._add_multiples(np.asarray(table["r_multiple"]))

    def _firsts(self) -> list[int]:
        """Where each grouping's labels begin when all stand one after the other, and where all end."""
        return [0, *accumulate(len(self.groups[name].labels) for name in GROUPINGS)]

    def _add_multiples(self, multiples: NDArray[np.float64]) -> None:
        import numpy as np

        multiples = multiples[~np.isnan(multiples)]
        zeros = np.zeros(len(multiples), dtype=np.int64)
        count_into(self.risked, zeros)
        add_in_order(self.r_multiples, zeros, multiples)

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


def _described(table: Mapping[str, Column], row: int) -> list[Any]:
    symbol = table["symbol"]
    name = symbol.names[int(symbol.codes[row])]
    pnl, returned, left = table["pnl"][row], table["return_pct"][row], table["exit_timestamp"][row]
    return [float(returned), float(pnl), name, int(left)]


class Excursions:
    """How far trades went against or for their holder, by outcome, in percent of what the entry cost.

    Sums, the furthest, and counts by class; exact quantiles would need every trade.
    """

    def __init__(self) -> None:
        self.sums = [0.0] * len(OUTCOMES)
        self.furthest = [0.0] * len(OUTCOMES)
        self.counts = [0] * (CLASSES * len(OUTCOMES))
        """By outcome, then by class."""

    def classes(self, outcome: int) -> list[int]:
        """Count the trades that ended so, by class."""
        return self.counts[outcome * CLASSES : (outcome + 1) * CLASSES]

    def dump(self) -> dict[str, Any]:
        return vars(self)

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Excursions:
        found = cls()
        vars(found).update(data)
        return found
