"""What a run's tables add up to, segment by segment; small enough to be carried between workers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.errors import StateError
from engine.statistics.calendar import DAY_MS
from engine.statistics.days import Days
from engine.statistics.drawdowns import Drawdowns
from engine.statistics.outcomes import put_drawdowns, put_trades
from engine.statistics.periods import daily_columns, period_rows, rolling_sharpe
from engine.statistics.returns import put_daily
from engine.statistics.trades import EDGES_PCT, LOST, OUTCOMES, WON, Trades
from engine.threads import beside, processors

if TYPE_CHECKING:
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from engine.columns import Table
    from engine.fold import Output
    from engine.plan import Plan
    from engine.statistics.passes import Pass
    from engine.statistics.sheet import Sheet

VERSION = 2
_FORMAT = "stepfold report"
BESIDE_ROWS = 10_000
"""Closed trades from which on a second thread that adds them up is worth its start."""
FIRST_ROWS, CHUNK_ROWS = 2_048, 32_768
"""Equity rows taken at once where a peak may be: few at first, since equity may soon be below it for good,
then twice as many each time, up to as many as stay in a core's second cache with what is made of them."""


class Report:
    """Statistics of a run so far. Its size grows with the days of the run and with nothing else.

    report = Report(plan)
    report.add(output)           # of each segment in order, and of `finish`
    report.tables()["monthly"]   # and engine.metrics(plan, state, report)
    """

    def __init__(self, plan: Plan) -> None:
        self._fingerprint = plan.fingerprint
        self._initial = plan.initial_equity
        self._days = Days()
        self._drawdowns = Drawdowns(self._initial, plan.start_ms)
        self._added = Trades(plan.symbols)
        self._beside: tuple[Future[None], Pass, Table] | None = None
        # Value and time of the highest and the lowest closing equity; the initial one stands at the start.
        self._highest: tuple[float, int] = (self._initial, plan.start_ms)
        self._lowest: tuple[float, int] = (self._initial, plan.start_ms)

    def add(self, output: Output) -> None:
        """Take what the next segment adds to the result."""
        trades = output.tables["trades"]
        if trades.rows < BESIDE_ROWS or processors() == 1:
            if trades.rows:
                self._trades.add(trades)
        else:
            # All but the pass is done here: the other thread would wait for the interpreter again and again.
            adding = self._trades.begin(trades)
            self._beside = beside().submit(adding.run), adding, trades
        self._add_days(output)

    @property
    def _trades(self) -> Trades:
        """What the closed trades add up to, once the thread is done that adds them."""
        if self._beside is not None:
            (running, adding, table), self._beside = self._beside, None
            running.result()
            self._added.end(adding, table)
        return self._added

    def _add_days(self, output: Output) -> None:
        tables = output.tables
        if tables["equity"].rows:
            self._add_equity(tables["equity"], output.days)
        if tables["fills"].rows:
            self._days.add_fills(tables["fills"]["timestamp"], tables["fills"]["fee"])
        if tables["trades"].rows:
            self._days.add_trades(tables["trades"]["timestamp"], tables["trades"]["pnl"])
        if output.blocks.rows:
            self._days.add_blocked(output.blocks["first"], output.blocks["reason"], output.blocks["count"])

    def _add_equity(self, table: Table, days: Table) -> None:
        import numpy as np

        stamps, equity = table["timestamp"], table["equity"]
        edges = np.concatenate([[0], np.cumsum(days["bars"])])
        highs, lows = days["high"], days["low"]
        # The last day so far may go on: its benchmark is then this segment's.
        first_day = self._days.add(days)
        if (high := float(highs.max())) > self._highest[0]:
            self._highest = high, _first_time(stamps, equity, edges, int(highs.argmax()), high)
        if (low := float(lows.min())) < self._lowest[0]:
            self._lowest = low, _first_time(stamps, equity, edges, int(lows.argmin()), low)
        self._add_drawdowns(stamps, equity, edges, highs, lows)
        self._days.benchmark[first_day:] = table.at("benchmark", edges[1:] - 1)

    def _add_drawdowns(
        self,
        stamps: NDArray[np.int64],
        equity: NDArray[np.float64],
        edges: NDArray[np.int64],
        highs: NDArray[np.float64],
        lows: NDArray[np.float64],
    ) -> None:
        """Walk whole days: below the peak by their extremes alone, else FIRST_ROWS and more rows at once."""
        day, days, count = 0, len(highs), FIRST_ROWS
        while day < days:
            first = int(edges[day])
            reaching = highs[day:] >= self._drawdowns.peak
            stop = day + int(reaching.argmax()) if reaching.any() else days
            if stop > day:
                rows = slice(first, int(edges[stop]))
                deepest = day + int(lows[day:stop].argmin())
                near = int(edges[deepest]) - first, int(edges[deepest + 1]) - first
                self._drawdowns.add_below(stamps[rows], equity[rows], float(lows[deepest]), near)
            else:
                stop = max(day + 1, int(edges.searchsorted(first + count, side="right")) - 1)
                rows = slice(first, int(edges[stop]))
                self._drawdowns.add(stamps[rows], equity[rows])
                count = min(2 * count, CHUNK_ROWS)
            day = stop

    def put_metrics(self, sheet: Sheet, quality: float | None) -> None:
        """Write the report's metrics beside those of the state: `cagr_pct` is there, `quality` is the SQN."""
        sheet.put("equity_peak_timestamp", self._highest[1])
        sheet.put("equity_low_timestamp", self._lowest[1])
        put_drawdowns(sheet, self._drawdowns)
        put_daily(sheet, self._days, self._initial)
        put_trades(sheet, self._trades, quality, len(self._days))

    def tables(self) -> dict[str, Any]:
        """Return every table, ready for JSON: lists of rows, or for `daily` and `rolling_sharpe` columns.

        Names that end in `timestamp` are epoch ms, dates are texts; docs/metrics.md has the columns.
        """
        groups = self._trades.groups
        return {
            **{
                f"{period}ly": period_rows(self._days, self._initial, period)
                for period in ("month", "year", "week")
            },
            "drawdowns": self._drawdown_rows(),
            **{
                f"by_{name}": groups[name].rows(name)
                for name in ("symbol", "trigger", "exit_trigger", "exit_reason", "side", "hour", "weekday")
            },
            "excursions": self._excursion_rows(),
            "rolling_sharpe": rolling_sharpe(self._days, self._initial),
            "daily": daily_columns(self._days, self._initial),
        }

    def _drawdown_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "start_timestamp": found.start_ms,
                "valley_timestamp": found.valley_ms,
                "recovery_timestamp": found.end_ms if found.recovered else None,
                "depth_pct": 100.0 * found.depth,
                "amount": found.peak - found.valley,
                "bars": found.bars,
                "days": (found.end_ms - found.start_ms) / DAY_MS,
            }
            for found in self._drawdowns.worst()
        ]

    def _excursion_rows(self) -> list[dict[str, Any]]:
        rows = []
        for kind in (WON, LOST):
            for name, found in self._trades.excursions.items():
                if any(found.classes(kind)):
                    rows.append(
                        {
                            "outcome": OUTCOMES[kind],
                            "excursion": name,
                            "trades": sum(found.classes(kind)),
                            "avg_pct": found.sums[kind] / sum(found.classes(kind)),
                            "furthest_pct": found.furthest[kind],
                            "below_pct": [*EDGES_PCT, None],
                            "counts": found.classes(kind),
                        }
                    )
        return rows

    def to_bytes(self) -> bytes:
        """Serialise; reports of the same rows give the same bytes, whatever the cuts were."""
        data = {
            "format": _FORMAT,
            "version": VERSION,
            "plan": self._fingerprint,
            "initial": self._initial,
            "highest": self._highest,
            "lowest": self._lowest,
            "days": self._days.dump(),
            "drawdowns": self._drawdowns.dump(),
            "trades": self._trades.dump(),
        }
        # Python writes a float as the shortest text that reads back as the same bits.
        return json.dumps(data, separators=(",", ":"), allow_nan=False).encode()

    @classmethod
    def from_bytes(cls, plan: Plan, data: bytes) -> Report:
        """Read what `to_bytes` wrote. Raise StateError for anything else, and for another plan's."""
        try:
            raw = json.loads(data)
            if (raw["format"], raw["version"]) != (_FORMAT, VERSION):
                raise StateError(f"this report has version {raw['version']}; this engine reads {VERSION}")
        except (ValueError, TypeError, KeyError):
            raise StateError("these bytes are no report of a run, or were cut off") from None
        if raw["plan"] != plan.fingerprint:
            raise StateError("the report belongs to another plan, or to another version of the engine")
        report = cls(plan)
        report._highest, report._lowest = tuple(raw["highest"]), tuple(raw["lowest"])
        report._days = Days.load(raw["days"])
        report._drawdowns = Drawdowns.load(raw["drawdowns"])
        report._added = Trades.load(raw["trades"])
        return report


def _first_time(
    stamps: NDArray[np.int64], equity: NDArray[np.float64], edges: NDArray[np.int64], day: int, value: float
) -> int:
    """When equity first had a value on a day."""
    first = int(edges[day])
    return int(stamps[first + int((equity[first : int(edges[day + 1])] == value).argmax())])
