"""What is run, with every default filled in, and the engine's plan of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from shared.errors import InvalidInputError, Issue
from shared.times import TIMEFRAMES

if TYPE_CHECKING:
    import engine


@dataclass(frozen=True, slots=True)
class ResolvedSymbol:
    symbol: str
    exchange: str
    dataset_version: str
    quantity_step: float = 1e-8
    min_notional: float = 0.0
    finer_version: str | None = None
    made_of: str | None = None
    """The timeframe of `dataset_version`, where the run's bars are made of finer ones as they are read."""
    finer_made_of: str | None = None
    """The same of `finer_version`."""
    funding_dataset: str | None = None
    """The dataset whose stored rates the symbol's positions pay, where the run names such."""
    funding_version: str | None = None


@dataclass(frozen=True, slots=True)
class ResolvedRun:
    """Everything that a run's results depend on, and nothing else: the body of its fingerprint.

    `start_ms` <= open < `end_ms` are the bars that trade; bars from `warm_up_start_ms` on feed indicators.
    `allocations` is quote currency per symbol, in the order of `symbols`. `risk` and `behaviour` hold every
    field of `engine.Risk` and `engine.Behaviour`; None leaves the strategy's own. `funding` is an assumption
    (`assumed_rate_bps`, `every_hours`), the rates that are stored (`source`), or None. What has a default
    here is younger than the first runs.
    """

    strategy: Mapping[str, Any]
    parameters: Mapping[str, Any]
    symbols: tuple[ResolvedSymbol, ...]
    timeframe: str
    start_ms: int
    end_ms: int
    warm_up_bars: int
    warm_up_start_ms: int
    initial_cash: float
    allocations: tuple[float, ...]
    taker_fee_bps: float
    slippage_bps: float
    maker_fee_bps: float = 10.0
    slippage_range_fraction: float = 0.0
    slippage_volume_share: float = 0.0
    risk: Mapping[str, Any] | None = None
    behaviour: Mapping[str, Any] | None = None
    leverage: float = 1.0
    maintenance_margin_pct: float = 0.5
    funding: Mapping[str, Any] | None = None
    finer_timeframe: str | None = None

    @property
    def timeframe_ms(self) -> int:
        return TIMEFRAMES[self.timeframe]

    @property
    def finer_ms(self) -> int | None:
        return None if self.finer_timeframe is None else TIMEFRAMES[self.finer_timeframe]

    @property
    def stored_funding(self) -> bool:
        return self.funding is not None and "source" in self.funding

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> ResolvedRun:
        symbols = tuple(ResolvedSymbol(**symbol) for symbol in raw["symbols"])
        return cls(**{**raw, "symbols": symbols, "allocations": tuple(raw["allocations"])})


def engine_plan(run: ResolvedRun, rates: Sequence[engine.Funding] | None = None) -> engine.Plan:
    """Say a resolved run in the engine's terms; `rates` are each symbol's, where it names stored ones.

    Raises InvalidInputError, with the request's paths, and ValueError for a run without its stored rates.
    """
    import engine

    try:
        return engine.Plan(
            strategy=engine.parse_strategy(run.strategy, run.parameters),
            markets=tuple(
                engine.Market(symbol.symbol, symbol.quantity_step, symbol.min_notional)
                for symbol in run.symbols
            ),
            timeframe_ms=run.timeframe_ms,
            start_ms=run.start_ms,
            end_ms=run.end_ms,
            initial_cash=run.initial_cash,
            allocations=run.allocations,
            costs=engine.Costs(
                taker_fee_bps=run.taker_fee_bps,
                maker_fee_bps=run.maker_fee_bps,
                slippage_bps=run.slippage_bps,
                slippage_range_fraction=run.slippage_range_fraction,
                slippage_volume_share=run.slippage_volume_share,
            ),
            risk=None if run.risk is None else engine.Risk(**run.risk),
            behaviour=None if run.behaviour is None else engine.Behaviour(**run.behaviour),
            leverage=run.leverage,
            maintenance_margin_pct=run.maintenance_margin_pct,
            funding=_funding(run, rates),
            finer_ms=run.finer_ms,
        )
    except engine.PlanError as error:
        raise InvalidInputError([_of_plan(issue) for issue in error.issues]) from None


def without_rates(run: ResolvedRun) -> Sequence[engine.Funding]:
    """Stand in for a run's stored rates where a plan is only looked at: no rate makes it one or none."""
    import engine

    return [engine.Funding((), ())] * len(run.symbols)  # type: ignore[arg-type]  # it makes arrays of them


def _funding(run: ResolvedRun, rates: Sequence[engine.Funding] | None) -> tuple[engine.Funding | None, ...]:
    import engine

    if run.funding is None:
        return ()
    if run.stored_funding:
        if rates is None:
            raise ValueError("the run pays stored funding rates, which were not read")
        return tuple(rates)
    rate, hours = run.funding["assumed_rate_bps"], run.funding["every_hours"]
    assumed = engine.Funding.constant(rate, hours, run.start_ms, run.end_ms)
    return (assumed,) * len(run.symbols)


def _of_plan(issue: engine.Issue) -> Issue:
    """Say an issue of the engine's plan with the path of the request's field."""
    # The wire models are for whom something went wrong: a step that runs a plan does without.
    from shared.requests import BacktestRequest
    from shared.terms import FUNDING_FORMS

    head = re.split(r"[.\[]", issue.path, maxsplit=1)[0]
    if head in ("start", "end"):
        path = f"{issue.path}_date"
    elif head in BacktestRequest.model_fields:
        path = issue.path
    else:
        path = f"strategy.{issue.path}"  # the document's own fields
    example = f"; {FUNDING_FORMS}" if path == "funding" else ""
    return Issue(path, issue.message + example, issue.value, issue.position)
