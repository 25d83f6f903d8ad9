"""One call from a document and bars to a result: the notebook's door."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, TypedDict, overload

from engine.bars import Bars
from engine.columns import Coded, Table
from engine.errors import BarsError, Issue, PlanError
from engine.fold import simulate
from engine.limits import Behaviour, Risk, read_limits
from engine.measures import Metrics, metrics
from engine.plan import Costs, Funding, Market, Plan
from engine.state import State, initial_state
from engine.statistics.report import Report
from engine.strategy import Strategy, parse_strategy, warm_up_bars

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Unpack

    from engine.graph import Graph


SHOWN_BARS = 4096
"""Bars that are looked at for a timeframe that is given."""
CHUNK_BARS = 32_768
"""Bars looked at at once where it is not."""


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
    risk: Risk | Mapping[str, object] | None = None,
    behaviour: Behaviour | Mapping[str, object] | None = None,
    leverage: float = 1.0,
    maintenance_margin_pct: float = 0.5,
    funding: Funding | Mapping[str, Funding] | None = None,
    finer: Mapping[str, Bars] | Bars | Any | None = None,
    kernel: ModuleType | None = None,
) -> Result:
    """Simulate a strategy document over bars.

    `bars` is a Bars or DataFrame for one market, or a mapping of them by symbol. Without `start_ms` the
    run begins after as many bars as the strategy needs to warm up (or at the middle of a shorter series).
    The bar length is the smallest distance between two bars unless given. `risk` and `behaviour` take the
    place of the document's, as Risk and Behaviour or as the mapping that a document would hold. `funding` is
    for all markets or by symbol; `finer` are shorter candles that decide what came first inside a bar, given
    like `bars`. For the rest see Plan. Raise StrategyError, PlanError, BarsError.
    """
    series = series_of(bars)
    inside = None if finer is None else series_of(finer)
    plan = plan_for(
        [parse_strategy(document, parameters)],
        series,
        inside,
        initial_cash=initial_cash,
        allocations=allocations,
        costs=costs,
        start_ms=start_ms,
        end_ms=end_ms,
        timeframe_ms=timeframe_ms,
        markets=markets,
        record_indicators=record_indicators,
        risk=risk,
        behaviour=behaviour,
        leverage=leverage,
        maintenance_margin_pct=maintenance_margin_pct,
        funding=funding,
    )
    state, output = simulate(plan, initial_state(plan), series, finer=inside, kernel=kernel, last=True)
    report = Report(plan)
    report.add(output)
    return Result(plan, state, output.tables, metrics(plan, state, report), report)


class PlanSettings(TypedDict, total=False):
    """What `run` and `sweep` may be told of the plan; see Plan."""

    initial_cash: float
    allocations: tuple[float, ...]
    costs: Costs | None
    start_ms: int | None
    end_ms: int | None
    timeframe_ms: int | None
    markets: tuple[Market, ...] | None
    record_indicators: bool
    risk: Risk | Mapping[str, object] | None
    behaviour: Behaviour | Mapping[str, object] | None
    leverage: float
    maintenance_margin_pct: float
    funding: Funding | Mapping[str, Funding] | None


def plan_for(
    strategies: Sequence[Strategy],
    series: Mapping[str, Bars],
    inside: Mapping[str, Bars] | None,
    reads: Iterable[tuple[Graph, Iterable[int]]] = (),
    **settings: Unpack[PlanSettings],
) -> Plan:
    """Return the plan of the first strategy, with what was left open taken from the bars.

    Its start is late enough for all strategies, and for these nodes of these graphs. Raise PlanError.
    """
    _check_arguments(settings)
    given = settings.get("markets") or tuple(Market(symbol) for symbol in series)
    if not any(len(found) > 1 for found in series.values()):
        raise PlanError((Issue("bars", "a run needs at least two bars"),))
    step = settings.get("timeframe_ms") or _bar_length(series)
    # The kernel refuses a bar that comes too early; this tells of a wrong timeframe before anything is run.
    found_step = min(
        step, _bar_length({symbol: found.rows(0, SHOWN_BARS) for symbol, found in series.items()})
    )
    if 0 < found_step < step:
        message = (
            f"is {step} ms, but there are bars only {found_step} ms apart; leave it out, or join the bars"
        )
        raise PlanError((Issue("timeframe", message, step),))
    if inside is not None and not any(len(found) > 1 for found in inside.values()):
        raise PlanError((Issue("finer", "needs at least two candles, or leave it out"),))
    start_ms, end_ms = settings.get("start_ms"), settings.get("end_ms")
    if start_ms is None:
        longest = max(series.values(), key=len)
        needed = max(warm_up_bars(strategy, step) for strategy in strategies)
        for graph, nodes in reads:
            needed = max(needed, *(graph.warm_up_bars(node, step) for node in nodes))
        start_ms = int(longest.timestamp[min(needed, len(longest) // 2)])
    if end_ms is None:
        end_ms = max(int(found.timestamp[-1]) for found in series.values() if len(found)) + step
    funding = settings.get("funding")
    return Plan(
        strategies[0],
        given,
        step,
        start_ms,
        end_ms,
        settings.get("initial_cash", 10_000.0),
        settings.get("allocations", ()),
        settings.get("costs") or Costs(),
        settings.get("record_indicators", True),
        _limits(Risk, settings.get("risk")),
        _limits(Behaviour, settings.get("behaviour")),
        settings.get("leverage", 1.0),
        settings.get("maintenance_margin_pct", 0.5),
        tuple(funding.get(m.symbol) if isinstance(funding, Mapping) else funding for m in given),
        None if inside is None else _bar_length(inside),
    )


def series_of(bars: Mapping[str, Bars] | Bars | Any) -> dict[str, Bars]:
    """Return bars by symbol, however they were given to `run`. Raise BarsError.

    A market without a name is called MARKET.
    """
    if isinstance(bars, Bars) or not isinstance(bars, Mapping):
        bars = {"MARKET": bars}
    for symbol in bars:
        if not isinstance(symbol, str) or not symbol:
            raise BarsError(f"a market is named by its symbol, such as 'BTC-USDT', not {symbol!r}")
    return {s: found if isinstance(found, Bars) else Bars.from_frame(found) for s, found in bars.items()}


def _check_arguments(settings: Mapping[str, object]) -> None:
    """Say what a call from a notebook got wrong before it fails in arithmetic. Raise PlanError."""
    times = {name: settings.get(name) for name in ("start_ms", "end_ms", "timeframe_ms")}
    issues = [
        Issue(name, f"must be a whole number of milliseconds, not {value!r}", value)
        for name, value in times.items()
        if value is not None and not isinstance(value, Real)
    ]
    costs, funding = settings.get("costs"), settings.get("funding")
    if costs is not None and not isinstance(costs, Costs):
        issues.append(Issue("costs", "must be Costs, such as Costs(taker_fee_bps=5)", costs))
    rates = funding.values() if isinstance(funding, Mapping) else [funding]
    if not all(found is None or isinstance(found, Funding) for found in rates):
        message = "must be Funding, such as Funding.constant(1, 8, start_ms, end_ms): 1 bp every 8 hours"
        issues.append(Issue("funding", message, funding))
    if issues:
        raise PlanError(tuple(issues))


@overload
def _limits(kind: type[Risk], given: Risk | Mapping[str, object] | None) -> Risk | None: ...
@overload
def _limits(kind: type[Behaviour], given: Behaviour | Mapping[str, object] | None) -> Behaviour | None: ...
def _limits(
    kind: type[Risk] | type[Behaviour], given: Risk | Behaviour | Mapping[str, object] | None
) -> Risk | Behaviour | None:
    """Read limits as a document would hold them, unless they are read. Raise PlanError."""
    if given is None or isinstance(given, Risk | Behaviour):
        return given
    issues: list[Issue] = []
    found: Risk | Behaviour
    if kind is Risk:
        found = read_limits("risk", given, "risk", {}, issues)
    else:
        found = read_limits("behaviour", given, "behaviour", {}, issues)
    if issues:
        raise PlanError(tuple(issues))
    return found


def _bar_length(series: Mapping[str, Bars]) -> int:
    """The smallest distance between two bars, in ms; 0 where there are none. Raise BarsError."""
    shortest = 0
    for symbol, found in series.items():
        # Piece by piece, so that nothing as long as the bars is made.
        for first in range(0, len(found) - 1, CHUNK_BARS):
            stamps = found.timestamp[first : first + CHUNK_BARS + 1]
            steps = stamps[1:] - stamps[:-1]
            least = int(steps.min())
            if least <= 0:
                row = first + int(steps.argmin()) + 1
                raise BarsError(
                    f"{symbol}: bar {row} at {int(found.timestamp[row])} does not come after the one before "
                    "it; sort the bars and drop doubles"
                )
            shortest = min(shortest or least, least)
    return shortest
