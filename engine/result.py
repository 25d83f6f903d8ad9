"""One call from a document and bars to a result: the notebook's door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.bars import Bars
from engine.columns import Coded, Table, join
from engine.errors import Issue, PlanError
from engine.fold import finish, simulate
from engine.limits import Behaviour, Risk
from engine.measures import Metrics, metrics
from engine.plan import Costs, Funding, Market, Plan
from engine.state import State, initial_state
from engine.statistics.report import Report
from engine.strategy import parse_strategy, warm_up_bars

if TYPE_CHECKING:
    from types import ModuleType


@dataclass(frozen=True, eq=False)
class Result:
    """A finished run: its plan, tables, metrics, last state, and the report that adds the tables up."""

    plan: Plan
    state: State
    tables: Mapping[str, Table]
    metrics: Metrics
    report: Report

    def frames(self) -> dict[str, Any]:  # pandas DataFrames; pandas is loaded here and nowhere else
        """Return every table as a DataFrame, the report's (monthly, drawdowns, by_symbol, …) too.

        Times become UTC dates.
        """
        import pandas as pd

        frames: dict[str, Any] = {}
        for name, table in self.tables.items():
            columns: dict[str, Any] = {}
            for column, values in table.items():
                if isinstance(values, Coded):
                    columns[column] = pd.Categorical(values.tolist(), categories=list(values.names))
                elif column.endswith("timestamp") or column == "decided_at":
                    columns[column] = pd.to_datetime(values, unit="ms", utc=True)
                else:
                    columns[column] = values
            frames[name] = pd.DataFrame(columns)
        for name, summary in self.report.tables().items():
            frame = pd.DataFrame(summary)
            for column in frame.columns:
                if column.endswith("timestamp"):
                    frame[column] = pd.to_datetime(frame[column], unit="ms", utc=True)
                elif column == "date":
                    frame[column] = pd.to_datetime(frame[column], utc=True)
            frames[name] = frame
        return frames


def run(
    document: Mapping[str, object],
    bars: Mapping[str, Bars] | Bars | Any,
    *,
    parameters: Mapping[str, object] | None = None,
    initial_cash: float = 10_000.0,
    allocations: tuple[float, ...] = (),
    costs: Costs | None = None,
    start_ms: int | None = None,
    end_ms: int | None = None,
    timeframe_ms: int | None = None,
    markets: tuple[Market, ...] | None = None,
    record_indicators: bool = True,
    risk: Risk | None = None,
    behaviour: Behaviour | None = None,
    leverage: float = 1.0,
    maintenance_margin_pct: float = 0.5,
    funding: Funding | Mapping[str, Funding] | None = None,
    finer: Mapping[str, Bars] | Bars | Any | None = None,
    kernel: ModuleType | None = None,
) -> Result:
    """Simulate a strategy document over bars.

    `bars` is a Bars or DataFrame for one market, or a mapping of them by symbol. Without `start_ms` the
    run begins after as many bars as the strategy needs to warm up (or at the middle of a shorter series).
    The bar length is the smallest distance between two bars unless given. `funding` is for all markets or
    by symbol; `finer` are shorter candles that decide what came first inside a bar, given like `bars`. For
    the rest see Plan. Raise StrategyError, PlanError, BarsError.
    """
    series = _series(bars)
    strategy = parse_strategy(document, parameters)
    given = markets or tuple(Market(symbol) for symbol in series)
    if not any(len(found) > 1 for found in series.values()):
        raise PlanError((Issue("bars", "a run needs at least two bars"),))
    step = timeframe_ms or _bar_length(series)
    if start_ms is None:
        longest = max(series.values(), key=len)
        start_ms = int(longest.timestamp[min(warm_up_bars(strategy, step), len(longest) // 2)])
    if end_ms is None:
        end_ms = max(int(found.timestamp[-1]) for found in series.values() if len(found)) + step
    inside = None if finer is None else _series(finer)
    plan = Plan(
        strategy,
        given,
        step,
        start_ms,
        end_ms,
        initial_cash,
        allocations,
        costs or Costs(),
        record_indicators,
        risk,
        behaviour,
        leverage,
        maintenance_margin_pct,
        tuple(funding.get(m.symbol) if isinstance(funding, Mapping) else funding for m in given),
        None if inside is None else _bar_length(inside),
    )
    state, folded = simulate(plan, initial_state(plan), series, finer=inside, kernel=kernel)
    report = Report(plan)
    report.add(folded)
    state, closed = finish(plan, state, kernel=kernel)
    report.add(closed)
    tables = {name: join([table, closed.tables[name]]) for name, table in folded.tables.items()}
    return Result(plan, state, tables, metrics(plan, state, report), report)


def _series(bars: Mapping[str, Bars] | Bars | Any) -> dict[str, Bars]:
    if isinstance(bars, Bars):
        return {"MARKET": bars}
    if hasattr(bars, "columns"):
        return {"MARKET": Bars.from_frame(bars)}
    return {s: found if isinstance(found, Bars) else Bars.from_frame(found) for s, found in bars.items()}


def _bar_length(series: Mapping[str, Bars]) -> int:
    return min(
        int((found.timestamp[1:] - found.timestamp[:-1]).min()) for found in series.values() if len(found) > 1
    )
