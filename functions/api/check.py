"""Whether a strategy could see the future on these candles, and whether its warm-up is long enough.

In this function for the reasons of `why`. It is about fifty runs that keep every operation's value at every
bar, so that bars, finer candles and values are bounded: 50,000 bars take a second or two, many symbols and
long rules more, and the HTTP API gives up after thirty.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared import access
from shared.candles import DatasetVersion
from shared.errors import InvalidInputError, Issue
from shared.requests import BacktestRequest
from shared.resolution import Resolution, resolve
from shared.resolved_run import engine_plan
from shared.responses_why import RunCheck
from shared.run_candles import all_bars, run_funding

MAX_BARS = 50_000
MAX_FINER_BARS = 1_000_000
"""48 MB, and as much again while they are joined."""
MAX_VALUES = 20_000_000
"""Bars × operations of the strategy: 160 MB, and as much again for the run that is compared."""


def check_request(owner: str, request: BacktestRequest) -> RunCheck:
    """Check what would be run. Raises InvalidInputError, also for more bars than one request can take."""
    import engine

    resolution = resolve(request, owner, access.datasets(), access.store(), access.strategies())
    run = resolution.run
    _refuse_what_is_too_much(request, resolution)
    bars, finer = all_bars(access.store(), run, [*resolution.versions, *resolution.finer])
    rates = run_funding(access.store(), run, [version.owner for version in resolution.funding])
    report = engine.check(engine_plan(run, rates), bars, finer=finer)
    return RunCheck.model_validate(report.to_dict())


def _refuse_what_is_too_much(request: BacktestRequest, resolution: Resolution) -> None:
    def count(versions: Sequence[DatasetVersion]) -> int:
        run = resolution.run
        return sum(version.count(run.warm_up_start_ms, run.end_ms) for version in versions)

    bars = count(resolution.versions)
    # Bars that are made are read as what they are made of.
    finer = count(resolution.finer) + count([v.source for v in resolution.versions if v.source])
    operations = len(resolution.strategy.graph.nodes)
    if bars > MAX_BARS:
        message = (
            f"the check reads at most {MAX_BARS:,} bars, warm-up and all symbols together; this is "
            f"{bars:,}: choose a shorter span, fewer symbols or a longer timeframe"
        )
        raise InvalidInputError([Issue("start_date", message, request.start_date)])
    if finer > MAX_FINER_BARS:
        message = (
            f"the check reads at most {MAX_FINER_BARS:,} finer candles, warm-up and all symbols together; "
            f"this is {finer:,}: choose a shorter span, fewer symbols or longer ones"
        )
        raise InvalidInputError([Issue("finer_timeframe", message, request.finer_timeframe)])
    if bars * operations > MAX_VALUES:
        message = (
            f"the check compares at most {MAX_VALUES:,} values; {operations:,} operations of the strategy at "
            f"{bars:,} bars are {bars * operations:,}: choose a shorter span or fewer symbols"
        )
        raise InvalidInputError([Issue("start_date", message, request.start_date)])
